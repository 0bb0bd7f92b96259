// Sends one answer in the server's rhythm: sound in chunks faster than real time, the transcript in between, then
// generationComplete, and the end of the turn not before the sound would have been played.

import type { Clock } from "../../audio/clock";
import type { Reply } from "./echo";
import { OUTPUT_RATE } from "./speech-synthesis";

/** One chunk: 240 ms, 11,520 bytes, within the 10 to 14 kB measured (docs/live-api.md 1.5). */
const CHUNK_BYTES = OUTPUT_RATE * 2 * 0.24;
/** From one chunk to the next, and from the last to generationComplete; in ms, measured (1.5). */
const CHUNK_EVERY_MS = 36;
const COMPLETE_AFTER_MS = 30;
const WORDS_IN_FRAGMENT = 3;

/** What an answer needs of the conversation that it is part of. */
export interface AnswerHost {
  clock: Clock;
  /** Sends a frame with this serverContent. */
  send(serverContent: object): void;
  /** Called once when the turn is over, unless the answer was stopped. */
  over(): void;
}

interface Cue {
  /** ms after the first sound */
  at: number;
  /** undefined: nothing is sent */
  content: () => object | undefined;
}

/** Length of 24 kHz PCM16 LE mono in ms. */
const lengthMs = (bytes: number) => (bytes / 2 / OUTPUT_RATE) * 1000;

/** An answer on its way. */
export class AnswerStream {
  readonly #reply: Reply;
  readonly #stage: AnswerHost;
  readonly #cues: Cue[];
  #from = 0;
  #spokenBytes = 0;
  #said = "";
  #complete = false;
  #cancel = () => {};

  /**
   * @param modality TEXT: the words as text parts instead of sound
   * @param transcribe whether fragments of the transcript are sent too
   */
  constructor(reply: Reply, modality: "AUDIO" | "TEXT", transcribe: boolean, stage: AnswerHost) {
    this.#reply = reply;
    this.#stage = stage;
    this.#cues = modality === "AUDIO" ? this.#sound(transcribe) : this.#text();
  }

  /** Begins to speak; when it returns, the first sound was sent. */
  begin() {
    this.#from = this.#stage.clock.now();
    this.#next();
  }

  /** How much of it was sent, in seconds of sound. */
  get spokenSeconds() {
    return lengthMs(this.#spokenBytes) / 1000;
  }

  /** The same in words. */
  get said() {
    return this.#said;
  }

  /** Whether all of it was sent. */
  get complete() {
    return this.#complete;
  }

  /** Sends nothing more. */
  stop() {
    this.#cancel();
    this.#cues.length = 0;
  }

  #sound(transcribe: boolean): Cue[] {
    const { pcm, text } = this.#reply;
    const chunks = Math.ceil(pcm.length / CHUNK_BYTES);
    const sound = Array.from({ length: chunks }, (_, index) => ({
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
    return [...[...sound, ...words].sort((a, b) => a.at - b.at), ...this.#completeAt(complete)];
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
    const { clock, send, over } = this.#stage;
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

/** A transcript in pieces of a few words, each with the space that follows it. */
function fragmentsOf(text: string) {
  const words = text.split(/(?<=\s)/);
  const fragments: string[] = [];
  for (let at = 0; at < words.length; at += WORDS_IN_FRAGMENT)
    fragments.push(words.slice(at, at + WORDS_IN_FRAGMENT).join(""));
  return fragments;
}
