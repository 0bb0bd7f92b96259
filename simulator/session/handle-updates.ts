// Sends the sessionResumptionUpdates of a connection: new resumption handles, and notices that a resume is not possible now.

import type { Clock } from "../../audio/clock";
import type { Handles } from "../protocol/models";

/** From setupComplete to the first handle, in ms; measured on gemini-3.8-live (docs/live-api.md 1.5). */
const FIRST_MS = 118;
/** The same on a connection that resumed a session. */
const FIRST_RESUMED_MS = 1;
/** Interval between handles in ms, on models that send more than one; measured on 3.1. */
const INTERVAL_MS = 1200;

/** What the updates need from their connection. */
export interface Resumable {
  clock: Clock;
  /** Sends a frame. */
  send(frame: object): void;
  newHandle(): string;
  /** Whether the model neither answers nor waits for a tool response. */
  idle(): boolean;
}

/** The updates of one connection. */
export class HandleUpdates {
  readonly #often: boolean;
  readonly #connection: Resumable;
  #resumable = false;

  constructor(handles: Handles, connection: Resumable) {
    this.#often = handles === "often";
    this.#connection = connection;
  }

  /** Starts after setupComplete. @param resumed whether the connection resumed a session */
  begin(resumed: boolean) {
    this.#connection.clock.after(resumed ? FIRST_RESUMED_MS : FIRST_MS, () => this.#next());
  }

  /** The model starts an answer: a resume is not possible until the next handle. */
  turnBegins() {
    if (this.#often) this.#send(false);
  }

  #next() {
    this.#send(!this.#often || this.#connection.idle());
    if (this.#often) this.#connection.clock.after(INTERVAL_MS, () => this.#next());
  }

  #send(resumable: boolean) {
    if (resumable || this.#resumable) {
      const newHandle = resumable ? this.#connection.newHandle() : "";
      this.#connection.send({ sessionResumptionUpdate: { newHandle, resumable } });
    }
    this.#resumable = resumable;
  }
}
