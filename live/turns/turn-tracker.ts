// The turns of one conversation: from what the server sends to sound, text and the events between them.

import type { LiveServerContent, UsageMetadata } from "@google/genai";
import type { ConversationEvent } from "../events";
import { UsageMeter } from "./token-usage";
import { type Role, Transcript, type Utterance } from "./transcript";

/**
 * How far the model's answer is: `awaited` from the end of the user's turn, `answering` from its first piece, `playing` when all of it
 * has come, until the server takes it for played (docs/live-api.md 1.5).
 */
type Phase = "idle" | "awaited" | "answering" | "playing";

/** A text that wants an answer. */
export interface Question {
  text: string;
  /** It has been asked before, on a connection that was lost; it is not asked a third time. */
  again: boolean;
}

export class TurnTracker {
  readonly #emit: (event: ConversationEvent) => void;
  readonly #withThoughts: boolean;
  readonly #transcript = new Transcript();
  readonly #usage: UsageMeter;
  /** Counts from 1; what the user says and the answer to it are of the same turn. */
  #turn = 1;
  #phase: Phase = "idle";
  #userSpeaks = false;
  /** The texts that the awaited answer is for. */
  #questions: Question[] = [];
  /** The running answer was stopped by the flow: what still comes of it is not passed on. */
  #muted = false;

  /** @param contextWindow tokens that the model's context holds, where that is known */
  constructor(
    emit: (event: ConversationEvent) => void,
    withThoughts: boolean,
    contextWindow: number | undefined,
  ) {
    this.#emit = emit;
    this.#withThoughts = withThoughts;
    this.#usage = new UsageMeter(contextWindow);
  }

  /** Neither side speaks, and nothing is awaited. */
  get isQuiet() {
    return this.#phase === "idle" && !this.#userSpeaks;
  }

  /** It is the server's turn to send something. */
  get awaitsServer() {
    return this.#phase === "awaited" || this.#phase === "answering";
  }

  /** Tokens that the conversation has used. */
  get tokensUsed() {
    return this.#usage.total;
  }

  /** What was said so far, the oldest first. */
  get remembered(): readonly Utterance[] {
    return this.#transcript.remembered;
  }

  /** A text was sent that the model will answer. */
  ask(question: Question) {
    this.#questions.push(question);
    this.#muted = false;
    this.#phase = "awaited";
  }

  /** Something that needs no answer has become part of the conversation. */
  note(utterance: Utterance) {
    this.#transcript.remember(utterance);
  }

  /** The user begins or ends to speak. */
  hearUser(speaks: boolean) {
    if (this.#userSpeaks && !speaks && this.#phase === "idle") this.#phase = "awaited";
    // Whatever was stopped, the answer to this is to be heard.
    if (speaks) this.#muted = false;
    this.#userSpeaks = speaks;
  }

  /** The server has fallen silent, and nothing more is expected of it. */
  settle() {
    this.#phase = "idle";
  }

  /** The model calls a tool: it has taken its questions up, and asked again they would call the tool again. */
  callTool() {
    this.#phase = "idle";
    this.#rememberQuestions();
  }

  /** The model will speak about what a tool has answered. */
  awaitAnswer() {
    if (this.#phase === "idle") this.#phase = "awaited";
  }

  /** The server has said nothing more of an answer that was stopped: what comes next is to be heard. */
  forgetStop() {
    if (!this.#muted) return;
    this.#muted = false;
    this.#phase = "idle";
  }

  /** Notes the token counts that may come with any frame. */
  count(usage: UsageMetadata) {
    this.#usage.note(usage);
  }

  /** Stops the running answer: what still comes of it is dropped. False when there is nothing to stop. */
  stop(): boolean {
    if (this.#phase === "idle" || this.#muted) return false;
    this.#muted = true;
    this.#emit({ type: "interrupted", turn: this.#turn });
    return true;
  }

  receive(content: LiveServerContent) {
    const turn = this.#turn;
    if (content.inputTranscription?.text) this.#say("user", content.inputTranscription.text);
    // Sound that comes in one frame with `interrupted` belongs to the answer that is over.
    if (!this.#muted && !content.interrupted) this.#receiveAnswer(content);
    if (content.groundingMetadata)
      this.#emit({ type: "grounding", turn, grounding: content.groundingMetadata });
    if (content.interrupted) {
      if (!this.#muted) this.#emit({ type: "interrupted", turn });
      this.#muted = false;
    }
    if (content.generationComplete) {
      this.#phase = "playing";
      if (!this.#muted) this.#emit({ type: "generationComplete", turn });
    }
    if (content.turnComplete) this.#complete(content.turnCompleteReason);
  }

  /**
   * The connection is gone. Returns the texts that have had no answer at all and may be asked once more; a turn that cannot go on
   * is completed, with `reason` when a part of its answer is missing.
   */
  breakOff(reason: string): string[] {
    this.#userSpeaks = false;
    const unanswered = this.#phase === "awaited" ? this.#questions.filter(({ again }) => !again) : [];
    if (unanswered.length) {
      this.#questions = [];
      this.#phase = "idle";
    } else if (this.#phase !== "idle") this.#complete(this.#phase === "playing" ? undefined : reason);
    return unanswered.map(({ text }) => text);
  }

  #receiveAnswer(content: LiveServerContent) {
    for (const { inlineData, text, thought } of content.modelTurn?.parts ?? []) {
      this.#phase = "answering";
      if (inlineData?.data && inlineData.mimeType?.startsWith("audio/")) {
        const pcm = Buffer.from(inlineData.data, "base64");
        this.#emit({ type: "audio", pcm, mimeType: inlineData.mimeType, turn: this.#turn });
      }
      if (text && !thought) this.#say("model", text);
      if (text && thought && this.#withThoughts)
        this.#emit({ type: "text", role: "model", text, final: false, thought, turn: this.#turn });
    }
    if (content.outputTranscription?.text) {
      this.#phase = "answering";
      this.#say("model", content.outputTranscription.text);
    }
  }

  #say(role: Role, text: string) {
    this.#transcript.add(role, text);
    this.#emit({ type: "text", role, text, final: false, thought: false, turn: this.#turn });
  }

  #complete(reason: string | undefined) {
    const turn = this.#turn;
    this.#phase = "idle";
    this.#muted = false;
    this.#rememberQuestions();
    for (const { role, text } of this.#transcript.endTurn())
      this.#emit({ type: "text", role, text, final: true, thought: false, turn });
    const usage = this.#usage.endTurn();
    if (usage) this.#emit({ type: "usage", turn, usage });
    this.#turn += 1;
    this.#emit({ type: "turnComplete", turn, reason });
  }

  #rememberQuestions() {
    for (const { text } of this.#questions) this.#transcript.remember({ role: "user", text });
    this.#questions = [];
  }
}
