// What the server keeps of a conversation beyond its connection, and the handles by which another connection goes on with it.

import { randomUUID } from "node:crypto";
import type { ImageHeader } from "../input/image-header";
import type { Setup } from "../protocol/client-messages";
import { invalidArgument, invalidHandle, sessionNotFound } from "../protocol/refusals";
import { type ContextItem, ContextWindow, type SlidingWindow } from "./context-window";
import { FunctionCalls, type SimulatedCall } from "./function-calls";

/** Ended sessions that are kept, handles that a session keeps, and setups: the newest of each. */
const MOST_ENDED = 500;
const MOST_HANDLES = 100;
const MOST_SETUPS = 100;

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** What can be asked about a conversation. */
export interface SimulatedConversation {
  /** Whether it goes on: there is a connection. */
  readonly open: boolean;
  /** How many connections it had: the first, and those that resumed it. */
  readonly connections: number;
  /** The last setup that was accepted, names in camelCase. */
  readonly setup: Setup;
  /** All of them, the last 100 at most. */
  readonly setups: readonly Setup[];
  /** What the server remembers of it, in order. */
  readonly context: readonly ContextItem[];
  /** The functions that the model called, the last 500 at most. */
  readonly calls: readonly SimulatedCall[];
}

/** The connection that holds a session. */
export interface Holder {
  /** Whether neither side has begun to close it. */
  readonly alive: boolean;
  /** Lets the session go. */
  leave(): void;
}

/** One conversation, with all of its connections. */
export class Session implements SimulatedConversation {
  readonly memory = new ContextWindow();
  readonly toolCalls = new FunctionCalls();
  readonly setups: Setup[] = [];
  connections = 0;
  /** How many answers were begun. */
  answers = 0;
  /** How many pictures were seen, and the last of them until it was mentioned. */
  pictures = 0;
  newPicture?: ImageHeader;
  /** What the user wrote last in a clientContent. */
  question = "";
  /** How much was heard, in frames of the ear. */
  heard = 0;
  readonly #handles: string[] = [];
  #holder?: Holder;
  #endedAt = 0;
  #busyUntil = Number.NEGATIVE_INFINITY;

  get open() {
    return this.#holder !== undefined;
  }

  get setup() {
    return this.setups.at(-1)!;
  }

  get context() {
    return this.memory.items;
  }

  get calls() {
    return this.toolCalls.shown;
  }

  /** A connection takes the session over. */
  hold(holder: Holder, setup: Setup, window?: SlidingWindow) {
    // It may still be closing.
    this.#holder?.leave();
    this.#holder = holder;
    this.connections++;
    this.setups.push(setup);
    if (this.setups.length > MOST_SETUPS) this.setups.shift();
    this.memory.compress(window);
  }

  /** The connection is gone. @param busyUntil when the server notices, on its clock */
  left(now: number, busyUntil: number) {
    this.#holder = undefined;
    this.#endedAt = now;
    this.#busyUntil = busyUntil;
  }

  /** Whether it cannot be taken over yet. */
  busy(now: number) {
    return this.#holder?.alive || now < this.#busyUntil;
  }

  /** A new handle; those given before go on being valid. */
  newHandle() {
    const handle = randomUUID();
    this.#handles.push(handle);
    if (this.#handles.length > MOST_HANDLES) this.#handles.shift();
    return handle;
  }

  /** @param handlesMs how long a handle is valid after the last connection ended */
  answersTo(handle: string, now: number, handlesMs: number) {
    return this.#handles.includes(handle) && (this.open || now - this.#endedAt <= handlesMs);
  }
}

/** All sessions, from the oldest to the newest: those that are open, and the last 500 others. */
export class Sessions {
  readonly all: Session[] = [];
  readonly #handlesMs: number;

  /** @param handlesMs how long a handle is valid after its session ended */
  constructor(handlesMs: number) {
    this.#handlesMs = handlesMs;
  }

  /** A new one. */
  begin(): Session {
    const ended = this.all.filter(({ open }) => !open);
    if (ended.length >= MOST_ENDED) this.all.splice(this.all.indexOf(ended[0]!), 1);
    const session = new Session();
    this.all.push(session);
    return session;
  }

  /**
   * Finds the session that a setup wants to resume.
   * @throws Refusal when there is none, or its model is another
   */
  find(handle: string, model: string | undefined, now: number): Session {
    if (!uuid.test(handle)) throw invalidHandle();
    const session = this.all.find((each) => each.answersTo(handle, now, this.#handlesMs));
    if (!session) throw sessionNotFound();
    // The only part of a setup that a resume may not change (docs/live-api.md 1.2).
    if (session.setup.model !== model) throw invalidArgument();
    return session;
  }
}
