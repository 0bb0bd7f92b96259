// One connection of a client, from its handshake to its end: reads frames, answers the setup, and closes at the end of its
// lifetime. An error while it handles a frame closes this connection only.

import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "../../audio/clock";
import type { FaultScript, FaultTarget } from "../faults/fault-script";
import type { Moment } from "../faults/fault-types";
import type { IssuedToken } from "../http/issued-tokens";
import type { FunctionCall } from "../protocol/function-declarations";
import { readMessage, type SetupMessage } from "../protocol/message-schema";
import { type Handles, modelFor } from "../protocol/models";
import { duration } from "../protocol/proto-json";
import {
  closeReason,
  deadlineExpired,
  goAwayIgnored,
  internalError,
  invalidArgument,
  Refusal,
} from "../protocol/refusals";
import type { Range, Variation } from "../protocol/variation";
import { type Api, asVertexFrame } from "../protocol/vertex";
import { slidingWindowOf } from "../session/context-window";
import { HandleUpdates } from "../session/handle-updates";
import { resumedSession } from "../session/resume-check";
import type { Holder, Session } from "../session/session";
import type { SessionStore } from "../session/session-store";
import { MessageHandler } from "../turns/message-handler";
import type { Host } from "../turns/model-turn";
import { ConnectionTimers } from "./connection-timers";
import { LOST, Transport } from "./transport";

/** From the setup to setupComplete, in ms; measured on gemini-3.8-live (docs/live-api.md 1.5). */
const SETUP_MS = 260;
/** The same for a setup that resumes a session; measured. */
const RESUME_MS = 550;
/** How long the server takes to notice that an idle connection was cut, in ms; measured (docs/live-api.md 1.5). */
const UNNOTICED_MS: Range = { least: 1500, usual: 1500, most: 2300 };
/** The maximum number of bytes that wait for a client that does not read; more cut its connection. */
const MAX_UNREAD_BYTES = 64 * 2 ** 20;
/** The longest timer of Node.js, in ms. */
const MAX_TIMER = 2 ** 31 - 1;

/** Settings and state that all connections of a simulator share. Times in ms. */
export interface SharedState {
  clock: Clock;
  variation: Variation;
  script: FaultScript;
  sessions: SessionStore;
  lifetimeMs: number;
  /** How long before the end of the lifetime goAway is sent; 0: not at all. */
  goAwayMs: number;
  /** absent: the model's own */
  handles?: Handles;
  /** absent: the model's own */
  cancelCalls?: boolean;
  log(line: string): void;
}

/** The server's side of one connection. */
export class ClientConnection implements FaultTarget, Host, Holder {
  readonly number: number;
  readonly clock: ConnectionTimers;
  readonly variation: Variation;
  readonly #shared: SharedState;
  readonly #api: Api;
  readonly #transport: Transport;
  #token?: IssuedToken;
  #setup?: SetupMessage;
  #session?: Session;
  /** How long the session refuses a resume after the client closes this connection, in ms. */
  #refusesResumeMs = 0;
  #messages?: MessageHandler;
  #updates?: HandleUpdates;
  #resumed?: boolean;
  #open = true;
  #silent = false;

  /** @param tcp the HTTP server's socket @param number counted from 1 @param api the API of the URL */
  constructor(tcp: Duplex, number: number, api: Api, shared: SharedState) {
    this.number = number;
    this.#api = api;
    this.variation = shared.variation.of(number);
    this.#shared = shared;
    this.clock = new ConnectionTimers(shared.clock, (callback) => this.#guard(callback));
    this.#transport = new Transport(tcp, (code) =>
      code === LOST ? this.#end("cut", "lost") : this.#end("left", `closed by the client with ${code}`),
    );
  }

  get open() {
    return this.#open;
  }

  get alive() {
    return this.#open && !this.#transport.closing;
  }

  get resumed() {
    return this.#resumed;
  }

  get silent() {
    return this.#silent;
  }

  log(text: string) {
    this.#shared.log(`#${this.number} ${text}`);
  }

  /** Runs the faults of the handshake. @returns whether the handshake may be completed */
  admits() {
    this.log(`connection on ${this.#api.version}`);
    this.happened("handshake");
    return this.#open && !this.#transport.frozen;
  }

  /** Starts after the handshake. @param admit checks the API key, or finds the ephemeral token */
  accept(webSocket: WebSocket, admit: () => IssuedToken | undefined) {
    this.#transport.upgraded(webSocket, (text) => this.#guard(() => this.#receive(text)));
    this.#guard(() => {
      this.#token = admit();
    });
    this.#token?.whenExpired(this.clock, (refusal) => this.refuse(refusal));
    const { lifetimeMs, goAwayMs } = this.#shared;
    if (lifetimeMs > MAX_TIMER) return;
    if (goAwayMs === 0) this.clock.after(lifetimeMs, () => this.refuse(deadlineExpired()));
    else
      this.clock.after(Math.max(0, lifetimeMs - goAwayMs), () => this.goAway(Math.min(goAwayMs, lifetimeMs)));
  }

  /** Sends a frame: indented JSON and a line feed, as measured (docs/live-api.md 1.1). */
  send(frame: object) {
    this.#write(`${JSON.stringify(this.#api.isVertex ? asVertexFrame(frame) : frame, null, 2)}\n`);
  }

  happened(moment: Moment) {
    if (moment === "userSpeaking") this.#silent = false;
    if (moment === "thinking") this.#updates?.turnBegins();
    this.#shared.script.happened(moment, this);
  }

  /** Closes with the code and the message of a refusal. */
  refuse({ code, message }: Refusal) {
    if (!this.#open || this.#transport.frozen) return;
    // A value that does not fit its field may be sound.
    const reason = closeReason(message).replace(/^(Invalid value at .*?\)),.*/s, "$1");
    this.#end("closed", `closed with ${code} ${reason}`.trimEnd());
    this.#transport.close(code, message);
  }

  leave() {
    this.#end("left", "closed by the client");
  }

  cut() {
    this.#end("cut", "cut");
    this.#transport.cut();
  }

  close(code: number, reason: string) {
    this.refuse(new Refusal(reason, code));
  }

  freeze() {
    this.clock.end();
    this.#transport.freeze();
  }

  slow(forMs: number) {
    this.#transport.pause();
    this.clock.after(forMs, () => this.#transport.resume());
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
    this.#messages?.dropAnswer();
  }

  mute() {
    this.#messages?.mute();
  }

  forget() {
    this.#session?.memory.forget();
  }

  refuseHandshake(status: number) {
    this.#end("closed", `handshake refused with ${status}`);
    this.#transport.refuse(status);
  }

  call(calls: readonly FunctionCall[]) {
    this.#messages?.call(calls);
  }

  cancelCalls() {
    this.#messages?.cancelCalls();
  }

  reissue() {
    this.#messages?.reissue();
  }

  #receive(text: string) {
    if (!this.#open) return;
    const message = readMessage(text, this.#setup === undefined);
    if (message.setup) this.#begin(message.setup);
    else this.#messages?.receive(message);
  }

  #begin(asked: SetupMessage) {
    const { clock, sessions, handles, cancelCalls } = this.#shared;
    const setup = this.#token?.constrain(asked) ?? asked;
    this.#setup = setup;
    const known = modelFor(setup, this.#api);
    const model = { ...known, cancelsCalls: cancelCalls ?? known.cancelsCalls };
    const window = slidingWindowOf(setup);
    const handle = setup.sessionResumption?.handle;
    if (!handle) this.#token?.use(clock.date());
    const session = handle ? resumedSession(sessions, handle, setup.model, clock.now()) : sessions.begin();
    if (handle && model.handles === "often") session.rewind(handle);
    session.hold(this, setup, window);
    this.#session = session;
    this.#refusesResumeMs = model.refusesResumeMs;
    this.#resumed = Boolean(handle);
    const messages = new MessageHandler(model, setup, session, this);
    this.#messages = messages;
    // A client that does not request handles still gets the first one, as measured.
    const often = setup.sessionResumption ? (handles ?? model.handles) : "once";
    if (model.handles !== "never")
      this.#updates = new HandleUpdates(often, {
        clock: this.clock,
        send: (frame) => this.send(frame),
        newHandle: () => session.newHandle(this.variation),
        idle: () => !messages.answering,
      });
    this.log(`setup ${setup.model}${handle ? ", a resume" : ""}`);
    this.clock.after(handle ? RESUME_MS : SETUP_MS, () => this.#ready());
    this.happened("setup");
  }

  #ready() {
    if (this.#silent) return;
    this.send({ setupComplete: this.#api.isVertex ? { sessionId: this.variation.uuid() } : {} });
    this.#updates?.begin(this.#resumed ?? false);
    this.happened("ready");
  }

  #write(text: string) {
    if (!this.#open || this.#silent) return;
    if (this.#transport.unread > MAX_UNREAD_BYTES) this.cut();
    else this.#transport.send(text);
  }

  #guard(action: () => void) {
    try {
      action();
      // Clients report 1007; the message is a guess (docs/live-api.md 2).
      if (this.#session?.memory.full) throw invalidArgument();
    } catch (error) {
      const refusal = error instanceof Refusal ? error : internalError();
      const { delayMs } = refusal;
      if (delayMs) this.clock.after(this.variation.between(delayMs), () => this.refuse(refusal));
      else this.refuse(refusal);
    }
  }

  /**
   * @param how `cut`: without a close frame; `left`: the client closed; `closed`: the server did
   * @param line says so in the log
   */
  #end(how: "cut" | "left" | "closed", line: string) {
    if (!this.#open) return;
    this.#open = false;
    this.log(line);
    const idle = this.#messages?.idle ?? true;
    const now = this.clock.now();
    this.clock.end();
    this.#messages?.end();
    const unnoticed = how === "cut" && idle ? this.variation.between(UNNOTICED_MS) : 0;
    this.#session?.left(now, now + unnoticed, how === "left" ? now + this.#refusesResumeMs : now);
  }
}
