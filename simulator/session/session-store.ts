// All sessions of a simulator: the open ones, and the last 500 that have ended.

import { Session } from "./session";

const MAX_ENDED = 500;

/** Sessions in the order in which they began. */
export class SessionStore {
  readonly all: Session[] = [];
  readonly #handlesMs: number;

  /** @param handlesMs how long a resumption handle stays valid after its session ended */
  constructor(handlesMs: number) {
    this.#handlesMs = handlesMs;
  }

  /** Begins a session. Drops the oldest ended ones beyond 500; there are several when many were open at once. */
  begin(): Session {
    const ended = this.all.filter(({ open }) => !open);
    for (const session of ended.slice(0, Math.max(0, ended.length - MAX_ENDED + 1)))
      this.all.splice(this.all.indexOf(session), 1);
    const session = new Session();
    this.all.push(session);
    return session;
  }

  /** The session for which a handle is valid. */
  find(handle: string, now: number): Session | undefined {
    return this.all.find((session) => session.answersTo(handle, now, this.#handlesMs));
  }
}
