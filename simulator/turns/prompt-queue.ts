// What waits for an answer of the model: inputs of the user, and tool responses.

import { MAX_UTTERANCE } from "../input/speech-detection";
import type { Asked } from "../output/echo";
import type { Result } from "../session/function-calls";

/** At most this many inputs and seconds of speech wait; more drop the oldest. */
const MAX_WAITING = 100;
const MAX_WAITING_SPEECH = 2 * MAX_UTTERANCE;

interface Entry {
  asked: Asked;
  /** The earliest time of the answer. absent: the user's turn is not over */
  due?: number;
}

/** Two queues: the user's inputs, which the model answers first, and tool responses. */
export class PromptQueue {
  #questions: Entry[] = [];
  #results: Entry[] = [];

  /** Adds an input of the user. */
  ask(asked: Asked) {
    this.#questions.push({ asked });
    while (this.#questions.length > MAX_WAITING || this.seconds > MAX_WAITING_SPEECH) this.#questions.shift();
  }

  /** The length of the waiting speech, in seconds. */
  get seconds() {
    return this.#questions.reduce((sum, { asked }) => sum + ("speech" in asked ? asked.seconds : 0), 0);
  }

  /** Marks the user's turn as over. */
  complete(due: number) {
    for (const each of this.#questions) each.due ??= due;
  }

  /** Adds tool responses. */
  addResults(results: readonly Result[], due: number) {
    this.#results.push(...results.map((result) => ({ asked: { result }, due })));
    this.#results.splice(0, this.#results.length - MAX_WAITING);
  }

  /** Puts inputs back to the front: the user's wait for the end of the turn, tool responses until the user is silent. */
  putBack(asked: readonly Asked[]) {
    const isResult = (each: Asked) => "result" in each;
    this.#results.unshift(...asked.filter(isResult).map((asked) => ({ asked, due: 0 })));
    this.#questions.unshift(...asked.filter((each) => !isResult(each)).map((asked) => ({ asked })));
  }

  /** Takes the user's inputs, if the user's turn is over. */
  takeQuestions() {
    return this.#questions.some(({ due }) => due !== undefined) ? take(this.#questions) : undefined;
  }

  /** Takes the tool responses, if there are any. */
  takeResults() {
    return this.#results.length ? take(this.#results) : undefined;
  }

  /** Whether any tool response waits. */
  get results() {
    return this.#results.length > 0;
  }

  clear() {
    this.#questions = [];
    this.#results = [];
  }
}

/** Empties a queue. @returns its inputs, and when the last of them is due */
function take(queue: Entry[]) {
  const entries = queue.splice(0);
  return {
    asked: entries.map(({ asked }) => asked),
    due: Math.max(...entries.map(({ due = 0 }) => due)),
  };
}
