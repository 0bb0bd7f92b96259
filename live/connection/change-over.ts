// Plans the change-over to another connection: at an idle moment, or at the deadline if there is none.

import type { Clock } from "../../audio/clock";
import type { StateStore } from "../state/store";

/** Milliseconds before the end of a connection at which the change-over comes at the latest; half of the time that is left if that is less. */
const MARGIN_MS = 5_000;

export class ChangeOverPlan {
  readonly #clock: Clock;
  readonly #state: StateStore;
  readonly #changeOver: (cause: string) => void;
  #deadline = Number.POSITIVE_INFINITY;
  #cancelTimers: (() => void)[] = [];

  constructor(clock: Clock, state: StateStore, changeOver: (cause: string) => void) {
    this.#clock = clock;
    this.#state = state;
    this.#changeOver = changeOver;
    state.onChange((_before, { connection }) => {
      if (connection !== "connected") this.#cancel();
    });
  }

  /** Plans a change-over before the connection ends in `endsInMs`. If several ends are announced, the earliest counts.
   * @param stableInMs milliseconds until the connection counts as stable: not changed over before
   * @param idleWindowMs milliseconds before the end in which the first idle moment is used */
  plan(cause: string, endsInMs: number, stableInMs: number, idleWindowMs = Number.POSITIVE_INFINITY) {
    const latestMs = endsInMs - Math.min(MARGIN_MS, endsInMs / 2);
    if (latestMs < stableInMs) return;
    const deadline = this.#clock.now() + latestMs;
    if (deadline >= this.#deadline) return;
    this.#cancel();
    this.#deadline = deadline;
    const atIdle = () => {
      this.#state.apply({ type: "changeOverPlanned", cause });
      this.#state.idleAgain();
    };
    this.#cancelTimers = [this.#clock.after(latestMs, () => this.#changeOver(cause))];
    const idleFromMs = Math.max(stableInMs, endsInMs - idleWindowMs);
    if (idleFromMs > 0) this.#cancelTimers.push(this.#clock.after(idleFromMs, atIdle));
    else atIdle();
  }

  #cancel() {
    this.#deadline = Number.POSITIVE_INFINITY;
    for (const cancel of this.#cancelTimers.splice(0)) cancel();
  }
}
