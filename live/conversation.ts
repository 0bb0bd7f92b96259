// One conversation with a Live model: it opens when there is something to say, sends what goes in, in order, and tells what
// comes out.

import type { LiveServerMessage } from "@google/genai";
import type { Clock } from "../audio/clock";
import { ConnectionError, InputError } from "./errors";
import type { ConversationEvent, State } from "./events";
import { type ModelProfile, profileOf } from "./models";
import { type Done, type Input, Outgoing, type OutgoingLimits } from "./outgoing";
import { Pictures } from "./pictures";
import { buildSetup, type ConversationSettings } from "./setup";
import { type LiveSocket, openSocket, type Server } from "./socket";
import { Turns } from "./turns";
import { write, writeStop } from "./wire";

export interface ConversationOptions {
  settings: ConversationSettings;
  /** Finds the server; may start it first. */
  server(): Promise<Server>;
  /** Milliseconds that the server has to accept the setup. */
  setupTimeoutMs: number;
  /** Bounds of what waits for the connection. */
  waiting: OutgoingLimits;
  /** Throws an error that says why when this conversation may not open now. */
  admit(): void;
  clock: Clock;
}

/** Milliseconds after a failure in which sound alone does not try again: sound comes fifty times a second. */
const SOUND_RETRY_MS = 5_000;

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #emit: (event: ConversationEvent) => void;
  readonly #profile: ModelProfile;
  readonly #outgoing: Outgoing;
  readonly #turns: Turns;
  readonly #pictures: Pictures;
  #state: State = "disconnected";
  #socket: LiveSocket | undefined;
  /** Ends the opening or the connection that is going on; what it still reports is then nobody's. */
  #connection: AbortController | undefined;
  #lastUsed: number;
  /** Clock time from which sound may open the conversation; Infinity: only something else may. */
  #soundMayOpenAt = Number.NEGATIVE_INFINITY;

  constructor(options: ConversationOptions, emit: (event: ConversationEvent) => void) {
    this.#options = options;
    this.#emit = emit;
    this.#profile = profileOf(options.settings.model);
    this.#outgoing = new Outgoing(options.waiting);
    this.#turns = new Turns((event) => this.#emitTurnEvent(event), options.settings.thoughts);
    this.#pictures = new Pictures(options.clock, (picture, done) => this.#transmit(picture, done));
    this.#lastUsed = options.clock.now();
  }

  get state() {
    return this.#state;
  }

  get isOpen() {
    return this.#connection !== undefined;
  }

  /** Clock time, in milliseconds, at which something last went in or came out. */
  get lastUsed() {
    return this.#lastUsed;
  }

  /** Sends something, opening the conversation if need be; a signal to one that is not open means nothing and does nothing. */
  send(input: Input, done: Done) {
    this.#lastUsed = this.#options.clock.now();
    if (!this.isOpen) {
      if (input.kind === "signal") return done();
      if (input.kind === "sound" && this.#lastUsed < this.#soundMayOpenAt) return done();
    } else if (input.kind === "history" && this.#profile.history === "atStart") {
      const { model } = this.#options.settings;
      return done(
        new InputError(`${model} takes history only before a conversation begins: disconnect it first.`),
      );
    }
    if (this.#socket) return this.#pass(input, done);
    this.#outgoing.add(input, done);
    this.connect();
  }

  /** Opens the conversation if it is not open. */
  connect() {
    if (this.isOpen) return;
    const connection = new AbortController();
    this.#connection = connection;
    this.#setState("connecting");
    this.#open(connection.signal).then(
      (socket) => {
        if (connection.signal.aborted) return socket.close();
        this.#socket = socket;
        this.#soundMayOpenAt = Number.NEGATIVE_INFINITY;
        this.#setState("connected");
        this.#passWaiting();
      },
      (error: Error) => {
        if (!connection.signal.aborted) this.#fail(error);
      },
    );
  }

  /** Stops the model, and at once what comes of its answer. With nothing to stop, nothing happens. */
  interrupt() {
    if (this.#socket && this.#turns.stop()) writeStop(this.#socket.session, this.#profile);
  }

  /** Ends the conversation; sound alone does not open it again. Messages that still wait get an error. */
  disconnect() {
    this.#soundMayOpenAt = Number.POSITIVE_INFINITY;
    this.close();
  }

  /** Ends the conversation until something is sent again. Messages that still wait get an error. */
  close() {
    if (!this.isOpen) return;
    this.#turns.stop();
    this.#end(
      new InputError("Gemini Live: the conversation was ended before this could be sent."),
      "DISCONNECTED",
    );
  }

  /** Ends the conversation and opens a new one that knows nothing of it. */
  reset() {
    this.disconnect();
    this.#turns.reset();
    this.connect();
  }

  async #open(signal: AbortSignal) {
    const { settings, setupTimeoutMs, clock } = this.#options;
    this.#options.admit();
    const server = await this.#options.server();
    const historyFirst = this.#profile.history === "atStart" && this.#outgoing.has("history");
    const opening = {
      model: settings.model,
      config: buildSetup(settings).config,
      extraSetup: historyFirst ? { historyConfig: { initialHistoryInClientContent: true } } : {},
      timeoutMs: setupTimeoutMs,
    };
    const ifCurrent =
      <T>(handler: (value: T) => void) =>
      (value: T) => {
        if (!signal.aborted) handler(value);
      };
    const handlers = {
      onFrame: ifCurrent((frame: LiveServerMessage) => this.#receive(frame)),
      onBadFrame: ifCurrent((error: Error) => this.#emit({ type: "failed", error })),
      onClose: ifCurrent((error: ConnectionError) => this.#fail(error)),
    };
    return openSocket(server, opening, handlers, clock, signal);
  }

  #passWaiting() {
    const ms = this.#outgoing.takeLostSoundMs();
    if (ms) this.#emit({ type: "gap", ms });
    while (this.#socket) {
      const waiting = this.#outgoing.next();
      if (!waiting) return;
      this.#pass(waiting.input, waiting.done);
    }
  }

  #pass(input: Input, done: Done) {
    if (input.kind === "image") this.#pictures.send(input, done);
    else this.#transmit(input, done);
  }

  #transmit(input: Input, done: Done) {
    try {
      write(this.#socket!.session, this.#profile, input);
    } catch (error) {
      return done(error as Error);
    }
    if (input.kind === "text" && input.turnComplete) this.#turns.expectAnswer();
    done();
  }

  #receive(frame: LiveServerMessage) {
    this.#lastUsed = this.#options.clock.now();
    if (frame.usageMetadata) this.#turns.count(frame.usageMetadata);
    if (frame.serverContent) this.#turns.receive(frame.serverContent);
    if (frame.goAway) this.#emit({ type: "goAway", timeLeft: frame.goAway.timeLeft ?? "" });
    const { error } = frame as { error?: { message?: string } };
    if (error)
      this.#emit({
        type: "failed",
        error: new Error(`Gemini Live: the server reported "${error.message}".`),
      });
  }

  #emitTurnEvent(event: ConversationEvent) {
    this.#emit(event);
    if (event.type === "interrupted") this.#setState("interrupted");
    else if (event.type === "audio" && this.#state === "interrupted") this.#setState("connected");
  }

  /** The opening failed or the connection ended: every message that waits is told; if none does, an event tells it. */
  #fail(error: Error) {
    const permanent = error instanceof ConnectionError && error.verdict === "permanent";
    this.#soundMayOpenAt = permanent ? Number.POSITIVE_INFINITY : this.#options.clock.now() + SOUND_RETRY_MS;
    const cause = error instanceof ConnectionError ? error.reason : error.message;
    if (!this.#end(error, "CONNECTION_LOST", cause)) this.#emit({ type: "failed", error });
  }

  /** Lets go of the connection and of all that belongs to it. Returns how many waiting messages were told `error`. */
  #end(error: Error, reason: string, cause?: string): number {
    this.#connection?.abort();
    this.#connection = undefined;
    if (this.#socket) {
      this.#setState("closing");
      this.#socket.close();
      this.#socket = undefined;
      this.#turns.breakOff(reason);
    }
    this.#pictures.drop(error);
    const told = this.#outgoing.fail(error);
    this.#setState("closed", cause);
    return told;
  }

  #setState(state: State, cause?: string) {
    if (state === this.#state) return;
    this.#state = state;
    this.#emit({ type: "state", state, cause });
  }
}
