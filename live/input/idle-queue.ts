// What waits for a quiet moment of a conversation, when nobody speaks and no tool is at work: a change of the connection, and
// texts that are to be said when the model is idle.

import type { Clock } from "../../audio/clock";
import { InputError } from "../server/errors";
import type { Done, Input } from "./queue";

/** Texts that may wait for a quiet moment. */
const MOST_TEXTS = 100;

export interface IdleQueueListener {
  changeOver(cause: string): void;
  say(input: Input, done: Done): void;
}

export class IdleQueue {
  readonly #clock: Clock;
  readonly #listener: IdleQueueListener;
  #changeOverFor: string | undefined;
  /** Clock time at which the change no longer waits. */
  #deadline = Number.POSITIVE_INFINITY;
  #cancelDeadline: (() => void) | undefined;
  #texts: { input: Input; done: Done }[] = [];

  constructor(clock: Clock, listener: IdleQueueListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Plans a change of the connection, in `latestMs` even if no moment was quiet; absent: whenever one is. */
  planChangeOver(cause: string, latestMs?: number) {
    this.#changeOverFor ??= cause;
    if (latestMs === undefined) return;
    const deadline = this.#clock.now() + latestMs;
    if (deadline >= this.#deadline) return;
    this.#deadline = deadline;
    this.#cancelDeadline?.();
    this.#cancelDeadline = this.#clock.after(latestMs, () => this.#listener.changeOver(cause));
  }

  planText(input: Input, done: Done) {
    if (this.#texts.length < MOST_TEXTS) this.#texts.push({ input, done });
    else done(new InputError(`${MOST_TEXTS} texts already wait for a quiet moment; this one was not taken.`));
  }

  /** The moment is quiet: one thing is done, as it may end the quiet. */
  onQuiet() {
    if (this.#changeOverFor) return this.#listener.changeOver(this.#changeOverFor);
    const text = this.#texts.shift();
    if (text) this.#listener.say(text.input, text.done);
  }

  /** The connection is gone, and the need to change it over; the texts still wait. */
  onLost() {
    this.#changeOverFor = undefined;
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }

  /** Gives up the texts: each `done` gets the error. Returns how many were told. */
  fail(error: Error): number {
    const given = this.#texts;
    this.#texts = [];
    for (const { done } of given) done(error);
    return given.length;
  }
}
