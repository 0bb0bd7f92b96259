// One conversation with a Live model: it opens when there is something to say, tells what comes out, and survives the
// connections that it is made of.

import { type LiveServerMessage, VoiceActivityType } from "@google/genai";
import { Connection, reasonOf } from "./connection/connection";
import { ConnectionStatus } from "./connection/connection-status";
import { Opening } from "./connection/opening";
import { ResumptionHandle } from "./connection/resumption-handle";
import type { LiveSocket } from "./connection/socket";
import type { ConversationEvent } from "./events";
import { Admission } from "./input/admission";
import { IdleQueue } from "./input/idle-queue";
import { PushToTalk } from "./input/push-to-talk";
import type { Done, Input } from "./input/queue";
import { Sender } from "./input/sender";
import type { ConversationOptions } from "./options";
import { ConnectionError, InputError } from "./server/errors";
import { type ModelProfile, profileOf } from "./setup/model-profiles";
import { type Answer, ToolDispatch } from "./tools/tool-dispatch";
import { TurnTracker } from "./turns/turn-tracker";

/** Milliseconds of silence after which a stop counts as obeyed, though the server never said so (docs/live-api.md 2). */
const STOP_ACKNOWLEDGED_MS = 3_000;
/** Milliseconds before the end of a connection at which it is changed over at the latest, or half of a shorter time. */
const END_MARGIN_MS = 5_000;

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #emit: (event: ConversationEvent) => void;
  readonly #profile: ModelProfile;
  readonly #admission: Admission;
  readonly #handle: ResumptionHandle;
  readonly #dialer: Opening;
  readonly #connection: Connection;
  readonly #sender: Sender;
  readonly #status: ConnectionStatus;
  readonly #tools: ToolDispatch;
  readonly #agenda: IdleQueue;
  readonly #button: PushToTalk | undefined;
  #turns: TurnTracker;
  /** There is a connection now. */
  #connected = false;
  #lastUsed: number;
  /** Clock time from which the server's silence counts. */
  #serverSilentSince = 0;
  #turnCompleted = false;

  constructor(options: ConversationOptions, emit: (event: ConversationEvent) => void) {
    const { settings, continuity, waiting, handles, clock, random } = options;
    this.#options = options;
    this.#emit = emit;
    this.#profile = profileOf(settings.model);
    this.#status = new ConnectionStatus(clock, emit);
    this.#turns = this.#newTurns();
    this.#lastUsed = clock.now();
    this.#admission = new Admission(settings, clock);
    this.#handle = new ResumptionHandle(handles);
    this.#dialer = new Opening(options);
    this.#agenda = new IdleQueue(clock, {
      changeOver: (cause) => this.#connection.changeOver(cause),
      say: (input, done) => this.#sender.send(input, done),
    });
    if (settings.turnDetection === "manual")
      this.#button = new PushToTalk((input, done) => this.#take(input, done));
    this.#tools = new ToolDispatch({
      profile: this.#profile,
      tools: () => this.#dialer.tools,
      clock,
      send: (input, done) => this.#sender.send(input, done),
      emit,
    });
    this.#sender = new Sender(this.#profile, waiting, clock, {
      holdsSound: () => this.#tools.isDeaf,
      onSent: (input) => this.#sent(input),
      onLostSound: (ms) => this.#emit({ type: "gap", pauseMs: 0, lostSoundMs: Math.round(ms) }),
    });
    this.#connection = new Connection(
      {
        prepare: handles && (() => this.#handle.load(clock.now())),
        dial: (handle, handlers, signal) =>
          this.#dialer.dial(handle, () => this.#hasHistory, handlers, signal),
        handle: this.#handle,
        reconnectAttempts: continuity.reconnectAttempts,
        reconnect: this.#survives,
        clock,
        random,
      },
      {
        onTry: (attempt) => this.#status.onTry(attempt),
        onOpen: (socket, resumed) => this.#opened(socket, resumed),
        onFrame: (frame) => this.#receive(frame),
        onBadFrame: (error) => this.#emit({ type: "failed", error }),
        onLost: () => this.#lost(),
        onGivenUp: (error) => this.#givenUp(error),
      },
    );
  }

  get state() {
    return this.#status.state;
  }

  /** Whether there is a connection, or one is being made. */
  get isOpen() {
    return this.#connection.isAlive;
  }

  /** Clock time, in milliseconds, at which something last went in or came out. */
  get lastUsed() {
    return this.#lastUsed;
  }

  /** Whether it could go on, though it is not open. */
  get isRemembered() {
    return this.#admission.isRemembered;
  }

  /** Sends something, opening the conversation if need be; a signal to one that is not open means nothing and does nothing. */
  send(input: Input, done: Done) {
    if (this.#button) this.#button.pass(input, done);
    else this.#take(input, done);
  }

  #take(input: Input, done: Done) {
    const now = this.#options.clock.now();
    this.#lastUsed = now;
    const hasBegun = this.isOpen || this.#handle.value(now) !== undefined;
    const verdict = this.#admission.judge(input, this.isOpen, hasBegun);
    if (verdict === "ignore") return done();
    if (verdict !== "take") return done(verdict);
    if (input.kind === "text" && input.whenIdle) {
      this.#agenda.planText(input, done);
      this.connect();
      return this.#useQuiet();
    }
    this.#sender.send(input, done);
    this.connect();
  }

  /** Opens the conversation if it is not open. */
  connect() {
    if (!this.isOpen && !this.#admission.spent) this.#connection.open();
  }

  /** Stops the model, and at once what comes of its answer. With nothing to stop, nothing happens. */
  interrupt() {
    if (this.#turns.stop()) this.#sender.stop();
  }

  /** Gives the answer of a tool to a call; `done` gets an error when nobody waits for it. */
  answer(id: string, answer: Answer, done: Done) {
    this.#lastUsed = this.#options.clock.now();
    this.#tools.answer(id, answer, done);
  }

  /** The tools may have changed: a running conversation takes them up at its next quiet moment. */
  updateTools() {
    if (this.#dialer.isOutdated) this.#changeSetup("the tools have changed");
  }

  /** Gives the model another instruction, from the next quiet moment on. */
  instruct(instruction: string) {
    this.#dialer.instruction = instruction;
    this.#changeSetup("the instruction has changed");
  }

  /** On a resume everything but the model may change (docs/live-api.md 1.2). */
  #changeSetup(cause: string) {
    if (!this.#connected || !this.#survives) return;
    this.#agenda.planChangeOver(cause);
    this.#useQuiet();
  }

  /** Ends the conversation; sound alone does not begin another. Messages that still wait get an error. */
  disconnect() {
    this.#admission.onDisconnect();
    this.end();
  }

  /** Ends the conversation: the next one knows nothing of it. Messages that still wait get an error. */
  end() {
    this.close();
    this.#handle.drop();
    this.#turns = this.#newTurns();
    this.#dialer.instruction = undefined;
    this.#admission.onEnd();
  }

  /** Ends the conversation and begins another. */
  reset() {
    this.end();
    this.connect();
  }

  /** Lets go of the connection and of everything that waits for it; whoever keeps the handle can go on with the conversation. */
  close() {
    if (!this.isOpen) return;
    this.#turns.stop();
    this.#letGo(
      new InputError("Gemini Live: the conversation was ended before this could be sent."),
      "DISCONNECTED",
    );
  }

  /** Looks for tools and a server that have fallen silent, and for a token that ends; to be called about once a second. */
  watch() {
    this.#tools.watch();
    if (this.#connected && this.#survives)
      this.#dialer.watch((endsInMs) => {
        if (!this.#connected) return;
        this.#planEnd(endsInMs, "the token is about to end");
        this.#useQuiet();
      });
    const { continuity, clock } = this.#options;
    const ms = clock.now() - this.#serverSilentSince;
    if (ms >= STOP_ACKNOWLEDGED_MS) this.#turns.forgetStop();
    if (
      !this.#connected ||
      !this.#turns.awaitsServer ||
      !continuity.stallTimeoutMs ||
      ms < continuity.stallTimeoutMs
    )
      return;
    const cure = this.#survives ? continuity.onStall : "report";
    this.#emit({ type: "stall", ms: Math.round(ms), cure });
    if (cure === "resume") this.#connection.changeOver("the server fell silent");
    else this.#turns.settle();
  }

  get #survives() {
    const { settings, continuity } = this.#options;
    return continuity.onConnectionLoss !== "report" && !settings.singleTurn;
  }

  #newTurns() {
    const { settings } = this.#options;
    return new TurnTracker((event) => this.#tellTurn(event), settings.thoughts, this.#profile.contextWindow);
  }

  get #hasHistory() {
    return this.#turns.remembered.length > 0 || this.#sender.hasHistory;
  }

  #opened(socket: LiveSocket, resumed: boolean) {
    this.#connected = true;
    this.#admission.onOpen();
    this.#status.onOpen(resumed);
    if (!resumed) this.#tools.forget();
    this.#sender.open(socket, resumed ? undefined : this.#turns.remembered);
    this.updateTools(); // They may have changed while it was being opened.
    this.#useQuiet();
  }

  #sent(input: Input) {
    if (input.kind === "history") for (const utterance of input.turns) this.#turns.note(utterance);
    if (input.kind === "signal") this.#turns.hearUser(input.signal === "activityStart");
    if (input.kind === "text" && input.turnComplete)
      this.#turns.ask({ text: input.text, again: input.again ?? false });
    else if (input.kind === "text") this.#turns.note({ role: "user", text: input.text });
    if (input.kind === "toolResponse" && input.scheduling !== "SILENT" && !this.#tools.isBlocked)
      this.#turns.awaitAnswer();
    if (input.kind !== "sound") this.#serverSilentSince = this.#options.clock.now();
  }

  #receive(frame: LiveServerMessage) {
    const now = this.#options.clock.now();
    this.#lastUsed = now;
    this.#serverSilentSince = now;
    const { sessionResumptionUpdate, voiceActivity, usageMetadata, serverContent, goAway } = frame;
    if (sessionResumptionUpdate && this.#options.continuity.onConnectionLoss === "resume")
      this.#handle.update(sessionResumptionUpdate, now);
    if (voiceActivity?.voiceActivityType)
      this.#turns.hearUser(voiceActivity.voiceActivityType === VoiceActivityType.ACTIVITY_START);
    if (usageMetadata) this.#turns.count(usageMetadata);
    if (serverContent) this.#turns.receive(serverContent);
    if (frame.toolCall) {
      this.#turns.callTool();
      this.#tools.receive(frame.toolCall.functionCalls ?? []);
    }
    if (frame.toolCallCancellation) this.#tools.cancel(frame.toolCallCancellation.ids ?? []);
    if (goAway) this.#goAway(goAway.timeLeft ?? "");
    const { error } = frame as { error?: { message?: string } };
    if (error)
      this.#emit({
        type: "failed",
        error: new Error(`Gemini Live: the server reported "${error.message}".`),
      });
    if (this.#turnCompleted && this.#isQuiet) this.#afterTurn();
    this.#useQuiet();
  }

  get #isQuiet() {
    return this.#turns.isQuiet && !this.#tools.isBusy;
  }

  #afterTurn() {
    const { settings, continuity } = this.#options;
    const { tokensUsed } = this.#turns;
    this.#turnCompleted = false;
    if (settings.singleTurn) return this.end();
    if (!continuity.tokenBudget || tokensUsed < continuity.tokenBudget) return;
    this.end();
    const why = `the conversation has used ${tokensUsed} tokens, and may use ${continuity.tokenBudget}`;
    this.#admission.spent = why;
    this.#emit({ type: "refused", what: "tokenBudget", why });
  }

  /** A goAway is a plan: the change-over is at the next quiet moment, or shortly before the time is up (docs/live-api.md 1.7). */
  #goAway(timeLeft: string) {
    this.#emit({ type: "goAway", timeLeft });
    this.#planEnd(1000 * (Number.parseFloat(timeLeft) || 0), "the server is about to end the connection");
  }

  /** The connection will end in `ms`. */
  #planEnd(ms: number, cause: string) {
    if (this.#survives) this.#agenda.planChangeOver(cause, ms - Math.min(END_MARGIN_MS, ms / 2));
  }

  #useQuiet() {
    if (this.#connected && this.#isQuiet) this.#agenda.onQuiet();
  }

  #tellTurn(event: ConversationEvent) {
    this.#emit(event);
    if (event.type === "turnComplete") this.#turnCompleted = true;
    else if (event.type === "interrupted" && this.#connected) this.#status.set("interrupted");
    else if (event.type === "audio" && this.#status.state === "interrupted") this.#status.set("connected");
  }

  /** The connection is gone, and another one will be tried. */
  #lost() {
    this.#status.onLost();
    this.#leave("CONNECTION_LOST");
  }

  /** It could not be opened, or not again: every message that waits is told; if none does, an event tells it. */
  #givenUp(error: Error) {
    const permanent = error instanceof ConnectionError && error.verdict === "permanent";
    this.#admission.onGivenUp(permanent, this.#survives);
    if (!this.#letGo(error, "CONNECTION_LOST", reasonOf(error))) this.#emit({ type: "failed", error });
    if (!this.#survives) this.#turns = this.#newTurns();
  }

  /** Lets go of the connection and of all that waits for it. Returns how many messages were told `error`. */
  #letGo(error: Error, reason: string, cause?: string): number {
    if (this.#connected) this.#status.set("closing");
    this.#connection.close();
    this.#leave(reason);
    this.#tools.forget();
    const told = this.#sender.fail(error) + this.#agenda.fail(error);
    this.#status.onClosed(cause);
    return told;
  }

  /** What had no answer waits to be asked again. */
  #leave(reason: string) {
    this.#connected = false;
    this.#agenda.onLost();
    this.#button?.onLost();
    this.#sender.close(this.#turns.breakOff(reason));
    this.#turnCompleted = false;
  }
}
