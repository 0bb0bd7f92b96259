// Decides when the model answers, when it is interrupted and when its turn is over (turnComplete), and runs the function
// calls in between.

import { AnswerStream } from "../output/answer-stream";
import { type Asked, fillerReply, isQuestion, type Reply, replyTo } from "../output/echo";
import type { FunctionCall } from "../protocol/function-declarations";
import type { Range } from "../protocol/variation";
import type { Result } from "../session/function-calls";
import type { Session } from "../session/session";
import { textTokens, usageMetadata } from "../session/token-count";
import { type AnswerSettings, addToContext, type Host, type ModelTurn, tokensOf } from "./model-turn";
import { PromptQueue } from "./prompt-queue";
import { ToolCallIssuer } from "./tool-call-issuer";

/** From a text that barges in to `interrupted`, in ms; measured on gemini-3.8-live (docs/live-api.md 1.5). */
const TEXT_INTERRUPTS_MS: Range = { least: 15, usual: 16, most: 18 };
/** From `interrupted` to turnComplete, and from the filler's turnComplete to its calls, in ms. */
const SOON_MS = 1;
/** From a tool response to the answer about it, in ms; measured (docs/live-api.md 1.5). */
const RESULT_MS: Range = { least: 500, usual: 700, most: 900 };

/** Turn-taking on one connection. */
export class TurnTaking {
  readonly #settings: AnswerSettings;
  readonly #session: Session;
  readonly #host: Host;
  readonly #prompts = new PromptQueue();
  readonly #issuer: ToolCallIssuer;
  #turn?: ModelTurn;
  #muted = false;

  /** @param session stores the answers and the calls */
  constructor(settings: AnswerSettings, session: Session, host: Host) {
    this.#settings = settings;
    this.#session = session;
    this.#host = host;
    this.#issuer = new ToolCallIssuer(settings, session, host);
  }

  /** Whether it is not the model's turn. */
  get idle() {
    return this.#turn === undefined;
  }

  /** Adds an input that needs an answer. */
  ask(asked: Asked) {
    this.#prompts.ask(asked);
  }

  /** The length of the speech that waits for an answer, in seconds. */
  get unansweredSeconds() {
    return this.#prompts.seconds;
  }

  /** The user's turn is over: answers all inputs, `delay` ms from now or after the model's current turn. */
  answerIn(delay: number) {
    this.#prompts.complete(this.#host.clock.now() + delay);
    this.#next();
  }

  /**
   * The user starts to speak, which interrupts the answer unless barge-in is off.
   * @param continues whether speech before the first audio of the answer continues the user's turn
   */
  bargeIn(continues: boolean) {
    const turn = this.#turn;
    const { interrupts } = this.#settings;
    if (interrupts) this.#issuer.bargeIn();
    if (continues && turn?.thinking && turn.asked.every((each) => "speech" in each)) this.#takeBack(turn);
    else if (interrupts && turn) this.#yieldTo(turn);
  }

  /**
   * A text interrupts the answer after a moment. While the model is still thinking, both texts get one answer, as measured.
   * @param asks whether the text needs an answer
   */
  bargeInByText(asks: boolean) {
    const turn = this.#turn;
    if (!turn && !this.#session.toolCalls.pending) return;
    this.#host.clock.after(this.#host.variation.between(TEXT_INTERRUPTS_MS), () => {
      this.#issuer.bargeIn();
      if (!turn || this.#turn !== turn) return this.#next();
      if (asks && turn.thinking && !turn.called) this.#takeBack(turn);
      else this.#yieldTo(turn, asks);
      this.#next();
    });
  }

  /** Takes tool responses, and answers about them as their scheduling says. */
  respond(results: readonly Result[]) {
    for (const result of results) {
      const text = textOf(result);
      this.#session.memory.add({ role: "tool", modality: "TEXT", text, tokens: textTokens(text) });
    }
    const spoken = results.filter(({ scheduling }) => scheduling !== "SILENT");
    this.#prompts.addResults(spoken, this.#host.clock.now() + this.#host.variation.between(RESULT_MS));
    const interrupts = spoken.some(({ scheduling }) => scheduling === "INTERRUPT");
    // INTERRUPT waits while the user speaks, as on 3.8 (docs/live-api.md 4).
    if (interrupts && this.#turn?.answer && !this.#settings.userSpeaks()) this.#interrupt(this.#turn);
    this.#next();
  }

  /** Calls functions: instead of the answer while the model is thinking, else in its next turn. */
  call(calls: readonly FunctionCall[]) {
    const turn = this.#turn;
    if (turn?.thinking) turn.calls = [...(turn.calls ?? []), ...calls];
    else {
      this.#prompts.ask({ calls });
      this.answerIn(0);
    }
  }

  /** Cancels the pending calls, and interrupts a turn that waits for them. */
  cancelCalls() {
    if (this.#issuer.cancel() && this.#turn?.waitsForResponses) this.#interrupt(this.#turn);
    this.#next();
  }

  /** Repeats the pending blocking calls under new ids. */
  reissue() {
    this.#issuer.reissue();
  }

  /** Ends the answer without any frame. The context keeps the part that was sent. */
  drop() {
    const turn = this.#turn;
    this.#turn = undefined;
    this.#prompts.clear();
    if (!turn) return;
    turn.cancel();
    turn.answer?.stop();
    addToContext(this.#session, turn);
  }

  /** Ends the answer, and starts no other one. */
  mute() {
    this.#muted = true;
    this.drop();
  }

  /** Starts the next answer, unless the model is busy or must be silent. */
  #next() {
    const turn = this.#turn;
    if (
      this.#muted ||
      this.#session.toolCalls.awaited ||
      turn?.interrupted ||
      (turn && !turn.waitsForResponses)
    )
      return;
    const silent = turn === undefined && this.#settings.userSpeaks();
    const next =
      (turn ? undefined : this.#prompts.takeQuestions()) ??
      (silent ? undefined : this.#prompts.takeResults());
    if (next && !this.#host.silent)
      this.#think(turn ?? { asked: [], thinking: true, cancel: () => {} }, next);
  }

  #think(turn: ModelTurn, { asked, due }: { asked: Asked[]; due: number }) {
    // Whole milliseconds, so that the answer stays behind the input transcription that is due at the same time.
    const wait = Math.max(0, Math.ceil(due - this.#host.clock.now()));
    const cancel = this.#host.clock.after(wait, () => this.#begin(turn));
    this.#turn = Object.assign(turn, { asked, cancel, thinking: true, waitsForResponses: false });
    this.#host.happened("thinking");
  }

  #begin(turn: ModelTurn) {
    const session = this.#session;
    turn.thinking = false;
    turn.prompt = session.memory.tokens();
    turn.toolTokens = turn.asked.reduce(
      (sum, each) => sum + ("result" in each ? textTokens(textOf(each.result)) : 0),
      0,
    );
    turn.prompt.TEXT = Math.max(0, (turn.prompt.TEXT ?? 0) - turn.toolTokens);
    const questions = turn.asked.filter(isQuestion);
    const calls = turn.asked.flatMap((each) => ("calls" in each ? each.calls : []));
    if (!turn.calls && calls.length) {
      turn.calls = calls;
      this.#prompts.putBack(questions);
      this.#prompts.complete(this.#host.clock.now());
    }
    if (turn.calls && this.#settings.model.sendsStatus) this.#speak(turn, fillerReply());
    else if (turn.calls) this.#call(turn, turn.calls);
    else {
      const reply = replyTo(questions, session.answers++ === 0, session.images, session.newImage);
      session.newImage = undefined;
      this.#speak(turn, reply);
    }
  }

  #speak(turn: ModelTurn, reply: Reply) {
    const { model, transcribe } = this.#settings;
    const { clock, variation } = this.#host;
    turn.answer = new AnswerStream(
      reply,
      { transcribe, joinsFields: model.joinsFields },
      {
        clock,
        variation,
        send: (frame) => this.#host.send(frame),
        over: () => this.#over(turn),
      },
    );
    turn.answer.begin();
    this.#host.happened("modelSpeaking");
  }

  /** Sends function calls. The turn is over at once, unless the model waits for the response to a blocking call in it. */
  #call(turn: ModelTurn, calls: readonly FunctionCall[]) {
    turn.calls = undefined;
    this.#issuer.send(calls, turn);
    if (this.#turn !== turn || turn.interrupted || turn.waitsForResponses) return;
    this.#host.send({ serverContent: { generationComplete: true } });
    this.#over(turn);
  }

  /** Barge-in: interrupts the turn. Tool responses that were not answered wait for the next turn. */
  #yieldTo(turn: ModelTurn, keepsResults = true) {
    const results = turn.asked.filter((each) => keepsResults && "result" in each);
    if (turn.thinking && !turn.called && results.length === turn.asked.length) this.#takeBack(turn);
    else {
      if (turn.thinking) this.#prompts.putBack(results);
      this.#interrupt(turn);
    }
  }

  /** Cancels a turn of which nothing was sent. Its inputs wait again. */
  #takeBack(turn: ModelTurn) {
    turn.cancel();
    this.#turn = undefined;
    this.#prompts.putBack(turn.asked);
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
    const { model, thinks } = this.#settings;
    // How much a model thinks is unknown: assume as much as it says.
    const extra = { tools: turn.toolTokens ?? 0, thoughts: thinks ? textTokens(turn.answer?.said ?? "") : 0 };
    const usage = usageMetadata(turn.prompt ?? this.#session.memory.tokens(), tokensOf(turn), extra);
    const status = model.sendsStatus ? { interactionStatus: this.#status(calls) } : {};
    this.#host.send({ serverContent: { turnComplete: true, ...status }, usageMetadata: usage });
    this.#turn = undefined;
    addToContext(this.#session, turn);
    const audio = turn.answer ? ` after ${turn.answer.spokenSeconds.toFixed(1)} s of audio` : "";
    this.#host.log(`turn ${turn.interrupted ? "interrupted" : "complete"}${audio}`);
    if (calls) this.#host.clock.after(SOON_MS, () => this.#host.silent || this.#issuer.send(calls));
    this.#host.happened("turnComplete");
    this.#next();
  }

  #status(calls?: readonly FunctionCall[]) {
    return calls || this.#session.toolCalls.pending || this.#prompts.results ? "IN_PROGRESS" : "IDLE";
  }
}

/** A tool response as text in the context. */
const textOf = ({ name, response }: Result) => `${name} ${JSON.stringify(response)}`;
