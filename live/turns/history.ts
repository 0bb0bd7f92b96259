// What was said in a conversation: fragments of transcription, assembled into whole turns, and kept for a restart with context.

import type { HistoryTurn } from "../input/input";

/** Characters that are kept: about 5,000 tokens. */
const MAX_CHARACTERS = 20_000;

export class History {
  #open: Record<HistoryTurn["role"], string> = { user: "", model: "" };
  #turns: HistoryTurn[] = [];
  #characters = 0;

  /** Adds a fragment to what `role` says in the present turn. */
  add(role: HistoryTurn["role"], fragment: string) {
    this.#open[role] += fragment;
  }

  /** Ends what one side says in the present turn. Returns it; undefined: that side said nothing. */
  end(role: HistoryTurn["role"]): HistoryTurn | undefined {
    const text = this.#open[role].trim();
    this.#open[role] = "";
    if (!text) return undefined;
    const turn = { role, text };
    this.keep(turn);
    return turn;
  }

  /** Keeps what was not spoken but is part of the conversation; the oldest drops out when there is too much. */
  keep(turn: HistoryTurn) {
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
