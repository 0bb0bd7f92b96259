// Holds the state of a conversation, applies events to it, and reports two things: every change, and that the conversation became
// idle.

import { type ConversationState, INITIAL, isIdle, type StateEvent } from "./state";
import { transition } from "./transition";

type ChangeListener = (before: ConversationState, after: ConversationState, event: StateEvent) => void;

export class StateStore {
  readonly #changeListeners: ChangeListener[] = [];
  #idleListener = () => {};
  #state = INITIAL;
  #depth = 0;
  #becameIdle = false;

  get current(): ConversationState {
    return this.#state;
  }

  /** Calls `listener` after each event that changes something. */
  onChange(listener: ChangeListener) {
    this.#changeListeners.push(listener);
  }

  /** Calls `listener` once for each time that the conversation becomes idle, after the event or batch that made it so. */
  onIdle(listener: () => void) {
    this.#idleListener = listener;
  }

  apply(event: StateEvent) {
    this.batch(() => {
      const before = this.#state;
      this.#state = transition(before, event);
      const after = this.#state;
      if (after === before) return;
      // The end of a turn counts too: a turn may end without ever having been busy.
      if (isIdle(before) !== isIdle(after) || after.turn > before.turn) this.#becameIdle = isIdle(after);
      for (const listener of this.#changeListeners) listener(before, after, event);
    });
  }

  /** Reports idle again if the conversation is idle now, because there is something new to do on idle. */
  idleAgain() {
    this.batch(() => {
      this.#becameIdle = isIdle(this.#state);
    });
  }

  /** Runs `work`, which may apply several events, such as one frame of the server. Idle is reported only if the conversation is idle at its end. */
  batch(work: () => void) {
    this.#depth += 1;
    try {
      work();
      while (this.#depth === 1 && this.#becameIdle) {
        this.#becameIdle = false;
        this.#idleListener();
      }
    } finally {
      this.#depth -= 1;
    }
  }
}
