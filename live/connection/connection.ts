// Keeps a conversation connected: opens the connection, resumes after a loss, changes over before the server closes, and gives up
// after the last attempt.

import type { Clock } from "../../audio/clock";
import { ConnectionError } from "../server/errors";
import type { Attempt } from "./connection-events";
import type { ResumptionHandle } from "./resumption-handle";
import type { LiveSocket, SocketHandlers } from "./socket";

export interface ConnectionOptions {
  /** Opens a socket; with a handle, it resumes the conversation of the handle. */
  open(handle: string | undefined, handlers: SocketHandlers, signal: AbortSignal): Promise<LiveSocket>;
  /** Receives the frames of the server, as SocketHandlers.onFrame. */
  onFrame: SocketHandlers["onFrame"];
  handle: ResumptionHandle;
  /** Maximum number of attempts. Opening makes at least one; after a loss, 0 means none. */
  reconnectAttempts: number;
  /** Whether a lost connection is replaced. */
  reconnect: boolean;
  clock: Clock;
  /** A random number from 0 to below 1, which varies the waits. */
  random(): number;
}

/** What the server remembers of the conversation: everything, what came before the last handle (`partly`), or nothing. */
export type Remembered = boolean | "partly";

/** Why something happens to a connection: in words, or an error. */
export type Cause = string | Error | undefined;

export interface ConnectionListener {
  /** @param cause why it is needed; undefined for the first */
  onAttempt(attempt: Attempt, cause: Cause): void;
  onOpen(socket: LiveSocket, remembered: Remembered): void;
  onBadFrame(error: Error): void;
  /** The connection is lost, and another one is being opened. */
  onLost(): void;
  /** The connection is lost or could not be opened, and there are no more attempts. */
  onGivenUp(error: Error): void;
}

/** Milliseconds before the second attempt; doubles with each further attempt, up to the longest wait. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/**
 * Milliseconds before two more attempts to resume what was closed here, or what another process had, which do not count: right after a
 * close, 3.8 was seen to refuse the first attempt and to accept the second (docs/live-api.md 1.5). When the second one came is not known.
 */
export const AFTER_CLOSE_MS: readonly number[] = [125, 250];
/** Milliseconds after which an open connection counts as stable: the attempts to replace it count from 0 again. */
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
  /** A turn was completed on the open connection. */
  #proven = false;
  /** Attempts to open, or to reconnect since the last stable connection. */
  #attempts = 0;
  /** The waits of AFTER_CLOSE_MS that are left. */
  #early: number[] = [];
  #cancelWait: (() => void) | undefined;

  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Maximum number of attempts. */
  get #maxAttempts() {
    return Math.max(1, this.#options.reconnectAttempts);
  }

  open() {
    if (this.#life) return;
    const life = new AbortController();
    this.#life = life;
    this.#attempts = 0;
    this.#reconnected = false;
    this.#early = [...AFTER_CLOSE_MS];
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

  /** The connection is stable, for example after a completed turn. */
  prove() {
    this.#attempts = 0;
    this.#proven = true;
  }

  /**
   * Milliseconds until the open connection counts as stable. If it ends before, that is a loss, even if the server has announced the
   * end: a server that announces the end of each connection at once must not be connected to without a limit.
   */
  get stableInMs(): number {
    if (this.#proven || !this.#reconnected) return 0;
    return Math.max(0, this.#openedAt + PROVEN_MS - this.#options.clock.now());
  }

  /**
   * Replaces the open socket with one that resumes the conversation. Closes the old one
   * first: while it is open, the server refuses a second one (docs/live-api.md 1.5).
   * @param isFresh begins a new conversation instead
   */
  changeOver(cause: string, isFresh = false) {
    const socket = this.#socket;
    const signal = this.#life?.signal;
    if (!socket || !signal) return;
    if (isFresh) this.#options.handle.drop();
    this.#leave();
    this.#early = [...AFTER_CLOSE_MS];
    socket.close().then(() => {
      if (!signal.aborted) this.#attempt(signal, cause, true);
    });
  }

  #leave() {
    const now = this.#options.clock.now();
    this.#socket = undefined;
    if (this.stableInMs === 0) this.#attempts = 0;
    this.#reconnected = true;
    this.#options.handle.touch(now);
    this.#listener.onLost();
  }

  /** @param isPlanned whether it is a change-over: one that succeeds uses up no reconnect attempt */
  #attempt(signal: AbortSignal, cause: Cause, isPlanned = false) {
    const { handle, clock, open, onFrame } = this.#options;
    const used = handle.value(clock.now());
    const remembered = used !== undefined && (handle.isStale ? "partly" : true);
    this.#attempts += 1;
    this.#listener.onAttempt({ attempt: this.#attempts, of: this.#maxAttempts, waitMs: 0 }, cause);
    const handlers: SocketHandlers = {
      onFrame: (frame, unknown) => {
        if (!signal.aborted) onFrame(frame, unknown);
      },
      onBadFrame: (error) => this.#listener.onBadFrame(error),
      onClose: (error) => this.#lost(error, signal),
    };
    const opening = open(used, handlers, signal).then(
      (socket) => {
        if (signal.aborted) return void socket.close();
        this.#socket = socket;
        this.#openedAt = clock.now();
        this.#proven = false;
        if (isPlanned) this.#attempts -= 1;
        this.#listener.onOpen(socket, remembered);
        socket.start();
      },
      (error: Error) => {
        if (!signal.aborted) this.#failed(error, used !== undefined, isPlanned, signal);
      },
    );
    // A listener that throws would end the process as an unhandled rejection.
    opening.catch((error: Error) => {
      if (!signal.aborted) this.#giveUp(error);
    });
  }

  #failed(error: Error, resuming: boolean, isPlanned: boolean, signal: AbortSignal) {
    const earlyMs = resuming && isPassing(error) ? this.#early.shift() : undefined;
    // If the resume fails, a new conversation may still start.
    if (resuming && this.#options.handle.refused(error, earlyMs !== undefined))
      return this.#attempt(signal, error);
    if (earlyMs !== undefined) {
      this.#attempts -= 1;
      return this.#retry(error, signal, scattered(earlyMs, this.#options.random()), isPlanned);
    }
    if (isPermanent(error) || this.#attempts >= this.#maxAttempts) return this.#giveUp(error);
    this.#retry(error, signal);
  }

  #lost(error: ConnectionError, signal: AbortSignal) {
    const { handle, reconnect, reconnectAttempts } = this.#options;
    if (isPermanent(error)) handle.drop();
    if (isPermanent(error) || !reconnect || reconnectAttempts === 0) return this.#giveUp(error);
    this.#leave();
    this.#early = [];
    if (this.#attempts >= this.#maxAttempts) return this.#giveUp(error);
    this.#retry(error, signal);
  }

  #retry(
    error: Error,
    signal: AbortSignal,
    waitMs = waitBefore(this.#attempts, this.#options.random(), error),
    isPlanned = false,
  ) {
    this.#listener.onAttempt({ attempt: this.#attempts + 1, of: this.#maxAttempts, waitMs }, error);
    this.#cancelWait = this.#options.clock.after(waitMs, () => this.#attempt(signal, error, isPlanned));
  }

  #giveUp(error: Error) {
    this.close();
    this.#listener.onGivenUp(error);
  }
}

/**
 * Milliseconds before the next attempt, varied by ±25 %.
 * @param attempts those that have failed
 * @param random from 0 to below 1
 * @param error of the last attempt
 */
export function waitBefore(attempts: number, random: number, error?: Error): number {
  const isQuota = error instanceof ConnectionError && error.verdict === "quota";
  const waitMs = isQuota ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts);
  return scattered(waitMs, random);
}

/** Varies a wait by ±25 %, so that many devices do not reconnect at once. */
export const scattered = (waitMs: number, random: number) => Math.round(waitMs * (0.75 + random / 2));

const isPassing = (error: Error) => error instanceof ConnectionError && error.verdict === "passing";

/** Errors of the server or the network may be temporary; any other error would occur again. */
function isPermanent(error: Error) {
  return !(error instanceof ConnectionError) || error.verdict === "permanent";
}
