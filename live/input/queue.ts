// Input that waits for a connection: messages, the newest sound up to a limit in milliseconds, and the newest image. It is sent
// in the order in which it came.

import { durationMs } from "../../audio/frames";
import { InputError } from "../server/errors";
import {
  type Done,
  type Image,
  type Input,
  isKept,
  type Kept,
  lengthOf,
  MAX_WAITING_LENGTH,
  noDone,
  type Signal,
  type Sound,
  type Waiting,
} from "./input";

export interface QueueLimits {
  /** Maximum number of waiting messages. */
  messages: number;
  /** Maximum milliseconds of waiting sound; the oldest is dropped. */
  soundMs: number;
}

/** Input that is neither sound nor an image. */
export type Message = Exclude<Input, Sound | Image>;

type Entry<T extends Input> = Waiting<T> & { order: number };

export class InputQueue {
  readonly #limits: QueueLimits;
  #messages: Entry<Message>[] = [];
  #sound: Entry<Sound>[] = [];
  #image: Entry<Image> | undefined;
  #soundMs = 0;
  #lostSoundMs = 0;
  #order = 0;
  /** Counts down: what is put back is sent before everything that waits. */
  #orderBefore = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get isEmpty() {
    return !this.#messages.length && !this.#sound.length && !this.#image;
  }

  has(kind: Message["kind"]) {
    return this.#messages.some(({ input }) => input.kind === kind);
  }

  /** Whether a text waits that needs an answer. */
  get hasQuestion() {
    return this.#messages.some(({ input }) => input.kind === "text" && input.turnComplete);
  }

  add(input: Input, done: Done) {
    this.#order += 1;
    const order = this.#order;
    if (input.kind === "sound") this.#addSound({ input, done: noDone, order }, done);
    else if (input.kind === "image") this.#addImage({ input, done, order });
    else if (input.kind === "signal") this.#addSignal({ input, done, order });
    else if (this.#messages.length < this.#limits.messages) this.#addMessage({ input, done, order });
    else
      done(
        new InputError(
          `${this.#limits.messages} messages already wait for the connection. Send this one again later, or raise the offline message queue in the connection.`,
          "GEMINI_QUEUE_FULL",
        ),
      );
  }

  #addMessage(entry: Entry<Message>) {
    const length = this.#messages.reduce((sum, { input }) => sum + lengthOf(input), 0);
    if (!length || length + lengthOf(entry.input) <= MAX_WAITING_LENGTH) this.#messages.push(entry);
    else
      entry.done(
        new InputError(
          "Texts and images of 16 MB already wait for the connection. Send this one again later.",
          "GEMINI_QUEUE_FULL",
        ),
      );
  }

  /** Queues what is sent again, or what another process has left, before everything that waits. */
  putBack(messages: readonly Kept[]) {
    for (const input of messages.toReversed()) {
      this.#orderBefore -= 1;
      this.#messages.unshift({ input, done: noDone, order: this.#orderBefore });
    }
  }

  /** The waiting sound belongs to an activity of a lost connection: queues an activityStart before the sound. */
  restartActivity() {
    this.#orderBefore -= 1;
    const input = { kind: "signal", signal: "activityStart" } as const;
    this.#messages.unshift({ input, done: noDone, order: this.#orderBefore });
  }

  /** The waiting texts and histories, without texts that are sent again: their conversation knows of those. */
  get messages(): readonly Kept[] {
    return this.#messages.flatMap(({ input }) =>
      isKept(input) && !(input.kind === "text" && input.again) ? [input] : [],
    );
  }

  /** Whether sound waits, and the first signal after it, if there is one. */
  get waitingSound(): { hasSound: boolean; firstSignal: Signal["signal"] | undefined } {
    const signal = this.#messages.find(({ input }) => input.kind === "signal")?.input as Signal | undefined;
    return { hasSound: this.#sound.length > 0, firstSignal: signal?.signal };
  }

  /** The next input, which stays in the queue. */
  next(): Input | undefined {
    this.#dropEmptyActivities();
    return this.#oldest()?.input;
  }

  /** Removes and returns the next input. */
  take(): Waiting | undefined {
    this.#dropEmptyActivities();
    const entry = this.#oldest();
    if (!entry) return undefined;
    if (entry === this.#image) this.#image = undefined;
    else if (entry === this.#sound[0]) this.#dropSound();
    else this.#messages.shift();
    return entry;
  }

  /** Removes and returns the messages of one kind, or those of them that are `wanted`, in order. */
  takeKind<K extends Message["kind"]>(
    kind: K,
    wanted: (input: Extract<Message, { kind: K }>) => boolean = () => true,
  ): Waiting<Extract<Message, { kind: K }>>[] {
    const taken: Waiting<Extract<Message, { kind: K }>>[] = [];
    const isKind = (input: Message): input is Extract<Message, { kind: K }> => input.kind === kind;
    this.#messages = this.#messages.filter(({ input, done }) => {
      const isTaken = isKind(input) && wanted(input);
      if (isTaken) taken.push({ input, done });
      return !isTaken;
    });
    return taken;
  }

  /** Rejects everything that waits. Returns the number of messages that got the error. */
  fail(error: Error): number {
    const entries = [...this.#messages, ...(this.#image ? [this.#image] : [])];
    this.#messages = [];
    this.#sound = [];
    this.#image = undefined;
    this.#soundMs = 0;
    const reported = entries.filter(({ done }) => done !== noDone);
    for (const { done } of reported) done(error);
    return reported.length;
  }

  /** Milliseconds of sound that were dropped since the last call. */
  takeLostSoundMs(): number {
    const lost = this.#lostSoundMs;
    this.#lostSoundMs = 0;
    return lost;
  }

  #oldest() {
    const heads = [this.#messages[0], this.#sound[0], this.#image].filter((entry) => entry !== undefined);
    return heads.reduce<(typeof heads)[number] | undefined>(
      (oldest, entry) => (!oldest || entry.order < oldest.order ? entry : oldest),
      undefined,
    );
  }

  /** Signals have no limit of their own: an activity without sound is dropped, and sound is limited. */
  #addSignal(entry: Entry<Signal>) {
    this.#messages.push(entry);
    this.#dropEmptyActivities();
  }

  /** Drops activities that have lost all their sound: the server accepts none without sound (docs/live-api.md 1.6). */
  #dropEmptyActivities() {
    const at = this.#messages.findIndex(({ input }) => isSignal(input, "activityStart"));
    const end = this.#messages.findIndex(({ input }, n) => n > at && isSignal(input, "activityEnd"));
    const [start, stop] = [this.#messages[at], this.#messages[end]];
    if (!start || !stop) return;
    if (this.#sound.some(({ order }) => order > start.order && order < stop.order)) return;
    this.#messages = this.#messages.filter((entry) => entry !== start && entry !== stop);
    start.done();
    stop.done();
    this.#dropEmptyActivities();
  }

  #addSound(entry: Entry<Sound>, done: Done) {
    this.#sound.push(entry);
    this.#soundMs += lengthMs(entry.input);
    while (this.#soundMs > this.#limits.soundMs) this.#lostSoundMs += this.#dropSound();
    done();
  }

  /** Drops the oldest sound. Returns its milliseconds. */
  #dropSound(): number {
    const ms = lengthMs(this.#sound.shift()!.input);
    this.#soundMs -= ms;
    return ms;
  }

  /** Replaces the waiting image; its `done` gets no error. */
  #addImage(entry: Entry<Image>) {
    this.#image?.done();
    this.#image = entry;
  }
}

const isSignal = (input: Input, signal: Signal["signal"]) =>
  input.kind === "signal" && input.signal === signal;

const lengthMs = ({ pcm, sampleRate }: Sound) => durationMs(pcm, sampleRate);
