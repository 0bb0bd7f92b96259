// What a conversation tells of its connection: the states that users know, each try to connect, and how long the pauses were.

import type { Clock } from "../../audio/clock";
import type { ConversationEvent, State } from "../events";
import type { Try } from "./connection";

export class ConnectionStatus {
  readonly #clock: Clock;
  readonly #emit: (event: ConversationEvent) => void;
  #state: State = "disconnected";
  /** Since when there is no connection, in clock time, and how often one was tried. */
  #away: { since: number; attempts: number } | undefined;

  constructor(clock: Clock, emit: (event: ConversationEvent) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  get state() {
    return this.#state;
  }

  onTry({ attempt, of, waitMs, cause }: Try) {
    if (this.#away) this.#away.attempts = attempt;
    this.#state = "connecting";
    this.#emit({ type: "state", state: "connecting", cause, attempt: { attempt, of, waitMs } });
  }

  onLost() {
    this.#away = { since: this.#clock.now(), attempts: 0 };
  }

  /** @param resumed whether the server knows what was said before */
  onOpen(resumed: boolean) {
    const { since = this.#clock.now(), attempts = 1 } = this.#away ?? {};
    const pauseMs = Math.round(this.#clock.now() - since);
    this.set("connected");
    if (this.#away || resumed) this.#emit({ type: "resumed", remembered: resumed, pauseMs, attempts });
    if (this.#away) this.#emit({ type: "gap", pauseMs, lostSoundMs: 0 });
    this.#away = undefined;
  }

  onClosed(cause?: string) {
    this.#away = undefined;
    this.set("closed", cause);
  }

  set(state: State, cause?: string) {
    if (state === this.#state) return;
    this.#state = state;
    this.#emit({ type: "state", state, cause, attempt: undefined });
  }
}
