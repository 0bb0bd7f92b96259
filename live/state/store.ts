// Holds the state of a conversation, applies events to it, and reports two things: every change, and that the conversation became
// idle.

import { type ConversationState, INITIAL, isIdle, type StateEvent, transition } from "./state";

export class StateStore {
  readonly #onChange: (before: ConversationState, after: ConversationState, event: StateEvent) => void;
  readonly #onIdle: () => void;
  #state = INITIAL;
  #depth = 0;
  #becameIdle = false;

  /** @param onIdle is called once for each time that the conversation becomes idle, after the event or batch that made it so */
  constructor(
    onChange: (before: ConversationState, after: ConversationState, event: StateEvent) => void,
    onIdle: () => void,
  ) {
    this.#onChange = onChange;
    this.#onIdle = onIdle;
  }

  get current(): ConversationState {
    return this.#state;
  }

  apply(event: StateEvent) {
    this.batch(() => {
      const before = this.#state;
      this.#state = transition(before, event);
      if (isIdle(before) !== isIdle(this.#state)) this.#becameIdle = isIdle(this.#state);
      this.#onChange(before, this.#state, event);
    });
  }

  /** Something new is to be done on idle: a conversation that is idle already counts as having become idle. */
  idleAgain() {
    this.batch(() => {
      this.#becameIdle = isIdle(this.#state);
    });
  }

  /** Does work that applies several events, such as one frame of the server; only what is idle at its end counts as idle. */
  batch(work: () => void) {
    this.#depth += 1;
    try {
      work();
      while (this.#depth === 1 && this.#becameIdle) {
        this.#becameIdle = false;
        this.#onIdle();
      }
    } finally {
      this.#depth -= 1;
    }
  }
}
