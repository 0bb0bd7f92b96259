// Texts that wait until the conversation is idle.

import { InputError } from "../server/errors";
import { type Done, lengthOf, MAX_WAITING_LENGTH, noDone, type Text, type Waiting } from "./input";

/** Maximum number of waiting texts. */
const MAX_TEXTS = 100;

export class IdleTexts {
  #waiting: Waiting<Text>[] = [];

  add(input: Text, done: Done) {
    const length = this.#waiting.reduce((sum, waiting) => sum + lengthOf(waiting.input), lengthOf(input));
    const isTooLong = this.#waiting.length > 0 && length > MAX_WAITING_LENGTH;
    if (this.#waiting.length < MAX_TEXTS && !isTooLong) this.#waiting.push({ input, done });
    else
      done(
        new InputError(
          `${isTooLong ? "Texts and images of 16 MB" : `${MAX_TEXTS} texts`} already wait until the conversation is idle. Send this one again later.`,
          "GEMINI_QUEUE_FULL",
        ),
      );
  }

  get texts(): readonly Text[] {
    return this.#waiting.map(({ input }) => input);
  }

  /** Adds texts that another process has left, before those that wait. */
  putBack(texts: readonly Text[]) {
    this.#waiting.unshift(...texts.map((input) => ({ input, done: noDone })));
  }

  /** Takes the oldest. */
  take(): Waiting<Text> | undefined {
    return this.#waiting.shift();
  }

  /** Rejects all of them. Returns how many there were. */
  fail(error: Error): number {
    const rejected = this.#waiting.splice(0);
    for (const { done } of rejected) done(error);
    return rejected.length;
  }
}
