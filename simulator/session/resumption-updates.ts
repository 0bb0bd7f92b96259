// Tells a client the handles by which it can resume its session, and when that is not possible.

import type { Clock } from "../../audio/clock";
import type { Handles } from "../protocol/models";

/** From setupComplete to the first handle in ms: measured on gemini-3.8-live (docs/live-api.md 1.5). */
const FIRST_MS = 118;
const FIRST_RESUMED_MS = 1;
/** From one handle to the next in ms, where there is more than one: measured on 3.1. */
const EVERY_MS = 1200;

/** What the updates are made of. */
export interface Resumable {
  clock: Clock;
  /** Sends a frame. */
  send(frame: object): void;
  newHandle(): string;
  /** Whether neither an answer is given nor a call runs. */
  idle(): boolean;
}

/** The updates of one connection. */
export class ResumptionUpdates {
  readonly #often: boolean;
  readonly #of: Resumable;
  #resumable = false;

  constructor(handles: Handles, of: Resumable) {
    this.#often = handles === "often";
    this.#of = of;
  }

  /** setupComplete was sent. */
  begin(resumed: boolean) {
    this.#of.clock.after(resumed ? FIRST_RESUMED_MS : FIRST_MS, () => this.#next());
  }

  /** The model begins to answer. */
  turnBegins() {
    if (this.#often) this.#tell(false);
  }

  #next() {
    this.#tell(!this.#often || this.#of.idle());
    if (this.#often) this.#of.clock.after(EVERY_MS, () => this.#next());
  }

  #tell(resumable: boolean) {
    if (resumable || this.#resumable) {
      const newHandle = resumable ? this.#of.newHandle() : "";
      this.#of.send({ sessionResumptionUpdate: { newHandle, resumable } });
    }
    this.#resumable = resumable;
  }
}
