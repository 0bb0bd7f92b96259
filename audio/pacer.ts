// One timer for everything that is paced in real time.

import { type Clock, systemClock } from "./clock";

const tickMs = 5;

/** The timer that playbacks share. It runs only while one of them waits. */
export class Pacer {
  readonly clock: Clock;
  /** When each is due, by the clock. */
  readonly #runs = new Map<() => void, number>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  /** Calls `run` within 5 ms after `at`, and then about every 5 ms until it is added for another time or deleted. */
  add(run: () => void, at: number): void {
    this.#runs.set(run, at);
    if (!this.#cancel) this.#arm();
  }

  /** Stops the calls of `run`, and the timer with the last one. */
  delete(run: () => void): void {
    this.#runs.delete(run);
    if (this.#runs.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm() {
    // Ticks lie on multiples of 5 ms, so that delays do not add up.
    this.#cancel = this.clock.after(tickMs - (this.clock.now() % tickMs), () => {
      this.#arm(); // First, so that a callback that throws stops no other playback.
      const now = this.clock.now();
      for (const [run, at] of this.#runs) if (at <= now) run();
    });
  }
}
