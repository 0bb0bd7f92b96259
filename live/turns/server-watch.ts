// Notices when the server sends nothing although it should: a stall, and a stop that it never confirms.

import type { Clock } from "../../audio/clock";
import { awaitsServer } from "../state/state";
import type { StateStore } from "../state/store";

/** Milliseconds without a frame after which a stop counts as done, although the server has not said so (docs/live-api.md 2). */
const STOP_TIMEOUT_MS = 3_000;

export class ServerWatch {
  readonly #clock: Clock;
  readonly #state: StateStore;
  readonly #stallTimeoutMs: number;
  readonly #onStall: (ms: number) => void;
  #silentSince = 0;
  /** Clock time at which the sound of the answer has been played: until then the server may wait. */
  #playedAt = 0;

  /** @param stallTimeoutMs without a frame while the server should send something; 0: there are no stalls */
  constructor(clock: Clock, state: StateStore, stallTimeoutMs: number, onStall: (ms: number) => void) {
    this.#clock = clock;
    this.#state = state;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#onStall = onStall;
  }

  /** The server sent a frame, or was sent something to answer. */
  restart() {
    this.#silentSince = this.#clock.now();
  }

  /** Sound of an answer came, which takes `ms` milliseconds to play. The end of its turn comes after that (docs/live-api.md 1.5). */
  onAudio(ms: number) {
    this.#playedAt = Math.max(this.#playedAt, this.#clock.now()) + ms;
  }

  /** Looks at the time; to be called about once a second. */
  check() {
    const ms = this.#clock.now() - this.#silentSince;
    if (ms >= STOP_TIMEOUT_MS) this.#state.apply({ type: "stopTimedOut" });
    const { current } = this.#state;
    if (current.connection !== "connected" || !awaitsServer(current)) return;
    const waitedMs = current.answer === "playing" ? Math.min(ms, this.#clock.now() - this.#playedAt) : ms;
    if (this.#stallTimeoutMs && waitedMs >= this.#stallTimeoutMs) this.#onStall(Math.round(waitedMs));
  }
}
