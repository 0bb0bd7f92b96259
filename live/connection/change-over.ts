// Plans the change-over to another connection: at the next idle moment, or at a deadline although nothing was idle.

import type { Clock } from "../../audio/clock";
import type { StateStore } from "../state/store";

/** Milliseconds before the end of a connection at which it is changed over at the latest, or half of a shorter time. */
const MARGIN_MS = 5_000;

export class ChangeOverPlan {
  readonly #clock: Clock;
  readonly #state: StateStore;
  readonly #changeOver: (cause: string) => void;
  #deadline = Number.POSITIVE_INFINITY;
  #cancelDeadline: (() => void) | undefined;

  constructor(clock: Clock, state: StateStore, changeOver: (cause: string) => void) {
    this.#clock = clock;
    this.#state = state;
    this.#changeOver = changeOver;
  }

  /** The connection ends in `endsInMs`: it is changed over before. Of several ends, the earliest counts. */
  plan(cause: string, endsInMs: number) {
    const latestMs = endsInMs - Math.min(MARGIN_MS, endsInMs / 2);
    const deadline = this.#clock.now() + latestMs;
    if (deadline < this.#deadline) {
      this.cancel();
      this.#deadline = deadline;
      this.#cancelDeadline = this.#clock.after(latestMs, () => this.#changeOver(cause));
    }
    this.#state.apply({ type: "changeOverPlanned", cause });
  }

  /** The connection that was to be replaced is gone. */
  cancel() {
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }
}
