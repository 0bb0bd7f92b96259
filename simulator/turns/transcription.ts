// What transcribe-live does with speech: interim transcripts that replace each other, then one transcript for each segment.
// It never sends a turnComplete (docs/live-api.md 1.5).

import type { SpeechListener, Utterance } from "../input/speech-detection";
import { transcriptOf } from "../output/echo";
import { preconditionFailed } from "../protocol/refusals";
import type { Range } from "../protocol/variation";
import type { Session } from "../session/session";
import { audioTokens } from "../session/token-count";
import type { Host } from "./model-turn";
import { type TurnDetection, voiceActivity } from "./turn-detection";

/** From the start of a segment to the first interim transcript, and from one to the next, in ms of audio; measured. */
const FIRST_INTERIM_MS = 1000;
const INTERIM_MS = 500;
/** From the end of a segment to its transcript, in ms, after activityEnd and after a silence; measured. */
const MANUAL_END_MS = 260;
const END_MS: Range = { least: 250, usual: 400, most: 560 };
/** From activityStart to ACTIVITY_START, in ms; measured. */
const MANUAL_START_MS = 40;

/** The transcription on one connection. */
export class Transcription implements SpeechListener {
  readonly #detection: TurnDetection;
  readonly #session: Session;
  readonly #host: Host;
  readonly #transcribe: boolean;
  /** Where the segment started, in ms of audio. undefined between segments */
  #startMs?: number;
  #nextInterimMs = 0;
  /** Seconds of speech in the earlier utterances of the segment. */
  #seconds = 0;
  #cancelEnd = () => {};

  /** @param transcribe whether input transcription is on; without it only voiceActivity is sent */
  constructor(detection: TurnDetection, session: Session, host: Host, transcribe: boolean) {
    this.#detection = detection;
    this.#session = session;
    this.#host = host;
    this.#transcribe = transcribe;
  }

  speechStarted() {
    // Speech before the transcript was sent continues the segment.
    this.#cancelEnd();
    if (this.#startMs !== undefined) return;
    const offset = this.#detection.heardMs;
    this.#startMs = offset;
    this.#nextInterimMs = offset + FIRST_INTERIM_MS;
    this.#host.happened("userSpeaking");
    const start = () => this.#host.send(voiceActivity("ACTIVITY_START", offset));
    if (this.#detection.automatic) start();
    else this.#host.clock.after(MANUAL_START_MS, start);
  }

  speechContinued() {
    const { heardMs } = this.#detection;
    if (heardMs < this.#nextInterimMs) return;
    this.#nextInterimMs += INTERIM_MS;
    this.#send("interimInputTranscription", (heardMs - this.#startMs!) / 1000);
  }

  /** @throws Refusal for an activity without audio */
  speechEnded({ pcm, start, end, voiced }: Utterance) {
    if (!pcm.length) {
      this.#host.send({ serverContent: { turnComplete: true }, usageMetadata: {} });
      throw preconditionFailed();
    }
    if (voiced) this.#seconds += end - start;
    const delay = this.#detection.automatic ? this.#host.variation.between(END_MS) : MANUAL_END_MS;
    this.#cancelEnd = this.#host.clock.after(delay, () => this.#end());
  }

  #end() {
    const seconds = this.#seconds;
    this.#startMs = undefined;
    this.#seconds = 0;
    if (seconds > 0) {
      const text = transcriptOf(seconds);
      this.#session.memory.add({ role: "user", modality: "AUDIO", text, tokens: audioTokens(seconds) });
      this.#send("inputTranscription", seconds);
      this.#host.send({ serverContent: { generationComplete: true } });
      this.#host.log(`turn of ${seconds.toFixed(1)} s of speech transcribed`);
    }
    this.#host.send(voiceActivity("ACTIVITY_END", this.#detection.heardMs));
  }

  #send(kind: "inputTranscription" | "interimInputTranscription", seconds: number) {
    if (this.#transcribe) this.#host.send({ serverContent: { [kind]: { text: transcriptOf(seconds) } } });
  }
}
