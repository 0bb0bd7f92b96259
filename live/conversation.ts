// One conversation with a Live model: creates its parts, and passes the requests of the flow to them.

import type { Clock } from "../audio/clock";
import { ConnectionReport } from "./connection/connection-report";
import { HANDLE_LIFETIME_MS, ResumptionHandle } from "./connection/resumption-handle";
import { SessionOpening } from "./connection/session-opening";
import { onProgress, progressOf } from "./conversation-progress";
import type { ConversationEvent } from "./events";
import { FrameRouter } from "./frame-router";
import { type Done, type Input, isKept, type Kept } from "./input/input";
import { InputGate } from "./input/input-gate";
import { Lifecycle } from "./lifecycle";
import type { ConversationOptions } from "./options";
import { profileOf } from "./setup/model-profiles";
import { type ConversationSettings, canResume, fixedPart, outlivesConnection } from "./setup/setup";
import { badgeState, isOpen, visibleState } from "./state/state";
import { StateStore } from "./state/store";
import { ToolDispatch, type ToolResult } from "./tools/tool-dispatch";
import { ServerWatch } from "./turns/server-watch";
import { TurnTracker } from "./turns/turn-tracker";
import { UserActivity } from "./turns/user-activity";
import { Upkeep } from "./upkeep";

export class Conversation {
  readonly #clock: Clock;
  readonly #state = new StateStore();
  readonly #turns: TurnTracker;
  readonly #opening: SessionOpening;
  readonly #input: InputGate;
  readonly #tools: ToolDispatch;
  readonly #lifecycle: Lifecycle;
  readonly #upkeep: Upkeep;
  readonly #handle: ResumptionHandle;
  #lastUsed: number;
  /** What is left to another process, which may continue the conversation from now on; undefined: it is not left. */
  #left: readonly Kept[] | undefined;
  /** What waits may have changed. */
  #noteSoon = () => {};

  constructor(options: ConversationOptions, emit: (event: ConversationEvent) => void) {
    const { settings, continuity, clock } = options;
    const state = this.#state;
    const profile = profileOf(settings.model);
    this.#clock = clock;
    this.#lastUsed = clock.now();
    const report = new ConnectionReport(clock, state, emit);
    const handle: ResumptionHandle = new ResumptionHandle(
      canResume(settings, continuity),
      outlivesConnection(settings, continuity) ? options.handles : undefined,
      progressOf(() => ({
        clock,
        state,
        turns,
        opening,
        report,
        tools,
        input,
        lifecycle,
        left: () => this.#left,
      })),
    );
    if (options.handles?.keepsProgress)
      this.#noteSoon = onProgress(state, () => {
        if (!this.#left) handle.note();
      });
    const watch = new ServerWatch(
      clock,
      state,
      profile.turnEnds === "turnComplete" ? continuity.stallTimeoutMs : 0,
    );
    const activity = new UserActivity(clock, state, settings.detection.silenceDurationMs);
    const maxQuestions = options.waiting.messages;
    const turns = new TurnTracker({ settings, profile, clock, state, activity, watch, maxQuestions, emit });
    const opening = new SessionOpening(options, state);
    const input = new InputGate({
      settings,
      profile,
      limits: options.waiting,
      clock,
      state,
      connect: () => this.connect(),
      hasBegun: () => this.isOpen || handle.value(clock.now()) !== undefined,
      onSent: (sent) => {
        turns.onSent(sent);
        if (isKept(sent) || sent.kind === "toolResponse") this.#noteSoon();
      },
      onLostSound: (ms) => emit({ type: "gap", pauseMs: 0, lostSoundMs: Math.round(ms) }),
    });
    const tools = new ToolDispatch({
      profile,
      tools: options.tools,
      state,
      clock,
      send: (response, done) => input.respond(response, done),
      emit,
    });
    const lifecycle = new Lifecycle(options, {
      state,
      report,
      watch,
      handle,
      opening,
      turns,
      input,
      tools,
      emit,
      onFrame: (frame, unknown) => {
        this.#lastUsed = clock.now();
        frames.receive(frame, unknown);
      },
    });
    const upkeep = new Upkeep(options, {
      state,
      report,
      watch,
      opening,
      lifecycle,
      handle,
      turns,
      input,
      tools,
      emit,
    });
    const frames = new FrameRouter({ clock, state, watch, handle, turns, tools, upkeep, emit });
    this.#handle = handle;
    this.#turns = turns;
    this.#opening = opening;
    this.#input = input;
    this.#tools = tools;
    this.#lifecycle = lifecycle;
    this.#upkeep = upkeep;
  }

  /** The state as events show it. */
  get state() {
    return visibleState(this.#state.current);
  }

  /** The state as the badge shows it. */
  get badgeState() {
    return badgeState(this.#state.current);
  }

  /** Whether there is a connection, or one is being made. */
  get isOpen() {
    return isOpen(this.#state.current);
  }

  /** As ResumptionHandle.isRead. */
  get isRead() {
    return this.#handle.isRead;
  }

  /** Clock time, in milliseconds, of the last input or output. */
  get lastUsed() {
    return this.#lastUsed;
  }

  /** Clock time, in milliseconds, until which a closed conversation must be kept; Infinity: until it is opened again. */
  get keepUntil() {
    const { keepUntil } = this.#state.current;
    return this.settings.own ? Math.max(keepUntil, this.#lastUsed + HANDLE_LIFETIME_MS) : keepUntil;
  }

  /** How the token budget was used up; undefined: it was not. */
  get spent() {
    return this.#state.current.spent;
  }

  /** Only a reset opens the conversation from now on. @param why as `spent` */
  spend(why: string) {
    this.#state.apply({ type: "spent", why });
  }

  /** Sends an input, and opens the conversation if necessary. A signal to a conversation that is not open does nothing. */
  send(input: Input, done: Done) {
    this.#lastUsed = this.#clock.now();
    this.#state.batch(() => this.#input.send(input, done));
    if (isKept(input)) this.#noteSoon();
  }

  /** Opens the conversation if it is not open. */
  connect() {
    this.#lifecycle.connect();
  }

  /** Stops the answer, and rejects the texts that wait for a connection. With nothing to stop, nothing happens. */
  interrupt() {
    this.#state.batch(() => {
      if (this.#turns.stop()) this.#input.stopAnswer();
      this.#turns.questions.giveUp();
      this.#input.rejectTexts();
    });
    this.#noteSoon();
  }

  /** Whether a tool call waits for a response. */
  awaits(id: string) {
    return this.#state.current.calls.some((call) => call.id === id);
  }

  /** Sends a tool response; `done` gets an error if the call does not wait for one. */
  respond(id: string, result: ToolResult, done: Done) {
    this.#lastUsed = this.#clock.now();
    this.#state.batch(() => this.#tools.respond(id, result, done));
  }

  /** The tools may have changed: an open conversation gets them at the next idle moment. */
  updateTools() {
    this.#state.idleAgain();
  }

  /** As SessionOpening.settings. */
  get settings() {
    return this.#opening.settings;
  }

  /** Changes the instruction, as SessionOpening.instruct(). */
  instruct(instruction: string) {
    this.#opening.instruct(instruction);
    this.#noteSoon();
  }

  /** Whether these settings can replace those of the conversation. */
  canTake(settings: ConversationSettings) {
    return fixedPart(settings) === fixedPart(this.settings);
  }

  /** Changes the settings to others that canTake(), as SessionOpening.configure(). */
  configure(settings: ConversationSettings) {
    this.#opening.configure(settings);
    this.#noteSoon();
  }

  /** Ends the conversation; sound alone does not open another. Messages that still wait are rejected. */
  disconnect() {
    this.end();
    this.#state.apply({ type: "disconnectedByFlow" });
  }

  /** Ends the conversation; the next one does not continue it. Messages that still wait are rejected. */
  end(cause?: string) {
    this.#lifecycle.end(cause);
  }

  /** Ends the conversation and opens another. */
  reset() {
    this.end();
    this.#state.apply({ type: "reset" });
    this.connect();
  }

  /**
   * Closes the connection and rejects everything still queued; a stored handle can still resume the conversation.
   * @param handsOver another process waits for the conversation, and sends the texts that wait: their messages are done
   * @returns the number of sent texts without an answer; those that are stored to be sent again do not count
   */
  close(cause?: string, handsOver = false): number {
    this.#left = handsOver ? this.#input.handOver() : [];
    this.#handle.note();
    return this.#lifecycle.close(cause);
  }

  /**
   * Calls `leave` at the next idle moment, at the latest in `withinMs` milliseconds; at once if the conversation is not open. Of several
   * calls, the shortest time counts for all.
   */
  leave(withinMs: number, leave: () => void) {
    this.#upkeep.leave(withinMs, leave);
  }

  /** Checks for tool timeouts, stalls, and tokens that expire soon. Call it about once a second. */
  watch() {
    this.#upkeep.check();
  }
}
