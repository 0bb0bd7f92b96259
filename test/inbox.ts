// Collects what arrives, in order, and waits for what is still to come.

import { inspect } from "node:util";
import { cleanUp } from "./clean-up";

/** How long a test waits for one thing, in real time: less than mocha's timeout, which cannot say what was missing. */
export const DEADLINE_MS = 30_000;

export class Inbox<T> {
  readonly items: T[] = [];
  #read = 0;
  #look: (() => void) | undefined;

  /** Usable as a callback. */
  readonly push = (item: T) => {
    this.items.push(item);
    this.#look?.();
  };

  /**
   * Returns the next item that is `wanted` after the one that was returned last; waits for it. Only one caller can wait at a time.
   * Rejects when none has come within DEADLINE_MS.
   * @param what names the item in that error
   */
  next(wanted: (item: T) => boolean = () => true, what = String(wanted)): Promise<T> {
    const error = new Error();
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        error.message = `Nothing came in ${DEADLINE_MS / 1_000} s that is ${what}; ${this.items.length} others, the last: ${inspect(this.items.at(-1))}`;
        reject(error);
      }, DEADLINE_MS);
      cleanUp(() => clearTimeout(deadline));
      this.#look = () => {
        while (this.#read < this.items.length) {
          const item = this.items[this.#read++]!;
          if (!wanted(item)) continue;
          this.#look = undefined;
          clearTimeout(deadline);
          return resolve(item);
        }
      };
      this.#look();
    });
  }
}

/** A promise and the function that fulfils it. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
