// What was said in a conversation: fragments of transcription, assembled into whole turns, and kept for a restart with context.

import type { Utterance } from "../input/input";

/** Characters that are kept: about 5,000 tokens. */
const MAX_CHARACTERS = 20_000;

export class Transcript {
  #open: Record<Utterance["role"], string> = { user: "", model: "" };
  #history: Utterance[] = [];
  #characters = 0;

  /** Adds a fragment to what `role` says in the present turn. */
  add(role: Utterance["role"], fragment: string) {
    this.#open[role] += fragment;
  }

  /** Ends what one side says in the present turn. Returns it; undefined: that side said nothing. */
  end(role: Utterance["role"]): Utterance | undefined {
    const text = this.#open[role].trim();
    this.#open[role] = "";
    if (!text) return undefined;
    const utterance = { role, text };
    this.keep(utterance);
    return utterance;
  }

  /** Keeps what was not spoken but is part of the conversation; the oldest drops out when there is too much. */
  keep(utterance: Utterance) {
    this.#history.push(utterance);
    this.#characters += utterance.text.length;
    while (this.#characters > MAX_CHARACTERS && this.#history.length > 1)
      this.#characters -= this.#history.shift()!.text.length;
  }

  /** The conversation so far, the oldest first. */
  get history(): readonly Utterance[] {
    return this.#history;
  }
}
