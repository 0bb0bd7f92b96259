// Follows the turns of a conversation: applies what the server sends to its state, and reports sound, text and the ends of turns.

import type { LiveServerContent, LiveServerMessage } from "@google/genai";
import type { Text, Utterance } from "../input/input";
import { canBeStopped, isAnswering } from "../state/state";
import type { StateStore } from "../state/store";
import { UsageMeter } from "./token-usage";
import { Transcript } from "./transcript";
import type { TurnEvent } from "./turn-events";

export class TurnTracker {
  readonly #state: StateStore;
  readonly #emit: (event: TurnEvent) => void;
  readonly #withThoughts: boolean;
  readonly #contextWindow: number | undefined;
  #transcript = new Transcript();
  #usage: UsageMeter;
  /** Texts that were sent and of whose answer nothing has come. */
  #questions: Text[] = [];

  /** @param contextWindow tokens that the model's context holds, where that is known */
  constructor(
    state: StateStore,
    emit: (event: TurnEvent) => void,
    withThoughts: boolean,
    contextWindow: number | undefined,
  ) {
    this.#state = state;
    this.#emit = emit;
    this.#withThoughts = withThoughts;
    this.#contextWindow = contextWindow;
    this.#usage = new UsageMeter(contextWindow);
  }

  /** Tokens that the conversation has used. */
  get tokensUsed() {
    return this.#usage.total;
  }

  /** What was said so far, the oldest first. */
  get history(): readonly Utterance[] {
    return this.#transcript.history;
  }

  /** Begins another conversation, which knows nothing of this one. */
  restart() {
    this.#transcript = new Transcript();
    this.#usage = new UsageMeter(this.#contextWindow);
    this.#questions = [];
  }

  /** A text was sent that the model will answer. */
  ask(question: Text) {
    this.#questions.push(question);
    this.#state.apply({ type: "textSent" });
  }

  /** Something that wants no answer became part of the conversation. */
  keep(utterance: Utterance) {
    this.#transcript.keep(utterance);
  }

  /** The model calls tools: asked again, its questions would make it call them again. */
  onToolCall() {
    this.#keepQuestions();
  }

  /** Stops the answer: what still comes of it is dropped, and its questions are not asked again. False: there is nothing to stop. */
  stop(): boolean {
    const { current } = this.#state;
    if (!canBeStopped(current)) return false;
    this.#keepQuestions();
    this.#emit({ type: "interrupted", turn: current.turn });
    this.#state.apply({ type: "stopped" });
    return true;
  }

  /** The user starts or stops speaking. */
  hear(speaking: boolean, offsetMs?: number) {
    this.#emit({ type: "speech", speaking, offsetMs });
    this.#state.apply({ type: "userSpeech", speaking });
  }

  receive(frame: LiveServerMessage) {
    const { voiceActivity, usageMetadata, serverContent } = frame;
    if (voiceActivity) this.#receiveActivity(voiceActivity);
    if (usageMetadata) this.#usage.note(usageMetadata);
    if (serverContent) this.#receiveContent(serverContent);
    const status = interactionStatusOf(frame);
    // The end of a turn without a status ends the thinking too.
    if (status || serverContent?.turnComplete) this.#receiveStatus(status === "IN_PROGRESS");
  }

  /**
   * The connection is gone. Returns the texts to send again: those of whose answer nothing had come, each once. A turn that cannot
   * continue is completed, with `reason` when a part of its answer is missing.
   */
  breakOff(reason: string): Text[] {
    const { current } = this.#state;
    const again = this.#questions.filter((question) => !question.again);
    if (again.length) this.#questions = [];
    if (isAnswering(current)) this.#complete(current.answer === "playing" ? undefined : reason);
    else if (current.answer === "awaited" && !again.length) this.#complete(reason);
    this.#keepQuestions();
    return again.map((question) => ({ ...question, again: true }));
  }

  /** The Gemini API names the kind `type`, and the SDK renames it for Vertex AI (docs/live-api.md 1.3). */
  #receiveActivity(activity: NonNullable<LiveServerMessage["voiceActivity"]> & WireActivity) {
    const kind = activity.type ?? activity.voiceActivityType;
    const seconds = Number.parseFloat(activity.audioOffset ?? "");
    const offsetMs = Number.isFinite(seconds) ? Math.round(seconds * 1000) : undefined;
    if (kind === "ACTIVITY_START") this.hear(true, offsetMs);
    else if (kind === "ACTIVITY_END") this.hear(false, offsetMs);
  }

  #receiveStatus(thinking: boolean) {
    if (thinking !== this.#state.current.thinking) this.#emit({ type: "thinking", thinking });
    this.#state.apply({ type: "thinking", thinking });
  }

  #receiveContent(content: LiveServerContent) {
    const { turn } = this.#state.current;
    if (content.inputTranscription?.text) this.#say("user", content.inputTranscription.text);
    // Sound that comes in one frame with `interrupted` belongs to the answer that is over.
    if (!content.interrupted) this.#receiveAnswer(content);
    if (content.groundingMetadata)
      this.#emit({ type: "grounding", turn, grounding: content.groundingMetadata });
    if (content.interrupted) {
      if (!this.#state.current.stopped) this.#emit({ type: "interrupted", turn });
      this.#state.apply({ type: "interrupted" });
    }
    if (content.generationComplete) {
      if (!this.#state.current.stopped) this.#emit({ type: "generationComplete", turn });
      this.#state.apply({ type: "generationComplete" });
    }
    if (content.turnComplete) this.#complete(content.turnCompleteReason);
  }

  #receiveAnswer({ modelTurn, outputTranscription }: LiveServerContent) {
    if (this.#state.current.stopped) return;
    for (const { inlineData, text, thought } of modelTurn?.parts ?? []) {
      this.#answerBegins();
      const { turn } = this.#state.current;
      if (inlineData?.data && inlineData.mimeType?.startsWith("audio/")) {
        const pcm = Buffer.from(inlineData.data, "base64");
        this.#emit({ type: "audio", pcm, mimeType: inlineData.mimeType, turn });
      }
      if (text && !thought) this.#say("model", text);
      if (text && thought && this.#withThoughts)
        this.#emit({ type: "text", role: "model", text, final: false, thought, turn });
    }
    if (outputTranscription?.text) {
      this.#answerBegins();
      this.#say("model", outputTranscription.text);
    }
  }

  /** A piece of an answer has come: unless it belongs to an earlier one, the questions are answered. */
  #answerBegins() {
    this.#state.apply({ type: "modelContent" });
    if (!this.#state.current.answerFollows) this.#keepQuestions();
  }

  #say(role: Utterance["role"], text: string) {
    this.#transcript.add(role, text);
    this.#emit({ type: "text", role, text, final: false, thought: false, turn: this.#state.current.turn });
  }

  #complete(reason: string | undefined) {
    const { turn, answerFollows } = this.#state.current;
    if (!answerFollows) this.#keepQuestions();
    for (const { role, text } of this.#transcript.endTurn())
      this.#emit({ type: "text", role, text, final: true, thought: false, turn });
    const usage = this.#usage.endTurn();
    if (usage) this.#emit({ type: "usage", turn, usage });
    this.#emit({ type: "turnComplete", turn, reason });
    this.#state.apply({ type: "turnComplete" });
  }

  #keepQuestions() {
    for (const { text } of this.#questions) this.#transcript.keep({ role: "user", text });
    this.#questions = [];
  }
}

/** As the Gemini API writes it (docs/live-api.md 1.3). */
interface WireActivity {
  type?: string;
}

/** It is documented beside and inside serverContent (docs/live-api.md 1.3); other models send none. */
function interactionStatusOf(frame: LiveServerMessage): string | undefined {
  const { interactionStatus } = frame as { interactionStatus?: string };
  return interactionStatus ?? frame.serverContent?.interactionStatus;
}
