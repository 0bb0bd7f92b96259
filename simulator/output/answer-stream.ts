// Sends one answer with the server's timing: audio chunks and transcript faster than real time, then generationComplete, and
// the end of the turn when playback would have ended.

import type { Clock } from "../../audio/clock";
import type { Range, Variation } from "../protocol/variation";
import type { Reply } from "./echo";
import { OUTPUT_RATE } from "./speech-synthesis";

/** The pace of audio, from 153 kB in 0.5 s; in bytes per ms, measured (docs/live-api.md 1.5). */
const PACE = 320;
/** From the last chunk to generationComplete, in ms; measured (docs/live-api.md 1.5). */
const COMPLETE_AFTER_MS = 30;
/** The share of audio frames that follow an empty frame. */
const EMPTY_FRAMES = 0.8;
/** Pairs of bytes in a chunk of audio: 10 to 14 kB, sometimes 2 B to 27 kB; measured (docs/live-api.md 1.5). */
const USUAL_SAMPLES: Range = { least: 5000, usual: 5760, most: 7000 };
const ODD_SAMPLES: Range = { least: 1, usual: 5760, most: 13_500 };
const ODD_CHUNKS = 0.1;
/** From the moment when playback would have ended to the end of the turn, in ms; measured. */
const OVER_AFTER_MS: Range = { least: -30, usual: 0, most: 30 };
const WORDS_IN_FRAGMENT = 3;

/** What an answer needs from its turn. */
export interface AnswerHost {
  clock: Clock;
  variation: Variation;
  send(frame: object): void;
  /** Called once when playback would have ended, unless the answer was stopped. */
  over(): void;
}

/** The form of an answer. */
export interface AnswerForm {
  /** Whether to send output transcription. */
  transcribe: boolean;
  /** Whether audio and transcription share a frame, and empty frames come between. */
  joinsFields: boolean;
}

interface Cue {
  /** ms after the first audio */
  at: number;
  frames: () => object[];
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

  constructor(reply: Reply, form: AnswerForm, host: AnswerHost) {
    this.#reply = reply;
    this.#host = host;
    this.#cues = this.#audio(form);
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

  #audio({ transcribe, joinsFields }: AnswerForm): Cue[] {
    const chunks = this.#chunks();
    const fragments = fragmentsOf(this.#reply.text);
    const cues = chunks.map(({ at, pcm }, index): Cue => {
      const isHere = (_: string, n: number) => Math.floor((n * chunks.length) / fragments.length) === index;
      const words = fragments.filter(isHere).join("");
      // Drawn now, and not when it is sent, so that the order in which frames become due does not matter.
      const empty = index > 0 && this.#host.variation.happens(EMPTY_FRAMES) ? [{}] : [];
      return {
        at,
        frames: () => {
          this.#spokenBytes += pcm.length;
          this.#said += words;
          const transcription = transcribe && words ? [{ outputTranscription: { text: words } }] : [];
          const contents = [{ modelTurn: audioContent(pcm) }, ...transcription];
          if (!joinsFields) return contents.map((serverContent) => ({ serverContent }));
          const before = index === 0 ? [{ serverContent: {} }] : empty;
          return [...before, { serverContent: Object.assign({}, ...contents) }];
        },
      };
    });
    return [...cues, ...this.#completeAt(chunks.at(-1)!.at + COMPLETE_AFTER_MS)];
  }

  #chunks() {
    const { pcm } = this.#reply;
    const { variation } = this.#host;
    const chunks: { at: number; pcm: Buffer }[] = [];
    for (let from = 0; from < pcm.length; ) {
      const samples = variation.between(variation.happens(ODD_CHUNKS) ? ODD_SAMPLES : USUAL_SAMPLES);
      const chunk = pcm.subarray(from, from + 2 * samples);
      chunks.push({ at: Math.round(from / PACE), pcm: chunk });
      from += chunk.length;
    }
    return chunks;
  }

  #completeAt(at: number): Cue[] {
    const { grounding } = this.#reply;
    const sources = () => (grounding ? [{ serverContent: { groundingMetadata: grounding } }] : []);
    const complete = () => {
      this.#complete = true;
      return [{ serverContent: { generationComplete: true } }];
    };
    return [
      { at, frames: sources },
      { at, frames: complete },
    ];
  }

  #next() {
    const { clock, send, over } = this.#host;
    const end = () => lengthMs(this.#spokenBytes) + this.#host.variation.between(OVER_AFTER_MS);
    const elapsed = () => clock.now() - this.#from;
    for (let cue = this.#cues[0]; cue && cue.at <= elapsed(); cue = this.#cues[0]) {
      this.#cues.shift();
      for (const frame of cue.frames()) send(frame);
    }
    const next = this.#cues[0];
    this.#cancel = next
      ? clock.after(next.at - elapsed(), () => this.#next())
      : clock.after(Math.max(0, end() - elapsed()), over);
  }
}

/** A modelTurn with one chunk of audio. @param pcm 24 kHz PCM16 LE mono */
export function audioContent(pcm: Buffer) {
  const inlineData = { mimeType: `audio/pcm;rate=${OUTPUT_RATE}`, data: pcm.toString("base64") };
  return { role: "model", parts: [{ inlineData }] };
}

/** Splits a transcript into fragments of a few words, with their trailing spaces. */
function fragmentsOf(text: string) {
  const words = text.split(/(?<=\s)/);
  const fragments: string[] = [];
  for (let at = 0; at < words.length; at += WORDS_IN_FRAGMENT)
    fragments.push(words.slice(at, at + WORDS_IN_FRAGMENT).join(""));
  return fragments;
}
