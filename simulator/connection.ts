// One WebSocket of the simulator: reads frames, answers the setup, and sees to it that nothing that a client sends
// does more harm than to end its own connection.

import type { WebSocket } from "ws";
import type { Clock } from "../audio/clock";
import type { Remembered } from "./context";
import { Conversation } from "./conversation";
import { readMessage, type Setup } from "./messages";
import { modelFor } from "./models";
import { closeReason, internalError, Refusal } from "./refusals";

/** From the setup to setupComplete in ms, measured (reference/live-api.md 1.5). */
const SETUP_MS = 260;
/** A client that does not read what it asked for is let go when this many bytes wait for it. */
const MOST_UNREAD = 64 * 2 ** 20;

/** The server's end of one connection. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #version: string;
  readonly #timers = new Set<() => void>();
  #conversation?: Conversation;
  #setup?: Setup;
  #open = true;

  /** @param clock for everything timed @param version the API version of the URL */
  constructor(socket: WebSocket, clock: Clock, version: string) {
    this.#socket = socket;
    this.#version = version;
    this.#clock = { now: () => clock.now(), after: (ms, callback) => this.#after(clock, ms, callback) };
    socket.on("message", (data: Buffer) => this.#guard(() => this.#receive(data.toString())));
    socket.on("close", () => this.#end());
    // A broken frame: `ws` closes the connection by itself.
    socket.on("error", () => {});
  }

  /** Whether the conversation still goes on. */
  get open() {
    return this.#open;
  }

  /** The setup as it was received, names in camelCase; undefined before it came or when it was refused. */
  get setup(): Setup | undefined {
    return this.#setup;
  }

  /** Everything that was said and shown so far, in order. */
  get context(): readonly Remembered[] {
    return this.#conversation?.context.items ?? [];
  }

  /** Closes as the server does: a code and its words. */
  refuse({ code, message }: Refusal) {
    if (!this.#open) return;
    this.#end();
    this.#socket.close(code, closeReason(message));
  }

  #receive(text: string) {
    if (!this.#open) return;
    const message = readMessage(text, this.#setup === undefined);
    if (!message.setup) return this.#conversation?.receive(message);
    const model = modelFor(message.setup, this.#version);
    this.#setup = message.setup;
    this.#conversation = new Conversation(model, message.setup, this.#clock, (frame) => this.#send(frame));
    this.#clock.after(SETUP_MS, () => this.#send({ setupComplete: {} }));
  }

  /** Frames are binary, indented, and end with a new line, as measured (1.1). */
  #send(frame: object) {
    if (!this.#open) return;
    if (this.#socket.bufferedAmount > MOST_UNREAD) this.#socket.terminate();
    else this.#socket.send(Buffer.from(`${JSON.stringify(frame, null, 2)}\n`));
  }

  #guard(action: () => void) {
    try {
      action();
    } catch (error) {
      this.refuse(error instanceof Refusal ? error : internalError());
    }
  }

  /** Timers of this connection end with it. */
  #after(clock: Clock, ms: number, callback: () => void) {
    if (!this.#open) return () => {};
    const cancel = clock.after(ms, () => {
      this.#timers.delete(cancel);
      this.#guard(callback);
    });
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }

  #end() {
    if (!this.#open) return;
    this.#open = false;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#conversation?.end();
  }
}
