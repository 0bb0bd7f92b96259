// Handles the client's messages after the setup: adds them to the context and passes them to the user's turn and to
// turn-taking.

import { readImageHeader } from "../input/image-header";
import { readAudio } from "../input/input-audio";
import type { SpeechListener } from "../input/speech-detection";
import { type FunctionCall, readTools, type Tools } from "../protocol/function-declarations";
import type { Blob, ClientMessage, Content, RealtimeInput, SetupMessage } from "../protocol/message-schema";
import type { Model } from "../protocol/models";
import { aborted, invalidArgument, mediaChunksDeprecated, Refusal } from "../protocol/refusals";
import type { Session } from "../session/session";
import { imageTokens, textTokens } from "../session/token-count";
import { parseCallCommand } from "./call-command";
import type { Host } from "./model-turn";
import { Transcription } from "./transcription";
import { Translation } from "./translation";
import { TurnDetection } from "./turn-detection";
import { TurnTaking } from "./turn-taking";
import { THINKING_MS, UserTurn } from "./user-turn";

/** The conversation of one connection. It throws a Refusal for every message that the server refuses. */
export class MessageHandler {
  readonly #model: Model;
  readonly #setup: SetupMessage;
  readonly #session: Session;
  readonly #host: Host;
  readonly #detection: TurnDetection;
  readonly #interrupts: boolean;
  readonly #turns: TurnTaking;
  #tools: Tools;
  /** Whether the model never answers again (fault `mute`). */
  #muted = false;
  /** Whether the client sends history (historyConfig). Until it is complete, the model does not answer. */
  #seeding: boolean;

  /** @param session the session that the connection began or resumed */
  constructor(model: Model, setup: SetupMessage, session: Session, host: Host) {
    this.#model = model;
    this.#setup = setup;
    this.#session = session;
    this.#host = host;
    const begins = session.connections === 1;
    this.#seeding = (begins && setup.historyConfig?.initialHistoryInClientContent) ?? false;
    const transcribe = setup.outputAudioTranscription !== undefined;
    const behaviorOf = (name: string) => this.#tools.functions.get(name) ?? model.behaviors[0] ?? "BLOCKING";
    const userSpeaks = () => this.#detection.speaking;
    this.#interrupts = setup.realtimeInputConfig?.activityHandling !== "NO_INTERRUPTION";
    const interrupts = this.#interrupts;
    this.#tools = readTools(setup.tools ?? [], model.behaviors, "setup");
    const { thinkingBudget, thinkingLevel } = setup.generationConfig?.thinkingConfig ?? {};
    const thinks = thinkingLevel ? thinkingLevel !== "MINIMAL" : model.thinks && thinkingBudget !== 0;
    this.#turns = new TurnTaking(
      { model, transcribe, thinks, behaviorOf, interrupts, userSpeaks },
      session,
      host,
    );
    this.#detection = new TurnDetection(setup, session, (detection) => this.#listener(detection));
    this.#instruct(setup.systemInstruction);
  }

  /** Whether neither the user speaks nor the model answers. */
  get idle() {
    return this.#turns.idle && !this.#detection.speaking;
  }

  /** Whether the model answers or waits for a tool response. */
  get answering() {
    return !this.#turns.idle || this.#session.toolCalls.pending;
  }

  /** Handles any message except the setup. */
  receive(message: ClientMessage) {
    // What models that transcribe or translate send is their answer.
    if (!this.#muted || this.#model.task === "talk") this.#handle(message);
  }

  #handle({ clientContent, realtimeInput, toolResponse, contextUpdate }: ClientMessage) {
    if (clientContent) this.#addContent(clientContent.turns ?? [], clientContent.turnComplete ?? false);
    if (realtimeInput) this.#receiveRealtime(realtimeInput);
    if (toolResponse)
      this.#turns.respond(this.#session.toolCalls.answer(toolResponse.functionResponses ?? [], this.#model));
    this.#instruct(contextUpdate?.systemInstruction);
    const tools = contextUpdate?.tools;
    if (tools) this.#tools = readTools(tools.tools ?? [], this.#model.behaviors, "context_update.tools");
  }

  /** Makes the model call functions, declared or not. */
  call(calls: readonly FunctionCall[]) {
    this.#turns.call(calls);
  }

  /** Cancels the pending calls. */
  cancelCalls() {
    this.#turns.cancelCalls();
  }

  /** Repeats the pending blocking calls under new ids. */
  reissue() {
    this.#turns.reissue();
  }

  /** Drops the answer and everything that waits for one. */
  dropAnswer() {
    this.#turns.drop();
  }

  /** From now on the model never answers, but speech is still transcribed (docs/live-api.md 2). */
  mute() {
    this.#muted = true;
    this.#turns.mute();
  }

  /** Ends the connection's part of the session. */
  end() {
    this.#turns.drop();
    this.#detection.end();
  }

  /** What handles the user's speech. */
  #listener(detection: TurnDetection): SpeechListener {
    const transcribe = this.#setup.inputAudioTranscription !== undefined;
    if (this.#model.task === "transcribe")
      return new Transcription(detection, this.#session, this.#host, transcribe);
    if (this.#model.task === "translate") return new Translation(this.#setup, this.#session, this.#host);
    return new UserTurn(detection, this.#session, this.#host, this.#turns, transcribe);
  }

  #instruct(instruction?: Content) {
    if (instruction) this.#session.memory.instruct((instruction.parts ?? []).map(({ text = "" }) => text));
  }

  #addText(role: "user" | "model", text: string, seeded?: true) {
    this.#session.memory.add({
      role,
      modality: "TEXT",
      text,
      tokens: textTokens(text),
      ...(seeded && { seeded }),
    });
  }

  #addContent(turns: Content[], complete: boolean) {
    if (this.#model.clientContent === "seed" && !this.#seeding) throw invalidArgument();
    for (const { role = this.#model.needsRole ? "" : "user", parts = [] } of turns) {
      if (role !== "user" && role !== "model") throw new Refusal("Please use a valid role: user, model.");
      for (const { text, inlineData } of parts) {
        if (text !== undefined) this.#addText(role, text, true);
        if (inlineData) this.#see(inlineData);
      }
      const text = parts.map((part) => part.text ?? "").join(" ");
      if (role === "user") this.#session.question = text;
    }
    if (this.#seeding) {
      this.#seeding = !complete;
      return;
    }
    // clientContent always interrupts: activityHandling is for real-time input.
    this.#turns.bargeInByText(complete);
    if (complete) this.#ask(this.#session.question);
  }

  #receiveRealtime(input: RealtimeInput) {
    const { audio, video, text, audioStreamEnd, activityStart, activityEnd, mediaChunks = [] } = input;
    if (mediaChunks.length && !this.#model.mediaChunks) throw mediaChunksDeprecated();
    if (activityStart) this.#detection.startActivity();
    for (const chunk of mediaChunks)
      if (chunk.mimeType?.startsWith("image/")) this.#see(chunk);
      else this.#hear(chunk);
    if (audio) this.#hear(audio);
    if (video) this.#see(video);
    if (text !== undefined) {
      this.#addText("user", text);
      // A real-time text barges in like speech.
      if (this.#interrupts) this.#turns.bargeInByText(true);
      this.#ask(text);
    }
    if (audioStreamEnd) this.#detection.endAudioStream();
    if (activityEnd) this.#detection.endActivity();
  }

  #hear(blob: Blob) {
    if (this.#model.abortsOnAudio && this.#session.toolCalls.awaited) throw aborted();
    const { pcm, rate } = readAudio(blob);
    this.#detection.hear(pcm, rate);
  }

  #see(blob: Blob) {
    const image = readImageHeader(blob);
    this.#session.images++;
    this.#session.newImage = image;
    const text = `${image.kind} ${image.width}×${image.height}`;
    const tokens = imageTokens(this.#setup.generationConfig?.mediaResolution);
    this.#session.memory.add({ role: "user", modality: "IMAGE", text, tokens });
  }

  /** Requests an answer to a text, or the function calls of a command. */
  #ask(text: string) {
    // How the other models treat texts is unknown: they do nothing here.
    if (this.#model.task !== "talk") return;
    this.#host.happened("userSpeaking");
    const command = parseCallCommand(text, this.#tools);
    if (command) this.#turns.ask("refusal" in command ? { verbatim: command.refusal } : command);
    else this.#turns.ask({ text, search: this.#tools.search && /\bsearch/i.test(text) });
    // With manual turn detection, the turn lasts until activityEnd.
    if (this.#detection.automatic || !this.#detection.speaking)
      this.#turns.answerIn(this.#host.variation.between(THINKING_MS));
  }
}
