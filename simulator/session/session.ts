// One session: what the server keeps of a conversation beyond a single connection.

import type { ImageHeader } from "../input/image-header";
import type { SetupMessage } from "../protocol/message-schema";
import type { Variation } from "../protocol/variation";
import { type ContextItem, ContextWindow, type SlidingWindow } from "./context-window";
import { FunctionCalls, type SimulatedCall } from "./function-calls";

/** The session keeps only the newest handles and setups. */
const MAX_HANDLES = 100;
const MAX_SETUPS = 100;

/** A conversation as tests see it. */
export interface SimulatedConversation {
  /** Whether a connection holds it. */
  readonly open: boolean;
  /** The number of its connections: the first one and those that resumed it. */
  readonly connections: number;
  /** The last accepted setup, with camelCase names. */
  readonly setup: SetupMessage;
  /** All accepted setups, at most the last 100. */
  readonly setups: readonly SetupMessage[];
  /** The context, in order. */
  readonly context: readonly ContextItem[];
  /** The function calls of the model, at most the last 500. */
  readonly calls: readonly SimulatedCall[];
}

/** The connection that holds a session. */
export interface Holder {
  /** Whether neither side has started to close it. */
  readonly alive: boolean;
  /** The connection no longer holds the session. */
  leave(): void;
}

/** One conversation across all its connections. */
export class Session implements SimulatedConversation {
  readonly memory = new ContextWindow();
  readonly toolCalls = new FunctionCalls();
  readonly setups: SetupMessage[] = [];
  connections = 0;
  /** The number of answers that were started. */
  answers = 0;
  /** The number of images received. */
  images = 0;
  /** The last image, until an answer mentions it. */
  newImage?: ImageHeader;
  /** The last user text of a clientContent. */
  question = "";
  /** The length of the audio stream so far, in frames of the speech detector. */
  heard = 0;
  /** With what was newest in the session when each was issued. */
  readonly #handles = new Map<string, { call?: SimulatedCall | undefined; item?: ContextItem | undefined }>();
  #holder?: Holder;
  #endedAt = 0;
  #busyUntil = Number.NEGATIVE_INFINITY;
  #restsUntil = Number.NEGATIVE_INFINITY;

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

  /** Hands the session to a connection. */
  hold(holder: Holder, setup: SetupMessage, window?: SlidingWindow) {
    this.#holder = holder;
    this.connections++;
    this.setups.push(setup);
    if (this.setups.length > MAX_SETUPS) this.setups.shift();
    this.memory.compress(window);
  }

  /**
   * The connection has ended.
   * @param busyUntil when the server notices, in ms on the same clock as `now`
   * @param restsUntil until when the server refuses the first resume
   */
  left(now: number, busyUntil: number, restsUntil: number) {
    this.#holder = undefined;
    this.#endedAt = now;
    this.#busyUntil = busyUntil;
    this.#restsUntil = restsUntil;
  }

  /**
   * Whether the server lets a connection resume the session now: not while it counts another one as holding it. As measured,
   * it also refuses the first resume right after a clean close, and only that one.
   */
  admits(now: number) {
    if (this.#holder?.alive || now < this.#busyUntil) return false;
    // Its close frame has arrived, but it may not have ended yet.
    this.#holder?.leave();
    const rested = now >= this.#restsUntil;
    this.#restsUntil = now;
    return rested;
  }

  /** Issues a resumption handle. Earlier handles stay valid. */
  newHandle(variation: Variation) {
    const handle = variation.uuid();
    this.#handles.set(handle, { call: this.toolCalls.newest, item: this.memory.newest });
    for (const oldest of this.#handles.keys()) {
      if (this.#handles.size <= MAX_HANDLES) break;
      this.#handles.delete(oldest);
    }
    return handle;
  }

  /** Goes back to where a handle was issued: the model knows nothing of what came later. */
  rewind(handle: string) {
    const { call, item } = this.#handles.get(handle) ?? {};
    this.toolCalls.forgetAfter(call);
    this.memory.rewind(item);
  }

  /** Whether a handle is one of this session's, and still valid. @param handlesMs validity after the last connection ended */
  answersTo(handle: string, now: number, handlesMs: number) {
    return this.#handles.has(handle) && (this.open || now - this.#endedAt <= handlesMs);
  }
}
