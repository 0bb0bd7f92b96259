// One connection to the simulator, from its handshake to its end: reads frames, answers the setup, ends when its time is up,
// and sees to it that nothing that a client sends does more harm than to end its own connection.

import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "../../audio/clock";
import type { FaultScript, FaultTarget } from "../faults/fault-script";
import type { Moment } from "../faults/fault-types";
import type { IssuedToken } from "../http/issued-tokens";
import { readMessage, type Setup } from "../protocol/client-messages";
import type { FunctionCall } from "../protocol/function-declarations";
import { type Handles, modelFor } from "../protocol/models";
import {
  deadlineExpired,
  goAwayIgnored,
  internalError,
  invalidArgument,
  Refusal,
} from "../protocol/refusals";
import { slidingWindowOf } from "../session/context-window";
import { ResumptionUpdates } from "../session/resumption-updates";
import type { Holder, Session, Sessions } from "../session/session";
import { MessageHandler } from "../turns/message-handler";
import type { Host } from "../turns/model-turn";
import { ConnectionTimers } from "./connection-timers";
import { Transport } from "./transport";

/** Measured on gemini-3.8-live (docs/live-api.md 1.5), in ms: from the setup to setupComplete. */
const SETUP_MS = 260;
/** From the setup to the refusal of a session that is still in use. */
const IN_USE_MS = 600;
/** How long an idle connection that is simply gone goes on counting as one. */
const UNNOTICED_MS = 1500;
/** A client that does not read what it asked for is let go when this many bytes wait for it. */
const MOST_UNREAD = 64 * 2 ** 20;
/** Timers of Node.js cannot wait longer. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What all connections of a simulator share. Times in ms. */
export interface ConnectionOptions {
  clock: Clock;
  script: FaultScript;
  sessions: Sessions;
  lifetimeMs: number;
  /** How long before the end it is announced; 0: not at all. */
  goAwayMs: number;
  /** absent: as the model does it */
  handles?: Handles;
  /** absent: as the model does it */
  cancelCalls?: boolean;
}

/** A length of time as protobuf's JSON writes it. */
const duration = (ms: number) => `${ms % 1000 ? (ms / 1000).toFixed(3) : ms / 1000}s`;

/** The server's end of one connection. */
export class ClientConnection implements FaultTarget, Host, Holder {
  readonly number: number;
  readonly clock: ConnectionTimers;
  readonly #around: ConnectionOptions;
  readonly #version: string;
  readonly #line: Transport;
  #token?: IssuedToken;
  #setup?: Setup;
  #session?: Session;
  #conversation?: MessageHandler;
  #updates?: ResumptionUpdates;
  #resumed?: boolean;
  #open = true;
  #silent = false;

  /** @param tcp as the HTTP server hands it over @param number counted from 1 @param version the API version of the URL */
  constructor(tcp: Duplex, number: number, version: string, around: ConnectionOptions) {
    this.number = number;
    this.#version = version;
    this.#around = around;
    this.clock = new ConnectionTimers(around.clock, (callback) => this.#guard(callback));
    this.#line = new Transport(tcp, (abrupt) => this.#end(abrupt));
  }

  get open() {
    return this.#open;
  }

  get alive() {
    return this.#open && !this.#line.closing;
  }

  get resumed() {
    return this.#resumed;
  }

  get silent() {
    return this.#silent;
  }

  /** Whether the handshake may be completed. */
  admits() {
    this.happened("handshake");
    return this.#open && !this.#line.frozen;
  }

  /** The handshake is done. @param admit checks the key, or finds the token that is there in place of one */
  accept(webSocket: WebSocket, admit: () => IssuedToken | undefined) {
    this.#line.upgraded(webSocket, (text) => this.#guard(() => this.#receive(text)));
    this.#guard(() => {
      this.#token = admit();
    });
    this.#token?.whenOver(this.clock, (refusal) => this.refuse(refusal));
    const { lifetimeMs, goAwayMs } = this.#around;
    if (lifetimeMs > LONGEST_TIMER) return;
    if (goAwayMs === 0) this.clock.after(lifetimeMs, () => this.refuse(deadlineExpired()));
    else
      this.clock.after(Math.max(0, lifetimeMs - goAwayMs), () => this.goAway(Math.min(goAwayMs, lifetimeMs)));
  }

  /** Frames are indented and end with a new line, as measured (1.1). */
  send(frame: object) {
    this.#write(`${JSON.stringify(frame, null, 2)}\n`);
  }

  happened(moment: Moment) {
    if (moment === "userSpeaking") this.#silent = false;
    if (moment === "thinking") this.#updates?.turnBegins();
    this.#around.script.happened(moment, this);
  }

  /** Closes as the server does: a code and its words. */
  refuse({ code, message }: Refusal) {
    if (!this.#open || this.#line.frozen) return;
    this.#end(false);
    this.#line.close(code, message);
  }

  leave() {
    this.#end(false);
  }

  cut() {
    this.#end(true);
    this.#line.cut();
  }

  close(code: number, reason: string) {
    this.refuse(new Refusal(reason, code));
  }

  freeze() {
    this.clock.end();
    this.#line.freeze();
  }

  slow(forMs: number) {
    this.#line.pause();
    this.clock.after(forMs, () => this.#line.resume());
  }

  garbage() {
    this.#write('{\n  "serverContent": {\n    "modelTurn"');
  }

  goAway(timeLeftMs: number) {
    this.send({ goAway: { timeLeft: duration(timeLeftMs) } });
    this.clock.after(timeLeftMs, () => this.refuse(goAwayIgnored()));
  }

  silence() {
    this.#silent = true;
    this.#conversation?.hush();
  }

  refuseHandshake(status: number) {
    this.#end(false);
    this.#line.refuse(status);
  }

  call(calls: readonly FunctionCall[]) {
    this.#conversation?.call(calls);
  }

  cancelCalls() {
    this.#conversation?.cancelCalls();
  }

  reissue() {
    this.#conversation?.reissue();
  }

  #receive(text: string) {
    if (!this.#open) return;
    const message = readMessage(text, this.#setup === undefined);
    if (message.setup) this.#begin(message.setup);
    else this.#conversation?.receive(message);
  }

  #begin(asked: Setup) {
    const { clock, sessions, handles, cancelCalls } = this.#around;
    const setup = this.#token?.constrain(asked) ?? asked;
    const known = modelFor(setup, this.#version);
    const model = { ...known, cancelsCalls: cancelCalls ?? known.cancelsCalls };
    const window = slidingWindowOf(setup);
    const handle = setup.sessionResumption?.handle;
    if (!handle) this.#token?.use(clock.date());
    const session = handle ? sessions.find(handle, setup.model, clock.now()) : sessions.begin();
    this.#setup = setup;
    if (session.busy(clock.now())) {
      this.clock.after(IN_USE_MS, () => this.refuse(internalError()));
      return;
    }
    session.hold(this, setup, window);
    this.#session = session;
    this.#resumed = Boolean(handle);
    const conversation = new MessageHandler(model, setup, session, this);
    this.#conversation = conversation;
    if (setup.sessionResumption)
      this.#updates = new ResumptionUpdates(handles ?? model.handles, {
        clock: this.clock,
        send: (frame) => this.send(frame),
        newHandle: () => session.newHandle(),
        idle: () => !conversation.answering,
      });
    this.clock.after(SETUP_MS, () => this.#ready());
    this.happened("setup");
  }

  #ready() {
    if (this.#silent) return;
    this.send({ setupComplete: {} });
    this.#updates?.begin(this.#resumed ?? false);
    this.happened("ready");
  }

  #write(text: string) {
    if (!this.#open || this.#silent) return;
    if (this.#line.unread > MOST_UNREAD) this.cut();
    else this.#line.send(text);
  }

  #guard(action: () => void) {
    try {
      action();
      // The words are not known for sure; 1007 is what clients report (docs/live-api.md 2).
      if (this.#session?.memory.full) throw invalidArgument();
    } catch (error) {
      this.refuse(error instanceof Refusal ? error : internalError());
    }
  }

  #end(abrupt: boolean) {
    if (!this.#open) return;
    this.#open = false;
    const idle = this.#conversation?.idle ?? true;
    const now = this.clock.now();
    this.clock.end();
    this.#conversation?.end();
    this.#session?.left(now, abrupt && idle ? now + UNNOTICED_MS : now);
  }
}
