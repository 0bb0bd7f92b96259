// The way out of a conversation: what can go goes at once and in order, the rest waits until there is a connection that takes it.

import type { Clock } from "../../audio/clock";
import type { LiveSocket } from "../connection/socket";
import { InputError } from "../server/errors";
import type { ModelProfile } from "../setup/model-profiles";
import type { Utterance } from "../turns/transcript";
import { write, writeStop } from "./client-messages";
import { Pictures } from "./pictures";
import { type Done, type Input, OfflineQueue, type QueueLimits } from "./queue";

/** Bytes that may wait in the socket before sound waits here instead: about three seconds of it, as base64. */
const MOST_BUFFERED = 128 * 1024;
/** How often it is looked whether a full socket takes sound again, in milliseconds. */
const DRAIN_MS = 100;

export interface SenderListener {
  /** Whether sound must not go out now. */
  holdsSound(): boolean;
  /** It has been handed to the socket. */
  onSent(input: Input): void;
  /** So many milliseconds of sound have fallen out while it waited. */
  onLostSound(ms: number): void;
}

export class Sender {
  readonly #profile: ModelProfile;
  readonly #clock: Clock;
  readonly #listener: SenderListener;
  readonly #outgoing: OfflineQueue;
  readonly #pictures: Pictures;
  #socket: LiveSocket | undefined;
  #cancelDrain: (() => void) | undefined;

  constructor(profile: ModelProfile, limits: QueueLimits, clock: Clock, listener: SenderListener) {
    this.#profile = profile;
    this.#clock = clock;
    this.#listener = listener;
    this.#outgoing = new OfflineQueue(limits);
    this.#pictures = new Pictures(clock, (picture, done) => this.#transmit(picture, done));
  }

  get hasHistory() {
    return this.#outgoing.has("history");
  }

  send(input: Input, done: Done) {
    const goesAtOnce =
      input.kind === "toolResponse" || // What waits may wait for just this answer.
      (this.#outgoing.length === 0 && !(input.kind === "sound" && this.#soundMustWait));
    if (this.#socket && goesAtOnce) return this.#pass(input, done);
    this.#outgoing.add(input, done);
    if (this.#socket) this.#drainLater();
  }

  /** Stops the running answer, in the way that the model understands. */
  stop() {
    if (this.#socket) writeStop(this.#socket.session, this.#profile);
  }

  /**
   * There is a connection: everything that waits goes out.
   * @param remembered what a fresh conversation must be told first, the history that waits after it; undefined: it is resumed
   */
  open(socket: LiveSocket, remembered: readonly Utterance[] | undefined) {
    this.#socket = socket;
    const ms = this.#outgoing.takeLostSoundMs();
    if (ms) this.#listener.onLostSound(ms);
    if (remembered?.length) this.#tell(remembered);
    if (remembered)
      for (const { done } of this.#outgoing.take("toolResponse"))
        done(new InputError("The conversation that called the tool is gone; its answer was not sent."));
    this.#drain();
  }

  /** The connection is gone: from now on everything waits. `questions` are asked once more, before it. */
  close(questions: readonly string[]) {
    this.#socket = undefined;
    this.#cancelDrain?.();
    this.#cancelDrain = undefined;
    const held = this.#pictures.take();
    if (held) this.#outgoing.add(held.picture, held.done);
    for (const text of questions.toReversed())
      this.#outgoing.putBack({ kind: "text", text, turnComplete: true, again: true });
  }

  /** Gives up everything that waits: each message's `done` gets the error. Returns how many were told. */
  fail(error: Error): number {
    return this.#outgoing.fail(error);
  }

  get #soundMustWait() {
    return this.#listener.holdsSound() || (this.#socket?.bufferedAmount ?? 0) > MOST_BUFFERED;
  }

  /** What was said before and the history that waits go out as one, as some models take it only so. */
  #tell(remembered: readonly Utterance[]) {
    const waiting = this.#outgoing.take("history");
    const more = waiting.flatMap(({ input }) => (input.kind === "history" ? input.turns : []));
    write(this.#socket!.session, this.#profile, { kind: "history", turns: [...remembered, ...more] });
    if (more.length) this.#listener.onSent({ kind: "history", turns: more });
    for (const { done } of waiting) done();
  }

  #drain() {
    for (let next = this.#outgoing.first; next && this.#socket; next = this.#outgoing.first) {
      if (next.kind === "sound" && this.#soundMustWait) return this.#drainLater();
      const { input, done } = this.#outgoing.next()!;
      this.#pass(input, done);
    }
    const ms = this.#outgoing.takeLostSoundMs();
    if (ms) this.#listener.onLostSound(ms);
  }

  #drainLater() {
    this.#cancelDrain ??= this.#clock.after(DRAIN_MS, () => {
      this.#cancelDrain = undefined;
      this.#drain();
    });
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
    this.#listener.onSent(input);
    done();
  }
}
