// Whose turn it is: what waits for an answer, the answer that is being thought of or given, and its interruption.

import type { Clock } from "../audio/clock";
import { Answer } from "./answer";
import { type Context, soundTokens, type Tokens, textTokens, usageMetadata } from "./context";
import { LONGEST_UTTERANCE } from "./hearing";
import type { Picture } from "./picture";
import { type Asked, type Reply, replyTo } from "./reply";

/** Measured on gemini-3.8-live (reference/live-api.md 1.5), in ms: from a text that barges in to `interrupted`. */
const TEXT_INTERRUPTS_MS = 16;
/** From `interrupted` to turnComplete. */
const INTERRUPTED_MS = 1;
/** What may wait behind an answer that must not be interrupted, in questions and in seconds; more pushes out the oldest. */
const MOST_WAITING = 100;
const MOST_SPEECH_WAITING = 2 * LONGEST_UTTERANCE;

/** How a conversation answers. */
export interface Manner {
  modality: "AUDIO" | "TEXT";
  /** Whether the transcript of what is said is sent. */
  transcribe: boolean;
  /** Whether the end of a turn says that the model is idle. */
  tellsIdle: boolean;
}

/** The model's turn, which begins with its thinking. */
interface Turn {
  asked: Asked[];
  /** Takes the beginning of the answer back, while it is thinking. */
  cancel: () => void;
  interrupted?: boolean;
  /** Set as soon as it speaks, like the next two. */
  answer?: Answer;
  reply?: Reply;
  /** The context that it is billed for. */
  prompt?: Tokens;
}

/** The turns of one conversation. */
export class Turns {
  readonly #manner: Manner;
  readonly #clock: Clock;
  readonly #context: Context;
  readonly #send: (frame: object) => void;
  /** Without `due`, the user's turn is not over yet. */
  #waiting: { asked: Asked; due?: number }[] = [];
  #turn?: Turn;
  #answers = 0;
  #pictures = 0;
  #newPicture?: Picture;

  /** @param context is read for the usage, and takes up the answers @param send takes a frame as an object */
  constructor(manner: Manner, clock: Clock, context: Context, send: (frame: object) => void) {
    this.#manner = manner;
    this.#clock = clock;
    this.#context = context;
    this.#send = send;
  }

  /** The next answer will mention it. */
  see(picture: Picture) {
    this.#pictures++;
    this.#newPicture = picture;
  }

  /** Adds to what the user wants to be answered. */
  ask(asked: Asked) {
    this.#waiting.push({ asked });
    while (this.#waiting.length > MOST_WAITING || this.unansweredSeconds > MOST_SPEECH_WAITING)
      this.#waiting.shift();
  }

  /** How much speech waits to be answered. */
  get unansweredSeconds() {
    return this.#waiting.reduce((sum, { asked }) => sum + ("speech" in asked ? asked.seconds : 0), 0);
  }

  /** The user's turn is over: answers all that waits, `delay` ms from now or after the running turn. */
  answerIn(delay: number) {
    const due = this.#clock.now() + delay;
    for (const each of this.#waiting) each.due ??= due;
    if (!this.#turn) this.#think();
  }

  /**
   * The user begins to speak, which interrupts the answer.
   * @param interrupts false: unless it may not be interrupted
   * @param mayGoOn whether, if nothing was answered yet, the pause was one within the user's own turn, which now goes on
   */
  bargeIn(interrupts: boolean, mayGoOn: boolean) {
    const turn = this.#turn;
    if (!turn || turn.interrupted) return;
    if (mayGoOn && !turn.answer && turn.asked.every((each) => "speech" in each)) {
      turn.cancel();
      this.#turn = undefined;
      this.#waiting.unshift(...turn.asked.map((asked) => ({ asked })));
    } else if (interrupts) this.#interrupt(turn);
  }

  /** The user writes: interrupts what is going on, after a moment. */
  bargeInByText() {
    const turn = this.#turn;
    if (!turn) return;
    this.#clock.after(TEXT_INTERRUPTS_MS, () => {
      if (this.#turn === turn && !turn.interrupted) this.#interrupt(turn);
    });
  }

  #think() {
    const waiting = this.#waiting.splice(0);
    if (!waiting.length) return;
    const due = Math.max(...waiting.map((each) => each.due ?? 0));
    const turn: Turn = { asked: waiting.map((each) => each.asked), cancel: () => {} };
    // Whole milliseconds, so that it keeps its place behind the transcript that is due at the same moment.
    const wait = Math.max(0, Math.ceil(due - this.#clock.now()));
    turn.cancel = this.#clock.after(wait, () => this.#speak(turn));
    this.#turn = turn;
  }

  #speak(turn: Turn) {
    turn.prompt = this.#context.tokens();
    turn.reply = replyTo(turn.asked, this.#answers++ === 0, this.#pictures, this.#newPicture);
    this.#newPicture = undefined;
    const { modality, transcribe } = this.#manner;
    turn.answer = new Answer(turn.reply, modality, transcribe, {
      clock: this.#clock,
      send: (serverContent) => this.#send({ serverContent }),
      over: () => this.#over(turn),
    });
  }

  #interrupt(turn: Turn) {
    turn.interrupted = true;
    turn.cancel();
    turn.answer?.stop();
    this.#send({ serverContent: { interrupted: true } });
    this.#clock.after(INTERRUPTED_MS, () => this.#over(turn));
  }

  #over({ answer, reply, interrupted, prompt = this.#context.tokens() }: Turn) {
    const { modality, tellsIdle } = this.#manner;
    const tokens =
      modality === "TEXT" ? textTokens(reply?.text ?? "") : soundTokens(answer?.spokenSeconds ?? 0);
    const usage = usageMetadata(prompt, { [modality]: tokens });
    const status = tellsIdle ? { interactionStatus: "IDLE" } : {};
    this.#send({ serverContent: { turnComplete: true, ...status }, usageMetadata: usage });
    const text = `${reply?.text ?? ""}${interrupted ? " (interrupted)" : ""}`;
    this.#context.add({ role: "model", modality, text, tokens });
    this.#turn = undefined;
    if (this.#waiting.some((each) => each.due !== undefined)) this.#think();
  }
}
