// Timers that end together.

import type { Clock } from "../../audio/clock";

/** A clock for one connection: its timers can be taken back all at once. */
export class ConnectionTimers implements Clock {
  readonly #clock: Clock;
  readonly #call: (callback: () => void) => void;
  readonly #waiting = new Set<() => void>();
  #ended = false;

  /** @param call calls a timer's callback */
  constructor(clock: Clock, call: (callback: () => void) => void) {
    this.#clock = clock;
    this.#call = call;
  }

  now() {
    return this.#clock.now();
  }

  date() {
    return this.#clock.date();
  }

  after(ms: number, callback: () => void) {
    if (this.#ended) return () => {};
    const cancel = this.#clock.after(ms, () => {
      this.#waiting.delete(cancel);
      this.#call(callback);
    });
    this.#waiting.add(cancel);
    return () => {
      this.#waiting.delete(cancel);
      cancel();
    };
  }

  /** Takes back all timers, and starts none any more. */
  end() {
    this.#ended = true;
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }
}
