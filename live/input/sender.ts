// Sends input to the server in order: at once if the connection can take it, else it waits.

import type { LiveClientContextUpdate } from "@google/genai";
import type { Clock } from "../../audio/clock";
import { InputError } from "../server/errors";
import type { ModelProfile } from "../setup/model-profiles";
import type { StateStore } from "../state/store";
import { isSilencedByTools } from "./admission";
import { type Writable, write, writeStop } from "./client-messages";
import { ImageRate } from "./image-rate";
import { type Done, type HistoryTurn, type Input, type Kept, resultOf, type Text } from "./input";
import { InputQueue, type QueueLimits } from "./queue";

/** Bytes in the socket's buffer above which sound waits in the queue: about three seconds of base64 sound. */
const MAX_BUFFERED_BYTES = 128 * 1024;
/** Milliseconds between two checks of a full socket. */
const DRAIN_MS = 100;

/** The connection as the sender uses it. */
export interface Outlet extends Writable {
  /** Bytes that were sent but have not left this machine. */
  bufferedAmount(): number;
}

export interface SenderListener {
  /** The input was written to the socket. */
  onSent(input: Input): void;
  /** Milliseconds of sound that were dropped from the full queue. */
  onLostSound(ms: number): void;
}

export class Sender {
  readonly #profile: ModelProfile;
  readonly #clock: Clock;
  readonly #state: StateStore;
  readonly #listener: SenderListener;
  readonly #queue: InputQueue;
  readonly #images: ImageRate;
  #outlet: Outlet | undefined;
  #cancelDrain: (() => void) | undefined;
  /** Clock time, in milliseconds, of the last activityEnd on this connection. */
  #activityEndedAt = Number.NEGATIVE_INFINITY;

  constructor(
    profile: ModelProfile,
    limits: QueueLimits,
    clock: Clock,
    state: StateStore,
    listener: SenderListener,
  ) {
    this.#profile = profile;
    this.#clock = clock;
    this.#state = state;
    this.#listener = listener;
    this.#queue = new InputQueue(limits);
    this.#images = new ImageRate(clock, (image, done) => this.#transmit(image, done));
  }

  get hasHistory() {
    return this.#queue.has("history");
  }

  get hasQuestion() {
    return this.#queue.hasQuestion;
  }

  send(input: Input, done: Done) {
    const goesAtOnce =
      input.kind === "toolResponse" || // Sound may wait for this response.
      (this.#queue.isEmpty && !this.#mustWait(input));
    if (this.#outlet && goesAtOnce) return this.#pass(input, done);
    this.#queue.add(input, done);
    if (this.#outlet) this.#drainLater();
  }

  /** Stops the current answer on the server, if the model has a message for that. */
  stop() {
    if (this.#outlet) writeStop(this.#outlet.session, this.#profile);
  }

  /** Changes the instruction and the tools of the open session, in order with the input (docs/live-api.md 1.2). */
  updateContext(update: LiveClientContextUpdate) {
    this.#outlet?.session.sendContextUpdate(update);
  }

  /** Rejects the waiting texts that need an answer. */
  rejectTexts(error: Error) {
    for (const { done } of this.#queue.takeKind("text", ({ turnComplete }) => turnComplete)) done(error);
  }

  /**
   * Sends everything that waits over a new connection.
   * @param history sent first, with the history that waits
   * @param remembered whether the server remembers the conversation and its tool calls; `partly`: without the calls
   */
  open(outlet: Outlet, history: readonly HistoryTurn[], remembered: boolean | "partly") {
    this.#outlet = outlet;
    this.#reportLostSound();
    const hasHistory = history.length > 0 || (!remembered && this.hasHistory);
    if (hasHistory && this.#profile.history !== "never") this.#sendHistory(history);
    if (remembered === "partly")
      for (const { input, done } of this.#queue.takeKind("toolResponse", ({ covered }) => !covered))
        this.#queue.add(resultOf(input), done);
    if (!remembered)
      for (const { done } of this.#queue.takeKind("toolResponse"))
        done(
          new InputError(
            "The conversation that called the tool has ended; the tool response was not sent.",
            "GEMINI_CALL_ENDED",
          ),
        );
    this.#drain();
  }

  /** Queues an activityStart if the waiting sound belongs to an interrupted activity. Returns whether it did. @param isPressed whether the button is pressed */
  restartActivity(isPressed: boolean): boolean {
    const { hasSound, firstSignal } = this.#queue.waitingSound;
    const wasCut = firstSignal === "activityEnd" || (firstSignal === undefined && isPressed);
    if (hasSound && wasCut) this.#queue.restartActivity();
    return hasSound && wasCut;
  }

  /** As InputQueue.messages. */
  get waiting() {
    return this.#queue.messages;
  }

  /** As InputQueue.putBack(). */
  putBack(messages: readonly Kept[]) {
    this.#queue.putBack(messages);
  }

  /** Takes what waits and is kept, whose messages are done: another process sends it. */
  handOver(): readonly Kept[] {
    const { waiting } = this;
    for (const kind of ["text", "history"] as const)
      for (const { input, done } of this.#queue.takeKind(kind)) if (waiting.includes(input)) done();
    return waiting;
  }

  /** From now on, everything waits. `questions` are sent again, before what waits. */
  close(questions: readonly Text[]) {
    this.#outlet = undefined;
    this.#activityEndedAt = Number.NEGATIVE_INFINITY;
    this.#cancelDrain?.();
    this.#cancelDrain = undefined;
    const held = this.#images.take();
    if (held) this.#queue.add(held.input, held.done);
    this.putBack(questions);
  }

  /** Rejects everything that waits. Returns the number of messages that got the error. */
  fail(error: Error): number {
    return this.#queue.fail(error);
  }

  #mustWait(input: Input): boolean {
    if (input.kind === "sound") return this.#soundMustWait;
    const startsActivity = input.kind === "signal" && input.signal === "activityStart";
    return startsActivity && this.#clock.now() < this.#activityEndedAt + this.#profile.activityGapMs;
  }

  get #soundMustWait() {
    return (
      (this.#outlet?.bufferedAmount() ?? 0) > MAX_BUFFERED_BYTES ||
      isSilencedByTools(this.#state.current, this.#profile, this.#clock)
    );
  }

  /** Sends the earlier turns and the waiting history as one message: some models accept history only once. */
  #sendHistory(history: readonly HistoryTurn[]) {
    const waiting = this.#queue.takeKind("history");
    const more = waiting.flatMap(({ input }) => input.turns);
    try {
      write(this.#outlet!, this.#profile, { kind: "history", turns: [...history, ...more] });
    } catch (error) {
      for (const { done } of waiting) done(error as Error);
      return;
    }
    if (more.length) this.#listener.onSent({ kind: "history", turns: more });
    for (const { done } of waiting) done();
  }

  #drain() {
    for (let next = this.#queue.next(); next && this.#outlet; next = this.#queue.next()) {
      if (this.#mustWait(next)) return this.#drainLater();
      const { input, done } = this.#queue.take()!;
      this.#pass(input, done);
    }
    this.#reportLostSound();
  }

  #reportLostSound() {
    const ms = this.#queue.takeLostSoundMs();
    if (ms) this.#listener.onLostSound(ms);
  }

  #drainLater() {
    this.#cancelDrain ??= this.#clock.after(DRAIN_MS, () => {
      this.#cancelDrain = undefined;
      this.#drain();
    });
  }

  #pass(input: Input, done: Done) {
    if (input.kind === "image") this.#images.send(input, done);
    else this.#transmit(input, done);
  }

  #transmit(input: Input, done: Done) {
    try {
      write(this.#outlet!, this.#profile, input);
    } catch (error) {
      return done(error as Error);
    }
    if (input.kind === "signal" && input.signal === "activityEnd") this.#activityEndedAt = this.#clock.now();
    this.#listener.onSent(input);
    done();
  }
}
