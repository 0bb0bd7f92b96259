// What waits to be answered: what the user asked, and results of calls that the model wants to tell.

import { LONGEST_UTTERANCE } from "../input/speech-detection";
import type { Asked } from "../output/echo";
import type { Result } from "../session/function-calls";

/** What may wait behind an answer that must not be interrupted, in questions and in seconds; more pushes out the oldest. */
const MOST_WAITING = 100;
const MOST_SPEECH_WAITING = 2 * LONGEST_UTTERANCE;

interface Entry {
  asked: Asked;
  /** When it may be answered at the earliest; absent: the user's turn is not over yet. */
  due?: number;
}

/** Two queues: the user's is served first. */
export class PendingInput {
  #questions: Entry[] = [];
  #results: Entry[] = [];

  /** Adds to what the user wants to be answered. */
  ask(asked: Asked) {
    this.#questions.push({ asked });
    while (this.#questions.length > MOST_WAITING || this.seconds > MOST_SPEECH_WAITING)
      this.#questions.shift();
  }

  /** How much speech waits to be answered. */
  get seconds() {
    return this.#questions.reduce((sum, { asked }) => sum + ("speech" in asked ? asked.seconds : 0), 0);
  }

  /** The user's turn is over. */
  complete(due: number) {
    for (const each of this.#questions) each.due ??= due;
  }

  /** Adds results. */
  tell(results: readonly Result[], due: number) {
    this.#results.push(...results.map((result) => ({ asked: { result }, due })));
    this.#results.splice(0, this.#results.length - MOST_WAITING);
  }

  /** The user goes on: what was to be answered is waited with, the results for as long as the user speaks. */
  putBack(asked: readonly Asked[]) {
    const isResult = (each: Asked) => "result" in each;
    this.#results.unshift(...asked.filter(isResult).map((asked) => ({ asked, due: 0 })));
    this.#questions.unshift(...asked.filter((each) => !isResult(each)).map((asked) => ({ asked })));
  }

  /** Takes out the questions, if the user's turn is over. */
  takeQuestions() {
    return this.#questions.some(({ due }) => due !== undefined) ? take(this.#questions) : undefined;
  }

  /** Takes out the results, if there are any. */
  takeResults() {
    return this.#results.length ? take(this.#results) : undefined;
  }

  /** Whether any result waits. */
  get results() {
    return this.#results.length > 0;
  }

  clear() {
    this.#questions = [];
    this.#results = [];
  }
}

/** @returns what waited, and when the last of it is due */
function take(queue: Entry[]) {
  const entries = queue.splice(0);
  return {
    asked: entries.map(({ asked }) => asked),
    due: Math.max(...entries.map(({ due = 0 }) => due)),
  };
}
