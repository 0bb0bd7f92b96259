// Receives the input of the flow: decides what is accepted, what opens the conversation and what waits until it is idle, and passes
// the rest to the sender.

import type { LiveClientContextUpdate } from "@google/genai";
import type { Clock } from "../../audio/clock";
import { InputError } from "../server/errors";
import type { ModelProfile } from "../setup/model-profiles";
import type { ConversationSettings } from "../setup/setup";
import { isIdle } from "../state/state";
import type { StateStore } from "../state/store";
import { judge } from "./admission";
import { IdleTexts } from "./idle-texts";
import {
  type Done,
  type HistoryTurn,
  type Input,
  type Kept,
  promptFor,
  type Signal,
  type Text,
} from "./input";
import { PushToTalk } from "./push-to-talk";
import type { QueueLimits } from "./queue";
import { type Outlet, Sender, type SenderListener } from "./sender";

export interface InputGateOptions extends SenderListener {
  settings: Pick<ConversationSettings, "model" | "turnDetection">;
  profile: ModelProfile;
  limits: QueueLimits;
  clock: Clock;
  state: StateStore;
  /** Opens the conversation if it is not open. */
  connect(): void;
  /** Whether the server already has a part of the conversation. */
  hasBegun(): boolean;
}

export class InputGate {
  readonly #options: InputGateOptions;
  readonly #sender: Sender;
  readonly #idleTexts = new IdleTexts();
  readonly #button: PushToTalk | undefined;

  constructor(options: InputGateOptions) {
    const { settings, profile, limits, clock, state } = options;
    this.#options = options;
    this.#sender = new Sender(profile, limits, clock, state, options);
    if (settings.turnDetection === "manual")
      this.#button = new PushToTalk(clock, state, (input, done) => this.#take(input, done));
  }

  get hasHistory() {
    return this.#sender.hasHistory;
  }

  /** Accepts or rejects an input of the flow. */
  send(input: Input, done: Done) {
    if (this.#button && input.kind === "sound") this.#button.hear(input, done);
    else if (this.#button && input.kind === "signal") this.#pushToTalk(this.#button, input, done);
    else this.#take(input, done);
  }

  /** Sends a tool response before anything that waits. */
  respond(input: Input, done: Done) {
    this.#sender.send(input, done);
  }

  /** Sends the texts that wait for an idle moment, up to the first one that needs an answer. */
  sendIdleTexts() {
    for (let text = this.#idleTexts.take(); text; text = this.#idleTexts.take()) {
      this.#sender.send(text.input, text.done);
      if (!isIdle(this.#options.state.current)) return;
    }
  }

  /** Stops the current answer on the server, if the model has a message for that. */
  stopAnswer() {
    this.#sender.stop();
  }

  /** Changes the instruction and the tools of the open session. */
  updateContext(update: LiveClientContextUpdate) {
    this.#sender.updateContext(update);
  }

  /** Rejects the texts that wait for a connection and need an answer. */
  rejectTexts() {
    if (this.#options.state.current.connection === "connected") return;
    const error = new InputError("The text was stopped before it was sent.", "GEMINI_ENDED");
    this.#sender.rejectTexts(error);
    this.#idleTexts.fail(error);
  }

  /** As Sender.open(). */
  open(outlet: Outlet, history: readonly HistoryTurn[], remembered: boolean | "partly") {
    this.#sender.open(outlet, history, remembered);
  }

  /** Queues texts that are sent again, before everything that waits. */
  putBack(texts: readonly Text[]) {
    this.#sender.putBack(texts.map((text) => ({ ...text, again: true })));
  }

  /** The texts and histories that wait, those that wait for an idle moment last. */
  get waiting(): readonly Kept[] {
    return [...this.#sender.waiting, ...this.#idleTexts.texts];
  }

  /** Queues what has waited in another process, before everything that waits. */
  restore(waiting: readonly Kept[]) {
    const isForIdle = (input: Kept): input is Text => input.kind === "text" && input.whenIdle === true;
    this.#idleTexts.putBack(waiting.filter(isForIdle));
    this.#sender.putBack(waiting.filter((input) => !isForIdle(input)));
  }

  /** Takes what waits, whose messages are done: another process sends it. */
  handOver(): readonly Kept[] {
    const sent = this.#sender.handOver();
    const { texts } = this.#idleTexts;
    for (let text = this.#idleTexts.take(); text; text = this.#idleTexts.take()) text.done();
    return [...sent, ...texts];
  }

  /** Before everything that waits, the model is asked to speak, unless it is asked something anyway. */
  begin() {
    if (!this.#sender.hasQuestion) this.#sender.putBack([promptFor()]);
  }

  /** As Sender.close(). */
  close(questions: readonly Text[]) {
    this.#sender.close(questions);
  }

  /** The connection is lost and another one is being opened: an open activity starts again there, before the waiting sound. */
  restartActivity() {
    if (!this.#button) return;
    const { state } = this.#options;
    const isPressed = state.current.button === "pressed";
    if (this.#sender.restartActivity(isPressed) && isPressed) state.apply({ type: "activityOpened" });
  }

  /** Rejects everything that waits. Returns the number of messages that got the error. */
  fail(error: Error): number {
    return this.#sender.fail(error) + this.#idleTexts.fail(error);
  }

  #take(input: Input, done: Done) {
    if (!this.#admits(input, done)) return;
    const waits = input.kind === "text" && input.whenIdle && !isIdle(this.#options.state.current);
    if (waits) this.#idleTexts.add(input, done);
    else this.#sender.send(input, done);
    this.#options.connect();
  }

  /** Of the button's signals, only the press opens the conversation. */
  #pushToTalk(button: PushToTalk, input: Signal, done: Done) {
    if (!this.#admits(input, done)) return;
    if (input.signal !== "activityStart") return button.release(done);
    this.#options.connect();
    button.press(done);
  }

  /** Returns false if the input is not accepted; `done` has then been called. */
  #admits(input: Input, done: Done): boolean {
    const { settings, profile, state, clock, hasBegun } = this.#options;
    const verdict = judge(input, state.current, settings, profile, hasBegun(), clock.now());
    if (verdict === "ignore") done();
    else if (verdict !== "take") done(verdict);
    return verdict === "take";
  }
}
