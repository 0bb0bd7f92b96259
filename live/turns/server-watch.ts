// Detects that the server sends nothing although it should: a stall, or a stop that it does not confirm.

import type { Clock } from "../../audio/clock";
import { awaitsServer } from "../state/state";
import type { StateStore } from "../state/store";

/** Milliseconds without a frame after which a stop counts as done without the server's confirmation (docs/live-api.md 2). */
const STOP_TIMEOUT_MS = 3_000;

export class ServerWatch {
  readonly #clock: Clock;
  readonly #state: StateStore;
  readonly #stallTimeoutMs: number;
  #silentSince = 0;
  /** Clock time at which the sound of the answer has been played: until then, the server may send nothing. */
  #playedAt = 0;

  /** @param stallTimeoutMs milliseconds without a frame while the server should send something; 0: stalls are not detected */
  constructor(clock: Clock, state: StateStore, stallTimeoutMs: number) {
    this.#clock = clock;
    this.#state = state;
    this.#stallTimeoutMs = stallTimeoutMs;
  }

  /** Restarts the timeouts: the server has sent a frame, or has got something to answer. */
  restart() {
    this.#silentSince = this.#clock.now();
  }

  /** Milliseconds of sound of an answer have come. The server sends the end of the turn after the time that it takes to play (docs/live-api.md 1.5). */
  onAudio(ms: number) {
    this.#playedAt = Math.max(this.#playedAt, this.#clock.now()) + ms;
  }

  /**
   * Checks the timeouts. Call it about once a second.
   * @returns milliseconds for which the server has stalled; undefined: it has not
   */
  check(): number | undefined {
    const ms = this.#clock.now() - this.#silentSince;
    if (ms >= STOP_TIMEOUT_MS) this.#state.apply({ type: "stopTimedOut" });
    const { current } = this.#state;
    if (!this.#stallTimeoutMs || current.connection !== "connected" || !awaitsServer(current))
      return undefined;
    const waitedMs = current.answer === "playing" ? Math.min(ms, this.#clock.now() - this.#playedAt) : ms;
    return waitedMs >= this.#stallTimeoutMs ? Math.round(waitedMs) : undefined;
  }
}
