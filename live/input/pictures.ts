// Lets at most one picture a second through: within a second the newest waits, the others are left out.

import type { Clock } from "../../audio/clock";
import type { Done, Input } from "./queue";

/** Milliseconds; the server takes one picture a second (docs/live-api.md 1.7). */
const INTERVAL_MS = 1_000;

export class Pictures {
  readonly #clock: Clock;
  readonly #transmit: (picture: Input, done: Done) => void;
  #lastSentAt = Number.NEGATIVE_INFINITY;
  #held: { picture: Input; done: Done; cancel(): void } | undefined;

  constructor(clock: Clock, transmit: (picture: Input, done: Done) => void) {
    this.#clock = clock;
    this.#transmit = transmit;
  }

  /** Sends the picture now or when the second is over; one that is left out for a newer one is done without an error. */
  send(picture: Input, done: Done) {
    this.take()?.done();
    const wait = this.#lastSentAt + INTERVAL_MS - this.#clock.now();
    if (wait > 0) {
      const cancel = this.#clock.after(wait, () => {
        this.#held = undefined;
        this.send(picture, done);
      });
      this.#held = { picture, done, cancel };
      return;
    }
    this.#lastSentAt = this.#clock.now();
    this.#transmit(picture, done);
  }

  /** Takes the picture that waits out, if there is one. */
  take(): { picture: Input; done: Done } | undefined {
    const held = this.#held;
    held?.cancel();
    this.#held = undefined;
    return held;
  }
}
