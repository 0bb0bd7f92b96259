// Tracks the turns of a conversation: applies the server's frames to the state, and reports sound, text and the ends of turns.

import type { Blob, LiveServerContent, LiveServerMessage } from "@google/genai";
import type { Clock } from "../../audio/clock";
import type { HistoryTurn, Input, Text } from "../input/input";
import { LiveError } from "../server/errors";
import type { ModelProfile } from "../setup/model-profiles";
import type { ConversationSettings } from "../setup/setup";
import { canBeStopped, isAnswering, isBlocked } from "../state/state";
import type { StateStore } from "../state/store";
import { Captions } from "./captions";
import { History } from "./history";
import { soundIn } from "./model-sound";
import { Questions } from "./questions";
import { SegmentEnds } from "./segment-ends";
import { interactionStatusOf, speechIn } from "./server-signals";
import type { ServerWatch } from "./server-watch";
import { type Usage, UsageMeter } from "./token-usage";
import type { TurnEvent } from "./turn-events";
import type { UserActivity } from "./user-activity";

export interface TurnTrackerOptions {
  settings: Pick<ConversationSettings, "turnDetection" | "includeThoughts" | "segmentSilenceMs">;
  profile: ModelProfile;
  clock: Clock;
  state: StateStore;
  activity: UserActivity;
  watch: ServerWatch;
  /** Maximum number of texts without an answer that are sent again after a lost connection. */
  maxQuestions: number;
  emit(event: TurnEvent): void;
}

export class TurnTracker {
  /** What the user has asked. */
  readonly questions: Questions;
  readonly #options: TurnTrackerOptions;
  readonly #state: StateStore;
  readonly #segments: SegmentEnds | undefined;
  #captions: Captions;
  /** As `seeded`. */
  #seeded = new History();
  #usage: UsageMeter;
  /** The turn in which an invalid part of an answer was reported: once per turn. */
  #refusedIn = 0;

  constructor(options: TurnTrackerOptions) {
    const { settings, profile, clock, state, emit } = options;
    this.#options = options;
    this.#state = state;
    this.#captions = new Captions(state, clock, emit);
    this.#usage = new UsageMeter(profile.contextWindow);
    this.questions = new Questions(options.maxQuestions, (text) => this.#keepQuestion(text));
    state.onChange((before, { thinking }) => {
      if (thinking !== before.thinking) emit({ type: "thinking", thinking });
    });
    if (profile.turnEnds !== "turnComplete")
      this.#segments = new SegmentEnds(profile.turnEnds, clock, settings.segmentSilenceMs, {
        endSide: (role) => this.#captions.end(role),
        complete: (reason) => state.batch(() => this.#complete(reason)),
      });
  }

  /** Tokens that the conversation has used. */
  get tokensUsed() {
    return this.#usage.total;
  }

  /** What was said so far, the oldest first. */
  get history(): readonly HistoryTurn[] {
    return this.#captions.history;
  }

  /** History that the server got as history, because it was not said in the server's conversation. */
  get seeded(): readonly HistoryTurn[] {
    return this.#seeded.turns;
  }

  /** Tokens of the conversation, without the current turn. */
  get usage() {
    return this.#usage.conversation;
  }

  /** Continues a conversation of which this was said and used so far. */
  restore(said: { history: readonly HistoryTurn[]; seeded: readonly HistoryTurn[]; usage: Usage }) {
    for (const turn of said.history) this.#captions.keep(turn);
    for (const turn of said.seeded) this.#seeded.keep(turn);
    this.#usage = new UsageMeter(this.#options.profile.contextWindow, said.usage);
  }

  /** The history to send when a connection opens: what the server does not have, or may forget. */
  historyFor(isResumed: boolean): readonly HistoryTurn[] {
    if (isResumed) return this.#options.profile.forgetsHistory ? this.#seeded.turns : [];
    this.#seeded = new History();
    for (const turn of this.history) this.#seeded.keep(turn);
    return this.history;
  }

  /** Starts a new conversation, which does not continue this one. */
  restart() {
    this.#captions = new Captions(this.#state, this.#options.clock, this.#options.emit);
    this.#seeded = new History();
    this.#usage = new UsageMeter(this.#options.profile.contextWindow);
    this.questions.clear();
  }

  /** Something was sent: the server may have to answer it, and it becomes part of the conversation. */
  onSent(input: Input) {
    const { settings, activity, watch } = this.#options;
    if (input.kind !== "sound") watch.restart();
    else if (settings.turnDetection === "automatic") activity.onSound(input.pcm);
    if (input.kind === "history")
      for (const turn of input.turns) {
        this.#captions.keep(turn);
        this.#seeded.keep(turn);
      }
    if (input.kind === "signal") this.hear(input.signal === "activityStart");
    if (input.kind === "text" && input.turnComplete) {
      this.questions.add(input);
      this.#state.apply({ type: "textSent" });
    } else if (input.kind === "text") this.#keepQuestion(input);
    if (input.kind === "toolResponse" && input.answered && !isBlocked(this.#state.current))
      this.#state.apply({ type: "responseSent" });
  }

  /** The model calls tools. Its questions are not asked again, because it would call them twice. */
  onToolCall() {
    this.questions.settle();
  }

  /** Stops the answer: the rest of it is dropped, and its questions are not asked again. Returns false if there is nothing to stop. */
  stop(): boolean {
    const { current } = this.#state;
    if (!canBeStopped(current)) return false;
    this.questions.settle();
    this.#captions.interrupt();
    this.#options.emit({ type: "interrupted", turn: current.turn });
    this.#state.apply({ type: "stopped" });
    return true;
  }

  receive(frame: LiveServerMessage) {
    const { usageMetadata, serverContent } = frame;
    this.#receiveSpeech(frame);
    if (usageMetadata) this.#usage.note(usageMetadata);
    if (serverContent) this.#receiveContent(serverContent);
    const status = interactionStatusOf(frame);
    // A turnComplete without a status ends the thinking too.
    if (status || serverContent?.turnComplete)
      this.#state.apply({ type: "thinking", thinking: status === "IN_PROGRESS" });
  }

  /** The user starts or stops speaking, as reported by the server or by push to talk. */
  hear(speaking: boolean) {
    const answered = this.#segments?.onSpeech(speaking) ?? true;
    this.#state.apply({ type: "userSpeech", speaking, answered });
  }

  /**
   * The connection is lost, and another one follows if it `continues`. Completes the turn if it cannot continue, with `reason` if a part of
   * its answer is missing, and the turn of texts that are not sent again. Returns the texts to send again.
   */
  breakOff(reason: string, continues = true): Text[] {
    const { current } = this.#state;
    const again = this.questions.giveBack(continues);
    const areLost = this.questions.unanswered.length > 0;
    // An answer without any content is none to the texts that are lost.
    const isWhole = current.answer === "playing" && (!areLost || current.answerFollows);
    if (isAnswering(current)) this.#complete(isWhole ? undefined : reason, true);
    else if (current.answer === "awaited" && !again.length && !areLost) this.#complete(reason, true);
    if (this.questions.unanswered.length) {
      this.questions.settle();
      this.#complete(reason, true);
    }
    this.#segments?.cancel();
    return again;
  }

  #receiveSpeech(frame: LiveServerMessage) {
    const signal = speechIn(frame);
    // Vertex AI may send both kinds of signals.
    const isRepeated = !frame.voiceActivity && signal?.speaking === this.#state.current.userSpeaking;
    if (!signal || isRepeated) return;
    this.#options.activity.onReport();
    this.#options.emit({ type: "speech", ...signal });
    this.hear(signal.speaking);
  }

  #receiveContent(content: LiveServerContent) {
    const { emit } = this.#options;
    const { turn } = this.#state.current;
    this.#receiveUserTranscript(content);
    // Sound in the same frame as `interrupted` belongs to the interrupted answer.
    if (!content.interrupted) this.#receiveAnswer(content);
    const { groundingMetadata, urlContextMetadata } = content;
    if (groundingMetadata || urlContextMetadata)
      emit({ type: "grounding", turn, grounding: { ...groundingMetadata, ...urlContextMetadata } });
    if (content.interrupted) {
      this.#captions.interrupt();
      if (!this.#state.current.stopped) emit({ type: "interrupted", turn });
      this.#state.apply({ type: "interrupted" });
    }
    if (content.generationComplete) {
      if (!this.#state.current.stopped) emit({ type: "generationComplete", turn });
      this.#state.apply({ type: "generationComplete" });
      this.#segments?.onGenerationComplete();
    }
    const waits = content.waitingForInput && { waitingForInput: true as const };
    if (content.turnComplete) this.#complete(content.turnCompleteReason, false, waits || {});
  }

  #receiveUserTranscript({ interimInputTranscription, inputTranscription }: LiveServerContent) {
    const { activity, profile } = this.#options;
    if (interimInputTranscription?.text) {
      activity.onSpeech();
      this.#captions.interim(interimInputTranscription);
    }
    // transcribe-live sends the transcript of the whole segment at once.
    const isFinal = profile.turnEnds === "segment";
    const hasText = this.#captions.transcribe("user", inputTranscription, isFinal);
    if (isFinal) return;
    if (hasText && !isAnswering(this.#state.current)) activity.onSpeech();
    if (hasText) this.#segments?.onText("user");
    if (inputTranscription?.finished && this.#segments) this.#segments.onFinished("user");
    else if (inputTranscription?.finished) this.#endUser();
  }

  #receiveAnswer({ modelTurn, outputTranscription }: LiveServerContent) {
    if (this.#state.current.stopped) return;
    this.#captions.beginFrame();
    const { emit } = this.#options;
    for (const part of modelTurn?.parts ?? []) {
      // What is left of a part of a wrong type is no piece of an answer.
      if (Object.values(part).every((value) => value === undefined)) continue;
      const { inlineData, text, thought, executableCode, codeExecutionResult } = part;
      this.#answerBegins();
      const { turn } = this.#state.current;
      if (executableCode) emit({ type: "code", turn, code: executableCode });
      if (codeExecutionResult) emit({ type: "codeResult", turn, result: codeExecutionResult });
      if (inlineData?.data) this.#receiveSound(inlineData);
      if (text && !thought) this.#captions.write(text);
      if (text && thought && this.#options.settings.includeThoughts) this.#captions.think(text);
    }
    // It may also come after its sound or after its turn, and then begins no answer (docs/live-api.md 1.5).
    if (outputTranscription?.text && this.#state.current.answer === "awaited") this.#answerBegins();
    if (outputTranscription?.text) this.#segments?.onText("model");
    this.#captions.transcribe("model", outputTranscription);
    if (outputTranscription?.finished) this.#segments?.onFinished("model");
  }

  #receiveSound(blob: Blob) {
    const { watch, emit } = this.#options;
    const { turn } = this.#state.current;
    const sound = soundIn(blob);
    if (sound) {
      watch.onAudio(sound.ms);
      this.#captions.onSound(sound.ms);
      return emit({ type: "audio", pcm: sound.pcm, mimeType: sound.mimeType, turn });
    }
    if (this.#refusedIn === turn) return;
    this.#refusedIn = turn;
    emit({
      type: "failed",
      error: new LiveError(
        "GEMINI_PROTOCOL",
        `Gemini Live: the answer contains ${blob.mimeType || "data of no type"}, which is not sound; this part was ignored.`,
      ),
    });
  }

  /** A piece of an answer has come. It answers the questions unless it belongs to an earlier answer. */
  #answerBegins() {
    this.#state.apply({ type: "modelContent" });
    if (!this.#state.current.answerFollows) this.questions.settle();
    this.#segments?.onText("model");
  }

  /** @param cutOff whether the connection ended before the turn did */
  #complete(reason: string | undefined, cutOff = false, details: { waitingForInput?: true } = {}) {
    const { turn, answerFollows } = this.#state.current;
    if (!answerFollows) this.questions.settle();
    this.#endUser();
    this.#captions.end("model");
    const texts = this.questions.takeAsked();
    const lost = cutOff && reason && texts.length ? { texts } : {};
    const usage = this.#usage.endTurn();
    if (usage) this.#options.emit({ type: "usage", turn, usage });
    this.#options.emit({ type: "turnComplete", turn, reason, ...details, ...lost });
    this.#state.apply({ type: "turnComplete", cutOff });
  }

  #endUser() {
    const said = this.#captions.end("user");
    if (said) this.questions.said(said);
  }

  #keepQuestion({ text, parts, isPrompt }: Text) {
    if (!isPrompt) this.#captions.keep({ role: "user", text, ...(parts && { parts }) });
  }
}
