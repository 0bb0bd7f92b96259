// The history of a conversation: assembles fragments of transcripts into whole turns, and keeps them for a restart with context.

import type { HistoryTurn, TurnPart } from "../input/input";

/** Maximum length of the history, and of what one side says without an end of its turn, in characters: about 5,000 tokens. */
const MAX_CHARACTERS = 20_000;
/** The length that an image counts for at least: about its 258 tokens. */
const IMAGE_CHARACTERS = 1_000;
/** A larger image counts for one character for so many bytes of its base64: images never take up more than 4 MB. */
const IMAGE_BYTES_PER_CHARACTER = 200;

export class History {
  #open: Record<HistoryTurn["role"], string> = { user: "", model: "" };
  #turns: HistoryTurn[] = [];
  #characters = 0;

  /** Adds a fragment to what `role` says in the current turn. Returns false at the maximum length: it must end now. */
  add(role: HistoryTurn["role"], fragment: string): boolean {
    this.#open[role] += fragment;
    return this.#open[role].length < MAX_CHARACTERS;
  }

  /** Ends what `role` says in the current turn, and keeps it, or what was `heard` of it. Returns the whole text; "": nothing was said. */
  end(role: HistoryTurn["role"], heard?: string): string {
    const text = this.#open[role].trim();
    this.#open[role] = "";
    const kept = heard ?? text;
    if (text && kept) this.keep({ role, text: kept });
    return text;
  }

  /** Adds a whole turn; drops the oldest beyond the maximum length, and the beginning of a turn that is longer. */
  keep(turn: HistoryTurn) {
    const kept = turn.parts ? turn : { role: turn.role, text: turn.text.slice(-MAX_CHARACTERS) };
    this.#turns.push(kept);
    this.#characters += lengthOf(kept);
    while (this.#characters > MAX_CHARACTERS && this.#turns.length > 1)
      this.#characters -= lengthOf(this.#turns.shift()!);
  }

  /** The oldest first. */
  get turns(): readonly HistoryTurn[] {
    return this.#turns;
  }
}

/** In characters. */
function lengthOf({ text, parts = [{ text }] }: HistoryTurn): number {
  return parts.reduce((sum, part) => sum + lengthOfPart(part), 0);
}

function lengthOfPart(part: TurnPart): number {
  if ("text" in part) return part.text.length;
  if ("inlineData" in part)
    return Math.max(IMAGE_CHARACTERS, part.inlineData.data.length / IMAGE_BYTES_PER_CHARACTER);
  return JSON.stringify(part).length;
}
