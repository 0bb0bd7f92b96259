// Limits how much arrives in a time, with room for a burst after the network has stalled.

import type { Clock } from "../../audio/clock";

export class Allowance {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #perMs: number;
  #left: number;
  #at: number;

  /** @param most that may arrive at once @param perMs what is added in a millisecond, up to `most` */
  constructor(clock: Clock, most: number, perMs: number) {
    this.#clock = clock;
    this.#most = most;
    this.#perMs = perMs;
    this.#left = most;
    this.#at = clock.now();
  }

  /** @returns false when `amount` is more than what is left */
  take(amount: number): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#perMs) - amount;
    this.#at = now;
    return this.#left >= 0;
  }
}
