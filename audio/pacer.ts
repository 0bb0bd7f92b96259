// One timer for everything that is paced in real time.

import { type Clock, systemClock } from "./clock";

const tickMs = 10;

/** The timer that playbacks share. It runs only while one of them waits. */
export class Pacer {
  readonly clock: Clock;
  readonly #runs = new Set<() => void>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  /** Calls `run` about every 10 ms until it is deleted. */
  add(run: () => void): void {
    this.#runs.add(run);
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
    // Ticks lie on multiples of 10 ms, so that delays do not add up.
    this.#cancel = this.clock.after(tickMs - (this.clock.now() % tickMs), () => {
      this.#arm(); // First, so that a callback that throws stops no other playback.
      for (const run of this.#runs) run();
    });
  }
}
