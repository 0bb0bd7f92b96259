// One conversation with a Live model: connects the parts that open it, send into it, follow its turns and call its tools.

import type { LiveServerMessage } from "@google/genai";
import { durationMs } from "../audio/frames";
import { ChangeOverPlan } from "./connection/change-over";
import { Connection, type Remembered, reasonOf } from "./connection/connection";
import { ConnectionReport } from "./connection/connection-report";
import { HANDLE_LIFETIME_MS, ResumptionHandle } from "./connection/resumption-handle";
import { SessionOpening } from "./connection/session-opening";
import type { LiveSocket } from "./connection/socket";
import type { ConversationEvent } from "./events";
import type { Done, Input } from "./input/input";
import { InputGate } from "./input/input-gate";
import type { ConversationOptions } from "./options";
import { ConnectionError, InputError } from "./server/errors";
import { profileOf } from "./setup/model-profiles";
import { canResume, outlivesConnection } from "./setup/setup";
import { isOpen, visibleState } from "./state/state";
import { StateStore } from "./state/store";
import { type Answer, ToolDispatch } from "./tools/tool-dispatch";
import { ServerWatch } from "./turns/server-watch";
import { TurnTracker } from "./turns/turn-tracker";
import { UserActivity } from "./turns/user-activity";
import { Upkeep } from "./upkeep";

/**
 * Milliseconds before the end that a goAway announces in which an idle moment is used to change over. 3.8 can announce an end in 300 s
 * when a session has just begun, and may do so again after each change-over (docs/live-api.md 2).
 */
const GO_AWAY_WINDOW_MS = 60_000;

/** Hz; the server's sound has 24 kHz where it does not say so (docs/live-api.md 1.3). */
const sampleRateOf = (mimeType: string) => Number(/rate=(\d+)/.exec(mimeType)?.[1]) || 24_000;

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #emit: (event: ConversationEvent) => void;
  readonly #state: StateStore;
  readonly #report: ConnectionReport;
  readonly #activity: UserActivity;
  readonly #turns: TurnTracker;
  readonly #watch: ServerWatch;
  readonly #handle: ResumptionHandle;
  readonly #opening: SessionOpening;
  readonly #connection: Connection;
  readonly #upkeep: Upkeep;
  readonly #input: InputGate;
  readonly #tools: ToolDispatch;
  #lastUsed: number;

  constructor(options: ConversationOptions, emit: (event: ConversationEvent) => void) {
    const { settings, continuity, waiting, handles, tools, clock, random } = options;
    const profile = profileOf(settings.model);
    this.#options = options;
    this.#emit = emit;
    this.#lastUsed = clock.now();
    this.#state = new StateStore(
      (before, after, event) => {
        if (after.turn > before.turn) {
          if (event.type === "turnComplete" && !event.cutOff) this.#connection.prove();
          this.#state.idleAgain(); // A turn may end without ever having been busy.
        }
        if (after.connection !== "connected") {
          changeOver.cancel();
          this.#activity.reset();
        }
        this.#report.onChange(before, after, event.type === "closed" ? event.cause : undefined);
      },
      () => this.#upkeep.onIdle(),
    );
    this.#report = new ConnectionReport(clock, emit);
    this.#activity = new UserActivity(clock, this.#state, settings.detection.silenceDurationMs);
    this.#turns = new TurnTracker({
      profile,
      includeThoughts: settings.thoughts,
      segmentSilenceMs: settings.segmentSilenceMs,
      clock,
      state: this.#state,
      activity: this.#activity,
      emit: (event) => {
        if (event.type === "audio") this.#watch.onAudio(durationMs(event.pcm, sampleRateOf(event.mimeType)));
        emit(event);
      },
    });
    const stallTimeoutMs = profile.turnEnds === "turnComplete" ? continuity.stallTimeoutMs : 0;
    this.#watch = new ServerWatch(clock, this.#state, stallTimeoutMs, (ms) => this.#upkeep.onStall(ms));
    this.#handle = new ResumptionHandle(this.#resumes ? handles : undefined);
    this.#opening = new SessionOpening(options);
    this.#connection = new Connection(
      {
        open: (handle, handlers, signal) =>
          this.#opening.open(handle, () => this.#hasHistory, handlers, signal),
        handle: this.#handle,
        reconnectAttempts: continuity.onConnectionLoss === "report" ? 0 : continuity.reconnectAttempts,
        reconnect: this.#survives,
        clock,
        random,
      },
      {
        onAttempt: (attempt, cause) => this.#report.onAttempt(attempt, cause),
        onOpen: (socket, remembered) => this.#onOpen(socket, remembered),
        onFrame: (frame) => this.#state.batch(() => this.#receive(frame)),
        onBadFrame: (error) => emit({ type: "failed", error }),
        onLost: (isFresh) => this.#onLost(isFresh),
        onGivenUp: (error) => this.#onGivenUp(error),
      },
    );
    const changeOver = new ChangeOverPlan(clock, this.#state, (cause) => this.#connection.changeOver(cause));
    this.#input = new InputGate({
      settings,
      profile,
      limits: waiting,
      clock,
      state: this.#state,
      connect: () => this.connect(),
      hasBegun: () => this.isOpen || this.#handle.value(clock.now()) !== undefined,
      onSent: (input) => this.#onSent(input),
      onLostSound: (ms) => emit({ type: "gap", pauseMs: 0, lostSoundMs: Math.round(ms) }),
    });
    this.#tools = new ToolDispatch({
      profile,
      tools,
      state: this.#state,
      clock,
      send: (input, done) => this.#input.respond(input, done),
      emit,
    });
    this.#upkeep = new Upkeep(options, {
      state: this.#state,
      opening: this.#opening,
      connection: this.#connection,
      changeOver,
      input: this.#input,
      turns: this.#turns,
      emit,
      end: () => this.end(),
    });
  }

  /** The state as users know it. */
  get state() {
    return visibleState(this.#state.current);
  }

  /** Whether there is a connection, or one is being made. */
  get isOpen() {
    return isOpen(this.#state.current);
  }

  /** Clock time, in milliseconds, at which something last went in or came out. */
  get lastUsed() {
    return this.#lastUsed;
  }

  /** Clock time, in milliseconds, until which its state matters although it is not open; Infinity: until it is opened again. */
  get keepUntil() {
    return this.#state.current.keepUntil;
  }

  /** Sends something, and opens the conversation if need be. A signal to a conversation that is not open does nothing. */
  send(input: Input, done: Done) {
    this.#lastUsed = this.#options.clock.now();
    this.#state.batch(() => this.#input.send(input, done));
  }

  /** Opens the conversation if it is not open. */
  connect() {
    if (this.isOpen || this.#state.current.spent) return;
    this.#state.apply({ type: "connecting" });
    this.#connection.open();
  }

  /** Stops the answer, and rejects the texts that wait for a connection. With nothing to stop, nothing happens. */
  interrupt() {
    this.#state.batch(() => {
      if (this.#turns.stop()) this.#input.stopAnswer();
      if (this.#state.current.connection === "connected") return;
      this.#input.rejectTexts(new InputError("Gemini Live: the text was stopped before it was sent."));
    });
  }

  /** Sends the response of a tool; `done` gets an error when no response is wanted. */
  answer(id: string, answer: Answer, done: Done) {
    this.#lastUsed = this.#options.clock.now();
    this.#state.batch(() => this.#tools.answer(id, answer, done));
  }

  /** The tools may have changed: an open conversation is told at the next idle moment. */
  updateTools() {
    this.#state.idleAgain();
  }

  /** Gives the model another instruction: at the next idle moment, or with the next setup. */
  instruct(instruction: string, done: Done) {
    if (this.isOpen && !this.#survives)
      return done(
        new InputError(
          'Gemini Live: the instruction of an open conversation cannot change with "report only" or single turn. Send the action "disconnect" first.',
        ),
      );
    this.#opening.instruction = instruction;
    this.#state.apply({ type: "prepared", keepUntil: this.#options.clock.now() + HANDLE_LIFETIME_MS });
    this.#state.idleAgain();
    done();
  }

  /** Ends the conversation; sound alone does not open another. Messages that still wait are rejected. */
  disconnect() {
    this.end();
    this.#state.apply({ type: "disconnectedByFlow" });
  }

  /** Ends the conversation: the next one knows nothing of it. Messages that still wait are rejected. */
  end(cause?: string) {
    this.close(cause);
    this.#handle.forget();
    this.#opening.instruction = undefined;
    this.#startOver();
  }

  /** Ends the conversation and opens another. */
  reset() {
    this.end();
    this.#state.apply({ type: "reset" });
    this.connect();
  }

  /**
   * Closes the connection and rejects everything still queued; with a stored handle the conversation can be resumed.
   * @returns how many texts that were sent remain without an answer; those that are stored to be sent again do not count
   */
  close(cause?: string): number {
    if (!this.isOpen) return 0;
    let unanswered = 0;
    this.#state.batch(() => {
      const texts = this.#turns.unanswered;
      if (texts.length && !this.#handle.storeUnanswered(texts)) unanswered = texts.length;
      this.#turns.stop();
      const error = new InputError("Gemini Live: the conversation ended before this could be sent.");
      this.#shut(error, "DISCONNECTED", cause);
    });
    return unanswered;
  }

  /** Notices timeouts of tools, stalls, and tokens that expire soon; to be called about once a second. */
  watch() {
    this.#state.batch(() => {
      this.#tools.checkTimeouts();
      this.#watch.check();
    });
    if (this.#state.current.connection === "connected" && this.#survives)
      this.#opening.watch((endsInMs) => this.#upkeep.planEnd("the token expires soon", endsInMs));
  }

  get #survives() {
    return outlivesConnection(this.#options.settings, this.#options.continuity);
  }

  get #resumes() {
    return canResume(this.#options.settings, this.#options.continuity);
  }

  get #hasHistory() {
    return this.#turns.history.length > 0 || this.#input.hasHistory;
  }

  #onOpen(socket: LiveSocket, remembered: Remembered) {
    this.#state.batch(() => {
      const isResumed = remembered !== false;
      this.#state.apply({ type: "connected", resumed: isResumed });
      this.#report.onOpen(remembered);
      if (!isResumed) this.#tools.forget();
      this.#watch.restart();
      this.#input.putBack(this.#handle.takeUnanswered());
      this.#input.open(socket, this.#turns.historyFor(isResumed), isResumed);
    });
  }

  #onSent(input: Input) {
    if (input.kind === "sound") {
      if (this.#options.settings.turnDetection === "automatic") this.#activity.onSound(input.pcm);
      return;
    }
    this.#watch.restart();
    this.#turns.onSent(input);
  }

  #receive(frame: LiveServerMessage) {
    const now = this.#options.clock.now();
    this.#lastUsed = now;
    this.#watch.restart();
    const { sessionResumptionUpdate, toolCall, toolCallCancellation, goAway } = frame;
    if (sessionResumptionUpdate && this.#resumes) this.#handle.update(sessionResumptionUpdate, now);
    this.#turns.receive(frame);
    if (toolCall) {
      this.#turns.onToolCall();
      this.#tools.receive(toolCall.functionCalls ?? []);
    }
    if (toolCallCancellation) this.#tools.cancel(toolCallCancellation.ids ?? []);
    if (goAway)
      this.#upkeep.planEnd(
        "the server will close the connection",
        this.#report.onGoAway(goAway.timeLeft),
        GO_AWAY_WINDOW_MS,
      );
    const { error } = frame as { error?: { message?: string } };
    if (error)
      this.#emit({
        type: "failed",
        error: new Error(`Gemini Live: the server reported "${error.message ?? JSON.stringify(error)}".`),
      });
  }

  #onLost(isFresh: boolean) {
    this.#state.batch(() => {
      this.#report.onLost();
      this.#input.close(this.#turns.breakOff("CONNECTION_LOST", isFresh));
      this.#state.apply({ type: "connectionLost" });
      this.#input.restartActivity();
    });
  }

  /** Every message that waits gets the error; if none does, an event reports it. */
  #onGivenUp(error: Error) {
    const permanent = error instanceof ConnectionError && error.verdict === "permanent";
    this.#state.batch(() => {
      const now = this.#options.clock.now();
      const keepMs = this.#survives ? HANDLE_LIFETIME_MS : 0;
      this.#state.apply({ type: "failed", permanent, now, keepMs });
      const reported = this.#shut(error, "CONNECTION_LOST", reasonOf(error));
      if (!reported) this.#emit({ type: "failed", error });
      if (!this.#survives) this.#startOver();
    });
  }

  #startOver() {
    this.#turns.restart();
    this.#state.apply({ type: "ended" });
  }

  /** Closes the connection and rejects what waits. Returns to how many senders `error` was reported. */
  #shut(error: Error, reason: string, cause: string | undefined): number {
    if (this.#state.current.connection === "connected") this.#state.apply({ type: "closing" });
    this.#connection.close();
    this.#input.close(this.#turns.breakOff(reason));
    this.#tools.forget();
    this.#state.apply({ type: "closed", cause });
    this.#report.onClosed();
    return this.#input.fail(error);
  }
}
