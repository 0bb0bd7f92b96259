// Reports changes of the connection: its visible state, each attempt to connect, and the length of interruptions.

import type { Clock } from "../../audio/clock";
import { LiveError, reasonOf } from "../server/errors";
import { visibleState } from "../state/state";
import type { StateStore } from "../state/store";
import type { Cause, Remembered } from "./connection";
import type { Attempt, ConnectionEvent } from "./connection-events";

export class ConnectionReport {
  readonly #clock: Clock;
  readonly #state: StateStore;
  readonly #emit: (event: ConnectionEvent) => void;
  /** Clock time at which the connection was lost, and the number of attempts since. */
  #away: { since: number; attempts: number; isElsewhere: boolean } | undefined;

  constructor(clock: Clock, state: StateStore, emit: (event: ConnectionEvent) => void) {
    this.#clock = clock;
    this.#state = state;
    this.#emit = emit;
    state.onChange((before, after, event) => {
      const visible = visibleState(after);
      // Each attempt to connect is reported with its own cause: see onAttempt.
      if (visible === visibleState(before) || visible === "connecting") return;
      const cause = event.type === "closed" ? event.cause : undefined;
      const sessionId = event.type === "connected" ? event.sessionId : undefined;
      emit({
        type: "state",
        state: visible,
        ...describe(cause),
        attempt: undefined,
        ...(sessionId && { sessionId }),
      });
    });
  }

  onAttempt(attempt: Attempt, cause: Cause) {
    if (this.#away && attempt.waitMs === 0) this.#away.attempts += 1;
    this.#emit({ type: "state", state: "connecting", ...describe(cause), attempt });
  }

  /** The server announces the end of the connection. Returns the milliseconds until then. */
  onGoAway(timeLeft = ""): number {
    this.#emit({ type: "goAway", timeLeft });
    return Math.max(0, 1000 * (Number.parseFloat(timeLeft) || 0));
  }

  onLost() {
    this.#away = { since: this.#clock.now(), attempts: 0, isElsewhere: false };
  }

  /** The connection of another process is lost. @param agoMs milliseconds since then */
  onLostElsewhere(agoMs: number) {
    this.#away = { since: this.#clock.now() - agoMs, attempts: 0, isElsewhere: true };
  }

  onOpen(remembered: Remembered) {
    const { since = this.#clock.now(), attempts = 1, isElsewhere = false } = this.#away ?? {};
    const pauseMs = Math.round(this.#clock.now() - since);
    // A call that is not remembered is reported as lost.
    const calls = isElsewhere && remembered ? this.#state.current.calls : [];
    if (this.#away || remembered)
      this.#emit({ type: "resumed", remembered, pauseMs, attempts, ...(calls.length && { calls }) });
    if (this.#away) this.#emit({ type: "gap", pauseMs, lostSoundMs: 0 });
    this.#away = undefined;
  }

  onClosed() {
    this.#away = undefined;
  }
}

const describe = (cause: Cause) => ({
  cause: cause instanceof Error ? reasonOf(cause) : cause,
  ...(cause instanceof LiveError && { code: cause.code }),
});
