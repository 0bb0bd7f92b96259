// Sends at most one image a second: within a second the newest waits, and the others are dropped.

import type { Clock } from "../../audio/clock";
import type { Done, Image, Waiting } from "./input";

/** Milliseconds; the server takes one image a second (docs/live-api.md 1.7). */
const INTERVAL_MS = 1_000;

export class ImageRate {
  readonly #clock: Clock;
  readonly #transmit: (image: Image, done: Done) => void;
  #lastSentAt = Number.NEGATIVE_INFINITY;
  #held: (Waiting<Image> & { cancel(): void }) | undefined;

  constructor(clock: Clock, transmit: (image: Image, done: Done) => void) {
    this.#clock = clock;
    this.#transmit = transmit;
  }

  /** Sends the image now, or when the second is over. If a newer image replaces it, `done` gets no error. */
  send(input: Image, done: Done) {
    this.take()?.done();
    const wait = this.#lastSentAt + INTERVAL_MS - this.#clock.now();
    if (wait > 0) {
      const cancel = this.#clock.after(wait, () => {
        this.#held = undefined;
        this.send(input, done);
      });
      this.#held = { input, done, cancel };
      return;
    }
    this.#lastSentAt = this.#clock.now();
    this.#transmit(input, done);
  }

  /** Removes and returns the waiting image, if there is one. */
  take(): Waiting<Image> | undefined {
    const held = this.#held;
    held?.cancel();
    this.#held = undefined;
    return held;
  }
}
