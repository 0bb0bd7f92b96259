// Keeps a conversation connected: opens, resumes after a loss, changes over before the server hangs up, and gives up in the
// end. It knows handles and waits; what is said is not its business.

import type { LiveServerMessage } from "@google/genai";
import type { Clock } from "../../audio/clock";
import { ConnectionError } from "../server/errors";
import type { ResumptionHandle } from "./resumption-handle";
import type { LiveSocket, SocketHandlers } from "./socket";

export interface ConnectionOptions {
  /** Done before the first try of each open(); absent: nothing. */
  prepare: (() => Promise<void>) | undefined;
  /** Opens one socket; with a handle, one that goes on with the conversation that the handle stands for. */
  dial(handle: string | undefined, handlers: SocketHandlers, signal: AbortSignal): Promise<LiveSocket>;
  handle: ResumptionHandle;
  /** Attempts before it is given up: to open it, at least one; after a loss, 0 makes none. */
  reconnectAttempts: number;
  /** Whether a connection that was lost is replaced. */
  reconnect: boolean;
  clock: Clock;
  /** 0 to below 1: scatters the waits. */
  random(): number;
}

/** A try to connect that is about to be made. */
export interface Try {
  /** Counted from 1. */
  attempt: number;
  of: number;
  /** Milliseconds until it is made. */
  waitMs: number;
  /** Why it is needed; undefined for the first. */
  cause: string | undefined;
}

export interface ConnectionListener {
  onTry(attempt: Try): void;
  /** @param resumed whether the server knows what was said before */
  onOpen(socket: LiveSocket, resumed: boolean): void;
  onFrame(frame: LiveServerMessage): void;
  onBadFrame(error: Error): void;
  /** The connection is gone, and another one will be tried. */
  onLost(): void;
  /** There is no connection, and none will be tried. */
  onGivenUp(error: Error): void;
}

/** Milliseconds before the second try, doubled for each one after it, up to the longest. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #listener: ConnectionListener;
  /** From open() until close() or giving up. */
  #life: AbortController | undefined;
  #socket: LiveSocket | undefined;
  #tried = 0;
  #cancelWait: (() => void) | undefined;

  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Whether it is open, or will be if things go well. */
  get isAlive() {
    return this.#life !== undefined;
  }

  /** Attempts that are made at the most. */
  get #most() {
    return Math.max(1, this.#options.reconnectAttempts);
  }

  open() {
    if (this.#life) return;
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#tried = 0;
    const begin = () => {
      if (!signal.aborted) this.#dial(signal, undefined);
    };
    if (this.#options.prepare) this.#options.prepare().then(begin);
    else begin();
  }

  /** Ends it; nothing is told afterwards. */
  close() {
    this.#life?.abort();
    this.#life = undefined;
    this.#cancelWait?.();
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Replaces the open socket by a new one. The old one is closed first: while it lives, the server refuses a second (docs/live-api.md 1.5). */
  changeOver(cause: string) {
    const socket = this.#socket;
    const signal = this.#life?.signal;
    if (!socket || !signal) return;
    this.#leave();
    socket.close().then(() => {
      if (!signal.aborted) this.#dial(signal, cause);
    });
  }

  #leave() {
    this.#socket = undefined;
    this.#tried = 0;
    this.#options.handle.touch(this.#options.clock.now());
    this.#listener.onLost();
  }

  #dial(signal: AbortSignal, cause: string | undefined) {
    const { handle, clock, dial } = this.#options;
    const used = handle.value(clock.now());
    this.#tried += 1;
    this.#listener.onTry({ attempt: this.#tried, of: this.#most, waitMs: 0, cause });
    const handlers: SocketHandlers = {
      onFrame: (frame) => {
        if (!signal.aborted) this.#listener.onFrame(frame);
      },
      onBadFrame: (error) => this.#listener.onBadFrame(error),
      onClose: (error) => this.#lost(error, signal),
    };
    dial(used, handlers, signal).then(
      (socket) => {
        if (signal.aborted) return void socket.close();
        this.#socket = socket;
        this.#tried = 0;
        this.#listener.onOpen(socket, used !== undefined);
      },
      (error: Error) => {
        if (!signal.aborted) this.#failed(error, used !== undefined, signal);
      },
    );
  }

  #failed(error: Error, resuming: boolean, signal: AbortSignal) {
    const { handle } = this.#options;
    // A conversation that cannot be resumed may still begin afresh.
    if (resuming && handle.refused(error)) return this.#dial(signal, reasonOf(error));
    if (isPermanent(error) || this.#tried >= this.#most) return this.#giveUp(error);
    this.#retry(error, signal);
  }

  #lost(error: ConnectionError, signal: AbortSignal) {
    const { handle, reconnect, reconnectAttempts } = this.#options;
    if (isPermanent(error)) handle.drop();
    if (isPermanent(error) || !reconnect || reconnectAttempts === 0) return this.#giveUp(error);
    this.#leave();
    this.#retry(error, signal);
  }

  #retry(error: Error, signal: AbortSignal) {
    const { clock, random } = this.#options;
    const waitMs = Math.round(waitFor(this.#tried, error) * (0.75 + random() / 2));
    const cause = reasonOf(error);
    this.#listener.onTry({ attempt: this.#tried + 1, of: this.#most, waitMs, cause });
    this.#cancelWait = clock.after(waitMs, () => this.#dial(signal, cause));
  }

  #giveUp(error: Error) {
    this.close();
    this.#listener.onGivenUp(error);
  }
}

/** Milliseconds, before they are scattered by a quarter to either side. */
function waitFor(tried: number, error: Error) {
  if (error instanceof ConnectionError && error.verdict === "quota") return LONGEST_WAIT_MS;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tried);
}

/** Only what a server or the network said can pass; an error of our own would come again. */
function isPermanent(error: Error) {
  return !(error instanceof ConnectionError) || error.verdict === "permanent";
}

/** The cause in plain words, short enough for a badge. */
export function reasonOf(error: Error): string {
  return error instanceof ConnectionError ? error.reason : error.message;
}
