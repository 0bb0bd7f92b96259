// The turns of one conversation: from what the server sends to sound, text and the events between them.

import type { LiveServerContent, UsageMetadata } from "@google/genai";
import type { ConversationEvent } from "./events";
import { type Role, Transcript } from "./transcript";
import { UsageMeter } from "./usage";

export class Turns {
  readonly #emit: (event: ConversationEvent) => void;
  readonly #withThoughts: boolean;
  #transcript = new Transcript();
  #usage = new UsageMeter();
  /** Counts from 1; what the user says and the answer to it are of the same turn. */
  #turn = 1;
  /** The model is answering: from a text turn or its first output until turnComplete. */
  #answering = false;
  /** The running answer was stopped by the flow: what still comes of it is not passed on. */
  #muted = false;

  constructor(emit: (event: ConversationEvent) => void, withThoughts: boolean) {
    this.#emit = emit;
    this.#withThoughts = withThoughts;
  }

  /** An answer is on its way before anything of it has come: it can be stopped. */
  expectAnswer() {
    this.#answering = true;
  }

  /** Notes the token counts that may come with any frame. */
  count(usage: UsageMetadata) {
    this.#usage.note(usage);
  }

  /** Stops the running answer: what still comes of it is dropped. False when there is nothing to stop. */
  stop(): boolean {
    if (!this.#answering || this.#muted) return false;
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
    if (content.generationComplete && !this.#muted) this.#emit({ type: "generationComplete", turn });
    if (content.turnComplete) this.#complete(content.turnCompleteReason);
  }

  /** The connection is gone: a turn that has begun is completed with `reason`. */
  breakOff(reason: string) {
    const said = this.#finishTranscript();
    if (said || this.#answering) this.#complete(reason);
  }

  /** Forgets the counts of a conversation that starts afresh. */
  reset() {
    this.#usage = new UsageMeter();
  }

  #receiveAnswer(content: LiveServerContent) {
    for (const { inlineData, text, thought } of content.modelTurn?.parts ?? []) {
      this.#answering = true;
      if (inlineData?.data && inlineData.mimeType?.startsWith("audio/")) {
        const pcm = Buffer.from(inlineData.data, "base64");
        this.#emit({ type: "audio", pcm, mimeType: inlineData.mimeType, turn: this.#turn });
      }
      if (text && !thought) this.#say("model", text);
      if (text && thought && this.#withThoughts)
        this.#emit({ type: "text", role: "model", text, final: false, thought, turn: this.#turn });
    }
    if (content.outputTranscription?.text) {
      this.#answering = true;
      this.#say("model", content.outputTranscription.text);
    }
  }

  #say(role: Role, text: string) {
    this.#transcript.add(role, text);
    this.#emit({ type: "text", role, text, final: false, thought: false, turn: this.#turn });
  }

  #complete(reason: string | undefined) {
    const turn = this.#turn;
    this.#answering = false;
    this.#muted = false;
    this.#finishTranscript();
    const usage = this.#usage.endTurn();
    if (usage) this.#emit({ type: "usage", turn, usage });
    this.#emit({ type: "turnComplete", turn, reason });
    this.#turn += 1;
  }

  #finishTranscript(): boolean {
    const said = this.#transcript.endTurn();
    for (const { role, text } of said)
      this.#emit({ type: "text", role, text, final: true, thought: false, turn: this.#turn });
    return said.length > 0;
  }
}
