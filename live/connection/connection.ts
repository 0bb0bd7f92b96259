// Keeps a conversation connected: opens, resumes after a loss, changes over before the server closes, and gives up in the end. What
// is said is not its business.

import type { LiveServerMessage } from "@google/genai";
import type { Clock } from "../../audio/clock";
import { ConnectionError } from "../server/errors";
import type { Attempt } from "./connection-events";
import type { ResumptionHandle } from "./resumption-handle";
import type { LiveSocket, SocketHandlers } from "./socket";

export interface ConnectionOptions {
  /** Opens one socket; with a handle, one that resumes the conversation of the handle. */
  open(handle: string | undefined, handlers: SocketHandlers, signal: AbortSignal): Promise<LiveSocket>;
  handle: ResumptionHandle;
  /** Attempts before it gives up: to open, at least one; after a loss, 0 makes none. */
  reconnectAttempts: number;
  /** Whether a connection that was lost is replaced. */
  reconnect: boolean;
  clock: Clock;
  /** 0 to below 1: scatters the waits. */
  random(): number;
}

/** Whether the server knows what was said before: all of it, what came before the last handle, or nothing. */
export type Remembered = boolean | "partly";

export interface ConnectionListener {
  /** @param cause why it is needed; undefined for the first */
  onAttempt(attempt: Attempt, cause: string | undefined): void;
  onOpen(socket: LiveSocket, remembered: Remembered): void;
  onFrame(frame: LiveServerMessage): void;
  onBadFrame(error: Error): void;
  /** The connection is gone, and another one is opened. @param isFresh whether that begins another conversation */
  onLost(isFresh: boolean): void;
  /** There is no connection, and none is opened. */
  onGivenUp(error: Error): void;
}

/** Milliseconds before the second attempt, doubled for each one after it, up to the longest. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** Milliseconds of life after which a connection has proven itself: the attempts to replace it count from 0 again. */
const PROVEN_MS = 10_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #listener: ConnectionListener;
  /** From open() until close() or giving up. */
  #life: AbortController | undefined;
  #socket: LiveSocket | undefined;
  #openedAt = 0;
  /** The open connection replaces another one. */
  #reconnected = false;
  /** Attempts to open, or to reconnect since a connection last proved itself. */
  #attempts = 0;
  #cancelWait: (() => void) | undefined;

  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Attempts that are made at most. */
  get #maxAttempts() {
    return Math.max(1, this.#options.reconnectAttempts);
  }

  open() {
    if (this.#life) return;
    const life = new AbortController();
    this.#life = life;
    this.#attempts = 0;
    this.#reconnected = false;
    const { handle, clock } = this.#options;
    const begin = () => {
      if (!life.signal.aborted) this.#attempt(life.signal, undefined);
    };
    const loading = handle.load(clock.now());
    if (loading) loading.then(begin);
    else begin();
  }

  /** Ends it; nothing is reported afterwards. */
  close() {
    this.#life?.abort();
    this.#life = undefined;
    this.#cancelWait?.();
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** The connection has proven itself, for example by a completed turn. */
  prove() {
    this.#attempts = 0;
  }

  /** Replaces the open socket by one that resumes the conversation. The old one is closed first: while it lives, the server refuses a second (docs/live-api.md 1.5).
   * @param isFresh begins another conversation instead */
  changeOver(cause: string, isFresh = false) {
    const socket = this.#socket;
    const signal = this.#life?.signal;
    if (!socket || !signal) return;
    if (isFresh) this.#options.handle.drop();
    this.#leave(isFresh);
    socket.close().then(() => {
      if (!signal.aborted) this.#attempt(signal, cause);
    });
  }

  #leave(isFresh = false) {
    const now = this.#options.clock.now();
    this.#socket = undefined;
    if (!this.#reconnected || now - this.#openedAt >= PROVEN_MS) this.#attempts = 0;
    this.#reconnected = true;
    this.#options.handle.touch(now);
    this.#listener.onLost(isFresh);
  }

  #attempt(signal: AbortSignal, cause: string | undefined) {
    const { handle, clock, open } = this.#options;
    const used = handle.value(clock.now());
    const remembered = used !== undefined && (handle.isStale ? "partly" : true);
    this.#attempts += 1;
    this.#listener.onAttempt({ attempt: this.#attempts, of: this.#maxAttempts, waitMs: 0 }, cause);
    const handlers: SocketHandlers = {
      onFrame: (frame) => {
        if (!signal.aborted) this.#listener.onFrame(frame);
      },
      onBadFrame: (error) => this.#listener.onBadFrame(error),
      onClose: (error) => this.#lost(error, signal),
    };
    open(used, handlers, signal).then(
      (socket) => {
        if (signal.aborted) return void socket.close();
        this.#socket = socket;
        this.#openedAt = clock.now();
        this.#listener.onOpen(socket, remembered);
        socket.start();
      },
      (error: Error) => {
        if (!signal.aborted) this.#failed(error, used !== undefined, signal);
      },
    );
  }

  #failed(error: Error, resuming: boolean, signal: AbortSignal) {
    // A conversation that cannot be resumed may still begin afresh.
    if (resuming && this.#options.handle.refused(error)) return this.#attempt(signal, reasonOf(error));
    if (isPermanent(error) || this.#attempts >= this.#maxAttempts) return this.#giveUp(error);
    this.#retry(error, signal);
  }

  #lost(error: ConnectionError, signal: AbortSignal) {
    const { handle, reconnect, reconnectAttempts } = this.#options;
    if (isPermanent(error)) handle.drop();
    if (isPermanent(error) || !reconnect || reconnectAttempts === 0) return this.#giveUp(error);
    this.#leave();
    if (this.#attempts >= this.#maxAttempts) return this.#giveUp(error);
    this.#retry(error, signal);
  }

  #retry(error: Error, signal: AbortSignal) {
    const { clock, random } = this.#options;
    const waitMs = Math.round(waitFor(this.#attempts, error) * (0.75 + random() / 2));
    const cause = reasonOf(error);
    this.#listener.onAttempt({ attempt: this.#attempts + 1, of: this.#maxAttempts, waitMs }, cause);
    this.#cancelWait = clock.after(waitMs, () => this.#attempt(signal, cause));
  }

  #giveUp(error: Error) {
    this.close();
    this.#listener.onGivenUp(error);
  }
}

/** Milliseconds, before they are scattered by a quarter to either side. */
function waitFor(attempts: number, error: Error) {
  if (error instanceof ConnectionError && error.verdict === "quota") return LONGEST_WAIT_MS;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts);
}

/** Only what a server or the network said can pass; an error of our own would come again. */
function isPermanent(error: Error) {
  return !(error instanceof ConnectionError) || error.verdict === "permanent";
}

/** The cause in plain words, short enough for a badge. */
export function reasonOf(error: Error): string {
  return error instanceof ConnectionError ? error.reason : error.message;
}
