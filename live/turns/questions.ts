// What the user has asked: the texts whose answer has not started, those that are sent again, and what the current answer is about.

import { lengthOf, MAX_WAITING_LENGTH, type Text } from "../input/input";

export class Questions {
  readonly #max: number;
  readonly #keep: (text: Text) => void;
  #unanswered: Text[] = [];
  /** Those that wait to be sent again. */
  readonly #returned = new Set<Text>();
  #asked: string[] = [];

  /**
   * @param max number of texts that are kept
   * @param keep is called with each text that is not sent again: it belongs to the history
   */
  constructor(max: number, keep: (text: Text) => void) {
    this.#max = max;
    this.#keep = keep;
  }

  /** Texts that were sent and whose answer has not started. */
  get unanswered(): readonly Text[] {
    return this.#unanswered;
  }

  /** Those, and the texts that wait to be sent again. */
  get open(): readonly Text[] {
    return [...this.#returned, ...this.#unanswered];
  }

  /** Those of them that were sent once at most. */
  get repeatable(): readonly Text[] {
    return [...this.#returned, ...this.#unanswered.filter(({ again }) => !again)];
  }

  /** Forgets all of them. */
  clear() {
    this.#unanswered = [];
    this.#returned.clear();
    this.#asked = [];
  }

  /** A text that needs an answer was sent. */
  add(text: Text) {
    this.#returned.delete(text);
    this.#unanswered.push(text);
    while (this.#unanswered.length > this.#max || this.#isTooLong) this.#settle(this.#unanswered.shift()!);
  }

  get #isTooLong() {
    const length = this.#unanswered.reduce((sum, text) => sum + lengthOf(text), 0);
    return this.#unanswered.length > 1 && length > MAX_WAITING_LENGTH;
  }

  /** The user has said something. */
  said(text: string) {
    this.#asked = [...this.#asked, text].slice(-this.#max);
  }

  /** The answer to all texts has started, or is not wanted any more: they are not sent again. */
  settle() {
    for (const text of this.#unanswered) this.#settle(text);
    this.#unanswered = [];
  }

  /** The texts that wait to be sent again will not be. */
  giveUp() {
    for (const text of this.#returned) this.#settle(text);
    this.#returned.clear();
  }

  /** The turn is over. Returns what it was about. */
  takeAsked(): readonly string[] {
    const asked = this.#asked;
    this.#asked = [];
    return asked;
  }

  /**
   * The connection is lost. Returns the texts to send again, which are those that were sent once; `unanswered` are then those that are lost.
   * @param continues whether any is sent again
   */
  giveBack(continues: boolean): Text[] {
    if (!continues) {
      this.#unanswered.unshift(...this.#returned);
      this.#returned.clear();
      return [];
    }
    const again = this.#unanswered.filter(({ again }) => !again);
    this.#unanswered = this.#unanswered.filter((text) => !again.includes(text));
    const returned = again.map((text) => ({ ...text, again: true as const }));
    for (const text of returned) this.#returned.add(text);
    return returned;
  }

  /** A prompt is nothing that the user has said. */
  #settle(text: Text) {
    this.#keep(text);
    if (text.text && !text.isPrompt) this.said(text.text);
  }
}
