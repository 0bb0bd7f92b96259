// Whether Redis does what it is asked.

import type { Clock } from "../../audio/clock";

/** Milliseconds without a failure after which Redis counts as well again. */
const QUIET_MS = 3_000;

/** Tells the first failure at once, and once for all that follow it: of a Redis that is slow, or that refuses only some steps, most succeed. */
export class Health {
  readonly #clock: Clock;
  readonly #onHealth: (error: Error | undefined) => void;
  #since: number | undefined;
  #last = 0;

  constructor(clock: Clock, onHealth: (error: Error | undefined) => void) {
    this.#clock = clock;
    this.#onHealth = onHealth;
  }

  /** Clock time in milliseconds since which Redis fails; undefined: it is well. */
  get failsSince() {
    return this.#since;
  }

  /** The answer of Redis, whose outcome it notes. */
  async of<T>(answer: Promise<T>): Promise<T> {
    try {
      const reply = await answer;
      if (this.#since !== undefined && this.#clock.now() - this.#last >= QUIET_MS) {
        this.#since = undefined;
        this.#onHealth(undefined);
      }
      return reply;
    } catch (error) {
      this.failed(error as Error);
      throw error;
    }
  }

  /** Redis has failed to do something. */
  failed(error: Error) {
    this.#last = this.#clock.now();
    if (this.#since !== undefined) return;
    this.#since = this.#last;
    this.#onHealth(error);
  }
}
