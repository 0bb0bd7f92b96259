// Whose turn it is: what waits for an answer, the answer that is being thought of or given, and its interruption.

import type { Clock } from "../audio/clock";
import { Answer } from "./answer";
import { soundTokens, type Tokens, textTokens, usageMetadata } from "./context";
import type { Moment } from "./faults";
import { LONGEST_UTTERANCE } from "./hearing";
import type { Picture } from "./picture";
import { type Asked, replyTo } from "./reply";
import type { Session } from "./session";

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

/** What a conversation needs of its connection. */
export interface Host {
  clock: Clock;
  /** Whether nothing is answered before the user's next turn. */
  readonly silent: boolean;
  send(frame: object): void;
  /** Tells where the conversation is; faults may be tied to that, so it may be over when this returns. */
  happened(moment: Moment): void;
}

/** The model's turn, which begins with its thinking. */
interface Turn {
  asked: Asked[];
  /** Takes the beginning of the answer back, while it is thinking. */
  cancel: () => void;
  interrupted?: boolean;
  /** Set as soon as it speaks, like the next one. */
  answer?: Answer;
  /** The context that it is billed for. */
  prompt?: Tokens;
}

/** The turns of one connection. */
export class Turns {
  readonly #manner: Manner;
  readonly #session: Session;
  readonly #host: Host;
  /** Without `due`, the user's turn is not over yet. */
  #waiting: { asked: Asked; due?: number }[] = [];
  #turn?: Turn;

  /** @param session is read for the usage, and takes up the answers */
  constructor(manner: Manner, session: Session, host: Host) {
    this.#manner = manner;
    this.#session = session;
    this.#host = host;
  }

  /** Whether no answer is on its way. */
  get idle() {
    return this.#turn === undefined;
  }

  /** The next answer will mention it. */
  see(picture: Picture) {
    this.#session.pictures++;
    this.#session.newPicture = picture;
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
    const due = this.#host.clock.now() + delay;
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
    this.#host.clock.after(TEXT_INTERRUPTS_MS, () => {
      if (this.#turn === turn && !turn.interrupted) this.#interrupt(turn);
    });
  }

  /** The answer ends here, without a word; what was said of it is remembered. */
  drop() {
    const turn = this.#turn;
    this.#turn = undefined;
    this.#waiting = [];
    if (!turn) return;
    turn.cancel();
    turn.answer?.stop();
    this.#remember(turn);
  }

  #think() {
    const waiting = this.#waiting.splice(0);
    if (!waiting.length || this.#host.silent) return;
    const due = Math.max(...waiting.map((each) => each.due ?? 0));
    const turn: Turn = { asked: waiting.map((each) => each.asked), cancel: () => {} };
    // Whole milliseconds, so that it keeps its place behind the transcript that is due at the same moment.
    const wait = Math.max(0, Math.ceil(due - this.#host.clock.now()));
    turn.cancel = this.#host.clock.after(wait, () => this.#speak(turn));
    this.#turn = turn;
    this.#host.happened("thinking");
  }

  #speak(turn: Turn) {
    const session = this.#session;
    turn.prompt = session.memory.tokens();
    const reply = replyTo(turn.asked, session.answers++ === 0, session.pictures, session.newPicture);
    session.newPicture = undefined;
    const { modality, transcribe } = this.#manner;
    turn.answer = new Answer(reply, modality, transcribe, {
      clock: this.#host.clock,
      send: (serverContent) => this.#host.send({ serverContent }),
      over: () => this.#over(turn),
    });
    turn.answer.begin();
    this.#host.happened("modelSpeaking");
  }

  #interrupt(turn: Turn) {
    turn.interrupted = true;
    turn.cancel();
    turn.answer?.stop();
    this.#host.send({ serverContent: { interrupted: true } });
    this.#host.clock.after(INTERRUPTED_MS, () => this.#over(turn));
  }

  #over(turn: Turn) {
    if (this.#turn !== turn) return;
    const { modality, tellsIdle } = this.#manner;
    const usage = usageMetadata(turn.prompt ?? this.#session.memory.tokens(), {
      [modality]: this.#tokens(turn),
    });
    const status = tellsIdle ? { interactionStatus: "IDLE" } : {};
    this.#host.send({ serverContent: { turnComplete: true, ...status }, usageMetadata: usage });
    this.#turn = undefined;
    this.#remember(turn);
    this.#host.happened("turnComplete");
    if (this.#waiting.some((each) => each.due !== undefined)) this.#think();
  }

  #tokens({ answer }: Turn) {
    return this.#manner.modality === "TEXT"
      ? textTokens(answer?.said ?? "")
      : soundTokens(answer?.spokenSeconds ?? 0);
  }

  #remember(turn: Turn) {
    const cut = turn.interrupted || !turn.answer?.complete;
    const said = turn.answer?.said.trimEnd() ?? "";
    const text = cut ? `${said} (interrupted)` : said;
    this.#session.memory.add({
      role: "model",
      modality: this.#manner.modality,
      text,
      tokens: this.#tokens(turn),
    });
  }
}
