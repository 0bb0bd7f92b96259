// A conversation on one connection, after its setup: takes in what the client sends, and tells what was heard.

import { readImageHeader } from "../input/image-header";
import { InputResampler, readAudio } from "../input/input-audio";
import { LONGEST_UTTERANCE, SpeechDetector, type Utterance } from "../input/speech-detection";
import { transcriptOf } from "../output/echo";
import type { Blob, ClientMessage, Content, RealtimeInput, Setup } from "../protocol/client-messages";
import type { FunctionCall } from "../protocol/function-declarations";
import { readTools, type Tools } from "../protocol/function-declarations";
import type { Model } from "../protocol/models";
import {
  aborted,
  explicitActivity,
  invalidArgument,
  mediaChunksDeprecated,
  noVoices,
  Refusal,
} from "../protocol/refusals";
import { pictureTokens, soundTokens, textTokens } from "../session/context-window";
import type { Session } from "../session/session";
import { parseCallCommand } from "./call-command";
import type { Host } from "./model-turn";
import { TurnTaking } from "./turn-taking";

/** From the end of the user's turn to the answer in ms, measured on gemini-3.8-live (docs/live-api.md 1.5). */
const THINKING_MS = 400;

const seconds = (offset: number) => `${offset.toFixed(3)}s`;

/** The conversation of one connection, or its part of it. Everything that the client may not do is thrown as a Refusal. */
export class MessageHandler {
  readonly #model: Model;
  readonly #setup: Setup;
  readonly #session: Session;
  readonly #host: Host;
  readonly #hearing: SpeechDetector;
  readonly #turns: TurnTaking;
  readonly #resampler = new InputResampler();
  readonly #automatic: boolean;
  readonly #interruptible: boolean;
  #tools: Tools;
  /** While history is being told, nothing is answered. */
  #seeding: boolean;
  #heardSound = false;
  /** ACTIVITY_START was sent, ACTIVITY_END not yet. */
  #active = false;
  /** Seconds of speech whose transcript was not sent yet. */
  #untold = 0;
  #cancelTelling = () => {};

  /** @param session what was said before, and takes up what is said now */
  constructor(model: Model, setup: Setup, session: Session, host: Host) {
    const { automaticActivityDetection = {}, activityHandling } = setup.realtimeInputConfig ?? {};
    this.#model = model;
    this.#setup = setup;
    this.#session = session;
    this.#host = host;
    this.#automatic = !automaticActivityDetection.disabled;
    this.#interruptible = activityHandling !== "NO_INTERRUPTION";
    const begins = session.connections === 1;
    this.#seeding = (begins && setup.historyConfig?.initialHistoryInClientContent) ?? false;
    const transcribe = setup.outputAudioTranscription !== undefined;
    const behaviorOf = (name: string) => this.#tools.functions.get(name) ?? model.behaviors[0] ?? "BLOCKING";
    const userSpeaks = () => this.#hearing.speaking;
    this.#tools = readTools(setup.tools ?? [], model.behaviors, "setup");
    this.#turns = new TurnTaking({ model, transcribe, behaviorOf, userSpeaks }, session, host);
    const listener = {
      speechStarted: (offset: number) => this.#speechStarted(offset),
      speechEnded: (utterance: Utterance) => this.#speechEnded(utterance),
    };
    this.#hearing = new SpeechDetector(automaticActivityDetection, listener, session.heard);
    this.#instruct(setup.systemInstruction);
  }

  /** Whether nobody speaks and no answer is on its way. */
  get idle() {
    return this.#turns.idle && !this.#hearing.speaking;
  }

  /** Whether the model answers, or a call runs. */
  get answering() {
    return !this.#turns.idle || this.#session.toolCalls.pending;
  }

  /** Takes any message but the setup. */
  receive({ clientContent, realtimeInput, toolResponse, contextUpdate }: ClientMessage) {
    if (clientContent) this.#read(clientContent.turns ?? [], clientContent.turnComplete ?? false);
    if (realtimeInput) this.#perceive(realtimeInput);
    if (toolResponse)
      this.#turns.learn(this.#session.toolCalls.answer(toolResponse.functionResponses ?? [], this.#model));
    this.#instruct(contextUpdate?.systemInstruction);
    const tools = contextUpdate?.tools;
    if (tools) this.#tools = readTools(tools.tools ?? [], this.#model.behaviors, "context_update.tools");
  }

  /** Has functions called, declared or not. */
  call(calls: readonly FunctionCall[]) {
    this.#turns.call(calls);
  }

  /** Withdraws the pending calls. */
  cancelCalls() {
    this.#turns.cancelCalls();
  }

  /** Repeats the pending blocking calls under new ids. */
  reissue() {
    this.#turns.reissue();
  }

  /** The answer that is on its way never comes. */
  hush() {
    this.#turns.drop();
  }

  /** Leaves to the session what a later connection may go on with; timers are the business of the clock's owner. */
  end() {
    this.#turns.drop();
    this.#session.heard = this.#hearing.heard;
    this.#resampler.free();
  }

  #instruct(instruction?: Content) {
    if (instruction) this.#session.memory.instruct((instruction.parts ?? []).map(({ text = "" }) => text));
  }

  #remember(role: "user" | "model", text: string) {
    this.#session.memory.add({ role, modality: "TEXT", text, tokens: textTokens(text) });
  }

  /** Turns of the history, and perhaps the question that ends it. */
  #read(turns: Content[], complete: boolean) {
    if (this.#model.clientContent === "seed" && !this.#seeding) throw invalidArgument();
    for (const { role = "user", parts = [] } of turns) {
      if (role !== "user" && role !== "model") throw new Refusal("Please use a valid role: user, model.");
      for (const { text, inlineData } of parts) {
        if (text !== undefined) this.#remember(role, text);
        if (inlineData) this.#see(inlineData);
      }
      const text = parts.map((part) => part.text ?? "").join(" ");
      if (role === "user") this.#session.question = text;
    }
    if (this.#seeding) {
      this.#seeding = !complete;
      return;
    }
    // Whatever the activity handling: that is for what happens in real time.
    this.#turns.bargeInByText(complete);
    if (complete) this.#askText(this.#session.question);
  }

  #perceive(input: RealtimeInput) {
    const { audio, video, text, audioStreamEnd, activityStart, activityEnd, mediaChunks = [] } = input;
    if (mediaChunks.length && !this.#model.mediaChunks) throw mediaChunksDeprecated();
    if ((activityStart || activityEnd) && this.#automatic) throw explicitActivity();
    if (audioStreamEnd && !this.#automatic) throw invalidArgument();
    if (activityStart) this.#hearing.begin();
    for (const chunk of mediaChunks)
      if (chunk.mimeType?.startsWith("image/")) this.#see(chunk);
      else this.#hear(chunk);
    if (audio) this.#hear(audio);
    if (video) this.#see(video);
    if (text !== undefined) this.#readNow(text);
    if (audioStreamEnd) {
      this.#hearing.hear(this.#resampler.flush());
      this.#hearing.end();
    }
    if (activityEnd) {
      if (!this.#heardSound) throw noVoices();
      if (!this.#hearing.speaking) throw invalidArgument();
      this.#hearing.end();
    }
  }

  #hear(blob: Blob) {
    if (this.#model.abortsOnSound && this.#session.toolCalls.awaited) throw aborted();
    const { pcm, rate } = readAudio(blob);
    this.#heardSound ||= pcm.length > 0;
    this.#hearing.hear(this.#resampler.convert(pcm, rate));
  }

  #see(blob: Blob) {
    const picture = readImageHeader(blob);
    this.#turns.see(picture);
    const text = `${picture.kind} ${picture.width}×${picture.height}`;
    const tokens = pictureTokens(this.#setup.generationConfig?.mediaResolution);
    this.#session.memory.add({ role: "user", modality: "IMAGE", text, tokens });
  }

  /** Text in real time is an activity like speech. */
  #readNow(text: string) {
    this.#remember("user", text);
    if (this.#interruptible) this.#turns.bargeInByText(true);
    this.#askText(text);
  }

  #speechStarted(offset: number) {
    this.#cancelTelling();
    // After a pause within one turn it is still the same turn.
    if (!this.#active) this.#host.happened("userSpeaking");
    if (this.#automatic && !this.#active) {
      this.#active = true;
      this.#tellActivity("ACTIVITY_START", offset);
    }
    this.#turns.bargeIn(this.#interruptible, this.#automatic);
  }

  #speechEnded({ pcm, start, end }: Utterance) {
    const length = end - start;
    if (pcm.length) {
      this.#untold += length;
      const text = transcriptOf(length);
      this.#session.memory.add({ role: "user", modality: "AUDIO", text, tokens: soundTokens(length) });
      this.#turns.ask({ speech: pcm, seconds: length });
    }
    // Who never stops speaking is answered at once, or what is to be said back would grow without end. (The ear counts
    // some silence around the speech, hence the second less.)
    const delay = this.#turns.unansweredSeconds >= LONGEST_UTTERANCE - 1 ? 0 : THINKING_MS;
    this.#cancelTelling = this.#host.clock.after(delay, () => this.#tellHeard(end));
    this.#turns.answerIn(delay);
  }

  #tellHeard(end: number) {
    if (this.#setup.inputAudioTranscription && this.#untold > 0)
      this.#host.send({ serverContent: { inputTranscription: { text: transcriptOf(this.#untold) } } });
    this.#untold = 0;
    if (this.#active) this.#tellActivity("ACTIVITY_END", end);
    this.#active = false;
  }

  #tellActivity(voiceActivityType: string, offset: number) {
    this.#host.send({ voiceActivity: { voiceActivityType, audioOffset: seconds(offset) } });
  }

  #askText(text: string) {
    this.#host.happened("userSpeaking");
    const order = parseCallCommand(text, this.#tools);
    if (order) this.#turns.ask("refusal" in order ? { words: order.refusal } : order);
    else this.#turns.ask({ text, search: this.#tools.search && /\bsearch/i.test(text) });
    // By hand, the turn is not over before activityEnd, whatever is written meanwhile.
    if (this.#automatic || !this.#hearing.speaking) this.#turns.answerIn(THINKING_MS);
  }
}
