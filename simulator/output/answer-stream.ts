// Sends one answer with the server's timing: audio chunks and transcript faster than real time, then generationComplete, and
// the end of the turn when playback would have ended.

import type { Clock } from "../../audio/clock";
import type { Reply } from "./echo";
import { OUTPUT_RATE } from "./speech-synthesis";

/** One audio chunk: 240 ms, 11,520 bytes, within the 10 to 14 kB measured (docs/live-api.md 1.5). */
const CHUNK_BYTES = OUTPUT_RATE * 2 * 0.24;
/** Between chunks, and from the last chunk to generationComplete; in ms, measured (docs/live-api.md 1.5). */
const CHUNK_EVERY_MS = 36;
const COMPLETE_AFTER_MS = 30;
const WORDS_IN_FRAGMENT = 3;

/** What an answer needs from its turn. */
export interface AnswerHost {
  clock: Clock;
  /** Sends a serverContent. */
  send(serverContent: object): void;
  /** Called once when playback would have ended, unless the answer was stopped. */
  over(): void;
}

interface Cue {
  /** ms after the first audio */
  at: number;
  /** The serverContent to send. undefined: none */
  content: () => object | undefined;
}

/** Duration of 24 kHz PCM16 LE mono, in ms. */
const lengthMs = (bytes: number) => (bytes / 2 / OUTPUT_RATE) * 1000;

/** One answer while it is sent. */
export class AnswerStream {
  readonly #reply: Reply;
  readonly #host: AnswerHost;
  readonly #cues: Cue[];
  #from = 0;
  #spokenBytes = 0;
  #said = "";
  #complete = false;
  #cancel = () => {};

  /**
   * @param modality TEXT: text parts instead of audio
   * @param transcribe whether to send output transcription
   */
  constructor(reply: Reply, modality: "AUDIO" | "TEXT", transcribe: boolean, host: AnswerHost) {
    this.#reply = reply;
    this.#host = host;
    this.#cues = modality === "AUDIO" ? this.#audio(transcribe) : this.#text();
  }

  /** Sends the first audio, and schedules the rest. */
  begin() {
    this.#from = this.#host.clock.now();
    this.#next();
  }

  /** The audio sent so far, in seconds. */
  get spokenSeconds() {
    return lengthMs(this.#spokenBytes) / 1000;
  }

  /** The transcript of the audio sent so far. */
  get said() {
    return this.#said;
  }

  /** Whether the whole answer was sent. */
  get complete() {
    return this.#complete;
  }

  /** Stops sending. */
  stop() {
    this.#cancel();
    this.#cues.length = 0;
  }

  #audio(transcribe: boolean): Cue[] {
    const { pcm, text } = this.#reply;
    const chunks = Math.ceil(pcm.length / CHUNK_BYTES);
    const audio = Array.from({ length: chunks }, (_, index) => ({
      at: index * CHUNK_EVERY_MS,
      content: () => this.#chunk(index),
    }));
    const fragments = fragmentsOf(text);
    const words = fragments.map((text, index) => ({
      at: Math.floor((index * chunks) / fragments.length) * CHUNK_EVERY_MS,
      content: () => {
        this.#said += text;
        return transcribe ? { outputTranscription: { text } } : undefined;
      },
    }));
    const complete = (chunks - 1) * CHUNK_EVERY_MS + COMPLETE_AFTER_MS;
    return [...[...audio, ...words].sort((a, b) => a.at - b.at), ...this.#completeAt(complete)];
  }

  #text(): Cue[] {
    const { text } = this.#reply;
    const words = () => {
      this.#said = text;
      return { modelTurn: { role: "model", parts: [{ text }] } };
    };
    return [{ at: 0, content: words }, ...this.#completeAt(COMPLETE_AFTER_MS)];
  }

  #completeAt(at: number): Cue[] {
    const { grounding } = this.#reply;
    const sources = () => grounding && { groundingMetadata: grounding };
    const complete = () => {
      this.#complete = true;
      return { generationComplete: true };
    };
    return [
      { at, content: sources },
      { at, content: complete },
    ];
  }

  #chunk(index: number) {
    const chunk = this.#reply.pcm.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    this.#spokenBytes += chunk.length;
    const inlineData = { mimeType: `audio/pcm;rate=${OUTPUT_RATE}`, data: chunk.toString("base64") };
    return { modelTurn: { role: "model", parts: [{ inlineData }] } };
  }

  #next() {
    const { clock, send, over } = this.#host;
    const elapsed = () => clock.now() - this.#from;
    for (let cue = this.#cues[0]; cue && cue.at <= elapsed(); cue = this.#cues[0]) {
      this.#cues.shift();
      const content = cue.content();
      if (content) send(content);
    }
    const next = this.#cues[0];
    this.#cancel = next
      ? clock.after(next.at - elapsed(), () => this.#next())
      : clock.after(Math.max(0, lengthMs(this.#spokenBytes) - elapsed()), over);
  }
}

/** Splits a transcript into fragments of a few words, with their trailing spaces. */
function fragmentsOf(text: string) {
  const words = text.split(/(?<=\s)/);
  const fragments: string[] = [];
  for (let at = 0; at < words.length; at += WORDS_IN_FRAGMENT)
    fragments.push(words.slice(at, at + WORDS_IN_FRAGMENT).join(""));
  return fragments;
}
