// The timers of one connection, which all end with it.

import type { Clock } from "../../audio/clock";

/** A clock whose timers can be cancelled all at once. */
export class ConnectionTimers implements Clock {
  readonly #clock: Clock;
  readonly #call: (callback: () => void) => void;
  readonly #waiting = new Set<() => void>();
  #ended = false;

  /** @param call runs the callback of a timer */
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

  /** Cancels all timers. From then on {@link after} does nothing. */
  end() {
    this.#ended = true;
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }
}
