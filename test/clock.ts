// A clock that stands still until the test moves it.

import type { Clock } from "../audio/clock";
import { DEADLINE_MS } from "./inbox";

/** Milliseconds since 1970 at which every test begins. */
const BEGIN = Date.UTC(2026, 10, 22, 9, 30);

export class TestClock implements Clock {
  #now: number;
  readonly #begin: number;
  #timers = new Set<{ at: number; callback: () => void }>();

  /** @param uptimeMs for which its process runs already: by that, now() differs from that of other processes */
  constructor(uptimeMs = 0) {
    this.#now = uptimeMs;
    this.#begin = BEGIN - uptimeMs;
  }

  now() {
    return this.#now;
  }

  date() {
    return this.#begin + this.#now;
  }

  after(ms: number, callback: () => void) {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How many timers wait: what is left when everything was let go must be 0. */
  get waiting() {
    return this.#timers.size;
  }

  /** Moves the time on by `ms`, calling every timer that comes due at its own moment, in order. */
  advance(ms: number) {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }

  /** Lets `ms` pass in which the process does nothing: what came due meanwhile is called late, and once. */
  stall(ms: number) {
    this.#now += ms;
    this.advance(0);
  }

  /**
   * Lets time pass, about twenty times as fast as real time, until `work` is settled: sockets are real and take real time.
   * Rejects when that takes longer than a test may wait.
   */
  async during<T>(work: Promise<T>): Promise<T> {
    const error = new Error();
    const begin = this.#now;
    const deadline = performance.now() + DEADLINE_MS + 1_000;
    let running = true;
    const stop = () => {
      running = false;
    };
    work.then(stop, stop);
    while (running) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (performance.now() > deadline) {
        error.message = `Not done after ${DEADLINE_MS / 1_000} s, ${this.#now - begin} ms on the test's clock`;
        throw error;
      }
      if (running) this.advance(20);
    }
    return work;
  }
}
