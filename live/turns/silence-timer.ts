// Detects silence, with a single timer that is not set anew for every restart.

import type { Clock } from "../../audio/clock";

export class SilenceTimer {
  readonly #clock: Clock;
  readonly #silenceMs: number;
  readonly #onSilence: () => void;
  #lastAt = 0;
  #cancel: (() => void) | undefined;

  /** @param onSilence is called once, `silenceMs` milliseconds after the last restart */
  constructor(clock: Clock, silenceMs: number, onSilence: () => void) {
    this.#clock = clock;
    this.#silenceMs = silenceMs;
    this.#onSilence = onSilence;
  }

  /** Whether the timer is running. */
  get isRunning() {
    return this.#cancel !== undefined;
  }

  restart() {
    this.#lastAt = this.#clock.now();
    this.#cancel ??= this.#clock.after(this.#silenceMs, () => this.#check());
  }

  cancel() {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #check() {
    const restMs = this.#lastAt + this.#silenceMs - this.#clock.now();
    this.#cancel = restMs > 0 ? this.#clock.after(restMs, () => this.#check()) : undefined;
    if (!this.#cancel) this.#onSilence();
  }
}
