// Sends at most one picture a second: within a second the newest waits, and the others are dropped.

import type { Clock } from "../../audio/clock";
import type { Done, Picture, Waiting } from "./input";

/** Milliseconds; the server takes one picture a second (docs/live-api.md 1.7). */
const INTERVAL_MS = 1_000;

export class PictureRate {
  readonly #clock: Clock;
  readonly #transmit: (picture: Picture, done: Done) => void;
  #lastSentAt = Number.NEGATIVE_INFINITY;
  #held: (Waiting<Picture> & { cancel(): void }) | undefined;

  constructor(clock: Clock, transmit: (picture: Picture, done: Done) => void) {
    this.#clock = clock;
    this.#transmit = transmit;
  }

  /** Sends the picture now, or when the second is over. If a newer picture replaces it, `done` gets no error. */
  send(input: Picture, done: Done) {
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

  /** Removes and returns the waiting picture, if there is one. */
  take(): Waiting<Picture> | undefined {
    const held = this.#held;
    held?.cancel();
    this.#held = undefined;
    return held;
  }
}
