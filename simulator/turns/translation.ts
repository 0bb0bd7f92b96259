// What live-translate does with speech: while the user speaks, transcripts of both sides and audio come interleaved. No
// frame ends a turn (docs/live-api.md 1.5). The simulator does not translate; it plays the user's own voice.

import { INPUT_RATE, type SpeechListener, type Utterance } from "../input/speech-detection";
import { audioContent } from "../output/answer-stream";
import { transcriptOf } from "../output/echo";
import { OUTPUT_RATE, ownSpeech } from "../output/speech-synthesis";
import type { SetupMessage } from "../protocol/message-schema";
import type { Session } from "../session/session";
import { audioTokens, usageMetadata } from "../session/token-count";
import type { Host } from "./model-turn";

/** The speech that one pair of transcripts covers, in seconds; measured. */
const PIECE_SECONDS = 1;
const PIECE_BYTES = PIECE_SECONDS * INPUT_RATE * 2;
/** Chunks of audio in a second: 91 in 6 pieces, measured. */
const CHUNKS_PER_SECOND = 15;
const CHUNK_BYTES = (OUTPUT_RATE / CHUNKS_PER_SECOND) * 2;
const CHUNK_MS = 1000 / CHUNKS_PER_SECOND;

/** The translation on one connection. */
export class Translation implements SpeechListener {
  readonly #session: Session;
  readonly #host: Host;
  readonly #transcribesInput: boolean;
  readonly #transcribesOutput: boolean;
  readonly #target: string;
  /** The simulator does not recognize languages. */
  readonly #source: string;
  /** Speech that was not translated yet, and the silence after it. */
  #speech: Buffer[] = [];
  #silence: Buffer[] = [];
  #begun = false;
  /** When the next chunk of audio is due, in ms of the clock. */
  #due = 0;

  constructor(setup: SetupMessage, session: Session, host: Host) {
    const { targetLanguageCode = "en" } = setup.generationConfig?.translationConfig ?? {};
    this.#session = session;
    this.#host = host;
    this.#transcribesInput = setup.inputAudioTranscription !== undefined;
    this.#transcribesOutput = setup.outputAudioTranscription !== undefined;
    this.#target = targetLanguageCode;
    this.#source = /^en\b/i.test(targetLanguageCode) ? "de" : "en";
  }

  speechStarted(pcm: Buffer) {
    this.#host.happened("userSpeaking");
    if (!this.#begun && this.#transcribesInput) this.#transcribe("input", { languageCode: this.#source });
    this.#begun = true;
    this.speechContinued(pcm, true);
  }

  speechContinued(pcm: Buffer, loud: boolean) {
    this.#silence.push(pcm);
    if (!loud) return;
    this.#speech.push(...this.#silence.splice(0));
    if (this.#speech.reduce((sum, { length }) => sum + length, 0) >= PIECE_BYTES) this.#translate();
  }

  speechEnded({ start, end }: Utterance) {
    this.#silence = [];
    this.#translate();
    this.#host.log(`turn of ${(end - start).toFixed(1)} s of speech translated`);
  }

  #translate() {
    const pcm = Buffer.concat(this.#speech.splice(0));
    if (!pcm.length) return;
    const seconds = pcm.length / 2 / INPUT_RATE;
    const text = transcriptOf(seconds);
    const tokens = audioTokens(seconds);
    const { memory } = this.#session;
    const usage = usageMetadata(memory.tokens(), { AUDIO: tokens }, { tools: 0, thoughts: 0 });
    memory.add({ role: "user", modality: "AUDIO", text, tokens });
    memory.add({ role: "model", modality: "AUDIO", text, tokens });
    if (this.#transcribesInput) this.#transcribe("input", { text: `${text} `, languageCode: this.#source });
    this.#speak(ownSpeech(pcm), text, usage);
  }

  #speak(pcm: Buffer, text: string, usageMetadata: object) {
    const { clock } = this.#host;
    let due = Math.max(clock.now(), this.#due);
    const then = (send: () => void) => clock.after(due - clock.now(), send);
    for (let at = 0; at < pcm.length; at += CHUNK_BYTES) {
      const first = at === 0;
      then(() => {
        this.#host.send({ serverContent: { modelTurn: audioContent(pcm.subarray(at, at + CHUNK_BYTES)) } });
        if (first && this.#transcribesOutput)
          this.#transcribe("output", { text: `${text} `, languageCode: this.#target });
        if (first) this.#host.happened("modelSpeaking");
      });
      due += CHUNK_MS;
    }
    then(() => this.#host.send({ serverContent: {}, usageMetadata }));
    this.#due = due;
  }

  #transcribe(side: "input" | "output", transcription: { text?: string; languageCode: string }) {
    this.#host.send({ serverContent: { [`${side}Transcription`]: transcription } });
  }
}
