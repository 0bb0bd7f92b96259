// Whose turn it is: what waits for an answer, the answer that is being thought of or given, the calls that it needs, and
// its interruption.

import type { ImageHeader } from "../input/image-header";
import { AnswerStream } from "../output/answer-stream";
import { type Asked, fillerReply, isQuestion, type Reply, replyTo } from "../output/echo";
import type { FunctionCall } from "../protocol/function-declarations";
import { textTokens, usageMetadata } from "../session/context-window";
import type { Result } from "../session/function-calls";
import type { Session } from "../session/session";
import { type AnswerSettings, type Host, type ModelTurn, remember, tokensOf } from "./model-turn";
import { PendingInput } from "./pending-input";
import { ToolCallIssuer } from "./tool-call-issuer";

/** Measured on gemini-3.8-live (docs/live-api.md 1.5), in ms: from a text that barges in to `interrupted`. */
const TEXT_INTERRUPTS_MS = 16;
/** From `interrupted` to turnComplete, and from the filler's turnComplete to the calls that it announces. */
const SOON_MS = 1;
/** From the response to a call to what is said about it; 500 to 900 measured. */
const RESULT_MS = 700;

/** The turns of one connection. */
export class TurnTaking {
  readonly #manner: AnswerSettings;
  readonly #session: Session;
  readonly #host: Host;
  readonly #waiting = new PendingInput();
  readonly #calling: ToolCallIssuer;
  #turn?: ModelTurn;

  /** @param session is read for the usage, and takes up the answers and the calls */
  constructor(manner: AnswerSettings, session: Session, host: Host) {
    this.#manner = manner;
    this.#session = session;
    this.#host = host;
    this.#calling = new ToolCallIssuer(manner, session, host);
  }

  /** Whether no answer is on its way. */
  get idle() {
    return this.#turn === undefined;
  }

  /** The next answer will mention it. */
  see(picture: ImageHeader) {
    this.#session.pictures++;
    this.#session.newPicture = picture;
  }

  /** Adds to what the user wants to be answered. */
  ask(asked: Asked) {
    this.#waiting.ask(asked);
  }

  /** How much speech waits to be answered. */
  get unansweredSeconds() {
    return this.#waiting.seconds;
  }

  /** The user's turn is over: answers all that waits, `delay` ms from now or after the running turn. */
  answerIn(delay: number) {
    this.#waiting.complete(this.#host.clock.now() + delay);
    this.#next();
  }

  /**
   * The user begins to speak, which interrupts the answer.
   * @param interrupts false: unless it may not be interrupted
   * @param mayGoOn whether, if nothing was answered yet, the pause was one within the user's own turn, which now goes on
   */
  bargeIn(interrupts: boolean, mayGoOn: boolean) {
    const turn = this.#turn;
    if (interrupts) this.#calling.giveUp();
    if (mayGoOn && turn?.thinking && turn.asked.every((each) => "speech" in each)) this.#takeBack(turn);
    else if (interrupts && turn) this.#yieldTo(turn);
  }

  /** The user writes: interrupts what is going on, after a moment. @param asks whether an answer is wanted */
  bargeInByText(asks: boolean) {
    const turn = this.#turn;
    if (!turn && !this.#session.toolCalls.pending) return;
    this.#host.clock.after(TEXT_INTERRUPTS_MS, () => {
      this.#calling.giveUp();
      if (turn && this.#turn === turn) this.#yieldTo(turn, asks);
      this.#next();
    });
  }

  /** Responses to calls have come. */
  learn(results: readonly Result[]) {
    for (const { name, response } of results) {
      const text = `${name} ${JSON.stringify(response)}`;
      this.#session.memory.add({ role: "tool", modality: "TEXT", text, tokens: textTokens(text) });
    }
    const told = results.filter(({ scheduling }) => scheduling !== "SILENT");
    this.#waiting.tell(told, this.#host.clock.now() + RESULT_MS);
    const interrupts = told.some(({ scheduling }) => scheduling === "INTERRUPT");
    // Who speaks is not talked over: 3.8 waits (docs/live-api.md 4).
    if (interrupts && this.#turn?.answer && !this.#manner.userSpeaks()) this.#interrupt(this.#turn);
    this.#next();
  }

  /** Has functions called: in place of the answer that is being thought of, or else as soon as it is the model's turn. */
  call(calls: readonly FunctionCall[]) {
    const turn = this.#turn;
    if (turn?.thinking) turn.calls = [...(turn.calls ?? []), ...calls];
    else {
      this.#waiting.ask({ calls });
      this.answerIn(0);
    }
  }

  /** Withdraws the pending calls, and ends a turn that waits for them. */
  cancelCalls() {
    if (this.#calling.withdraw() && this.#turn?.holds) this.#interrupt(this.#turn);
    this.#next();
  }

  /** Repeats the pending blocking calls under new ids. */
  reissue() {
    this.#calling.reissue();
  }

  /** The answer ends here, without a word; what was said of it is remembered. */
  drop() {
    const turn = this.#turn;
    this.#turn = undefined;
    this.#waiting.clear();
    if (!turn) return;
    turn.cancel();
    turn.answer?.stop();
    remember(this.#session, turn, this.#manner.model);
  }

  /** Goes on with what waits, unless the model is busy or must be silent. */
  #next() {
    const turn = this.#turn;
    if (this.#session.toolCalls.awaited || turn?.interrupted || (turn && !turn.holds)) return;
    const silent = turn === undefined && this.#manner.userSpeaks();
    const next =
      (turn ? undefined : this.#waiting.takeQuestions()) ??
      (silent ? undefined : this.#waiting.takeResults());
    if (next && !this.#host.silent)
      this.#think(turn ?? { asked: [], thinking: true, cancel: () => {} }, next);
  }

  #think(turn: ModelTurn, { asked, due }: { asked: Asked[]; due: number }) {
    // Whole milliseconds, so that it keeps its place behind the transcript that is due at the same moment.
    const wait = Math.max(0, Math.ceil(due - this.#host.clock.now()));
    const cancel = this.#host.clock.after(wait, () => this.#begin(turn));
    this.#turn = Object.assign(turn, { asked, cancel, thinking: true, holds: false });
    this.#host.happened("thinking");
  }

  #begin(turn: ModelTurn) {
    const session = this.#session;
    turn.thinking = false;
    turn.prompt = session.memory.tokens();
    const questions = turn.asked.filter(isQuestion);
    const calls = turn.asked.flatMap((each) => ("calls" in each ? each.calls : []));
    if (!turn.calls && calls.length) {
      turn.calls = calls;
      this.#waiting.putBack(questions);
      this.#waiting.complete(this.#host.clock.now());
    }
    if (turn.calls && this.#manner.model.tellsStatus) this.#speak(turn, fillerReply());
    else if (turn.calls) this.#call(turn, turn.calls);
    else {
      const reply = replyTo(questions, session.answers++ === 0, session.pictures, session.newPicture);
      session.newPicture = undefined;
      this.#speak(turn, reply);
    }
  }

  #speak(turn: ModelTurn, reply: Reply) {
    const { model, transcribe } = this.#manner;
    turn.answer = new AnswerStream(reply, model.answers, transcribe, {
      clock: this.#host.clock,
      send: (serverContent) => this.#host.send({ serverContent }),
      over: () => this.#over(turn),
    });
    turn.answer.begin();
    this.#host.happened("modelSpeaking");
  }

  /** The turn is over at once, unless the model waits. */
  #call(turn: ModelTurn, calls: readonly FunctionCall[]) {
    turn.calls = undefined;
    this.#calling.send(calls, turn);
    if (this.#turn !== turn || turn.interrupted || turn.holds) return;
    this.#host.send({ serverContent: { generationComplete: true } });
    this.#over(turn);
  }

  /** The user takes the turn; results that were not spoken of yet are told later. */
  #yieldTo(turn: ModelTurn, keepsResults = true) {
    const results = turn.asked.filter((each) => keepsResults && "result" in each);
    if (turn.thinking && !turn.called && results.length === turn.asked.length) this.#takeBack(turn);
    else {
      if (turn.thinking) this.#waiting.putBack(results);
      this.#interrupt(turn);
    }
  }

  /** As if it had not been thought of yet. */
  #takeBack(turn: ModelTurn) {
    turn.cancel();
    this.#turn = undefined;
    this.#waiting.putBack(turn.asked);
  }

  #interrupt(turn: ModelTurn) {
    if (turn.interrupted) return;
    Object.assign(turn, { interrupted: true, thinking: false });
    turn.cancel();
    turn.answer?.stop();
    this.#host.send({ serverContent: { interrupted: true } });
    this.#host.clock.after(SOON_MS, () => this.#over(turn));
  }

  #over(turn: ModelTurn) {
    if (this.#turn !== turn) return;
    const calls = turn.interrupted ? undefined : turn.calls;
    const { model } = this.#manner;
    const usage = usageMetadata(turn.prompt ?? this.#session.memory.tokens(), tokensOf(turn, model));
    const status = model.tellsStatus ? { interactionStatus: this.#status(calls) } : {};
    this.#host.send({ serverContent: { turnComplete: true, ...status }, usageMetadata: usage });
    this.#turn = undefined;
    remember(this.#session, turn, model);
    if (calls) this.#host.clock.after(SOON_MS, () => this.#host.silent || this.#calling.send(calls));
    this.#host.happened("turnComplete");
    this.#next();
  }

  #status(calls?: readonly FunctionCall[]) {
    return calls || this.#session.toolCalls.pending || this.#waiting.results ? "IN_PROGRESS" : "IDLE";
  }
}
