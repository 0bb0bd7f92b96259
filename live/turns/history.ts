// The history of a conversation: assembles fragments of transcripts into whole turns, and keeps them for a restart with context.

import type { HistoryTurn } from "../input/input";

/** Maximum length of the history, and of what one side says without an end of its turn, in characters: about 5,000 tokens. */
const MAX_CHARACTERS = 20_000;

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
  keep({ role, text }: HistoryTurn) {
    const turn = { role, text: text.slice(-MAX_CHARACTERS) };
    this.#turns.push(turn);
    this.#characters += turn.text.length;
    while (this.#characters > MAX_CHARACTERS && this.#turns.length > 1)
      this.#characters -= this.#turns.shift()!.text.length;
  }

  /** The oldest first. */
  get turns(): readonly HistoryTurn[] {
    return this.#turns;
  }
}
