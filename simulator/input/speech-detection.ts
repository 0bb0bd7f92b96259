// Voice activity detection (VAD): finds by energy where speech starts and ends in an audio stream. Time is counted in
// samples, so the result is the same for audio in real time and for audio that arrives at once.

import { NoiseFloor, speechEnergy } from "../../audio/input/noise-floor";
import type { ActivityDetection } from "../protocol/message-schema";

/** The sample rate of the detector, in Hz. Its audio is PCM16 LE mono. */
export const INPUT_RATE = 16000;
/** A longer utterance ends although the user still speaks. In seconds */
export const MAX_UTTERANCE = 60;

const FRAME_MS = 20;
const FRAME_BYTES = (INPUT_RATE * 2 * FRAME_MS) / 1000;
/** Speech must last this long, plus prefixPaddingMs: gives the 0.14 to 0.24 s measured (docs/live-api.md 1.5). */
const START_MS = 100;
/** Audio kept before and after an utterance, so that soft onsets and endings are not cut off. In frames */
const PADDING = 10;
/** Silence that ends an utterance. Server default: about 800 ms (docs/live-api.md 1.7) */
const SILENCE_MS = 800;

/** One utterance. Offsets in seconds from the start of the stream. */
export interface Utterance {
  /** 16 kHz PCM16 LE mono, with padding before and after */
  pcm: Buffer;
  start: number;
  end: number;
  /** Whether anything in it was loud. Always with automatic turn detection. */
  voiced: boolean;
}

/** Receives the results of the detection. */
export interface SpeechListener {
  /** @param pcm the beginning of the utterance, with padding before */
  speechStarted(pcm: Buffer): void;
  /** Called for every further 20 ms of the utterance. @param loud false: silence in it, or after it */
  speechContinued?(pcm: Buffer, loud: boolean): void;
  speechEnded(utterance: Utterance): void;
}

interface Frame {
  pcm: Buffer;
  loud: boolean;
}

/** An utterance in progress. `start` and `lastLoud` in frames from the start of the stream. */
interface OpenUtterance {
  frames: Buffer[];
  start: number;
  lastLoud: number;
  loudInRow: number;
}

/** Detects speech in one audio stream. */
export class SpeechDetector {
  readonly #listener: SpeechListener;
  readonly #manual: boolean;
  readonly #startFrames: number;
  readonly #silenceFrames: number;
  readonly #startRatio: number;
  readonly #floor = new NoiseFloor();
  #rest: Buffer = Buffer.alloc(0);
  #lastSample = 0;
  /** Frames since the start of the stream. */
  #count: number;
  /** The last frames before the next utterance. */
  #recent: Frame[] = [];
  #utterance?: OpenUtterance;

  /**
   * @param settings from the setup; `disabled`: the client marks speech by {@link begin} and {@link end}
   * @param heard the value of {@link heard} of the detector that this one continues
   */
  constructor(settings: ActivityDetection, listener: SpeechListener, heard = 0) {
    const lowStart = settings.startOfSpeechSensitivity === "START_SENSITIVITY_LOW";
    const lowEnd = settings.endOfSpeechSensitivity === "END_SENSITIVITY_LOW";
    const silence = settings.silenceDurationMs ?? (lowEnd ? 1.5 : 1) * SILENCE_MS;
    this.#listener = listener;
    this.#count = heard;
    this.#manual = settings.disabled ?? false;
    this.#startFrames = Math.ceil((START_MS + (settings.prefixPaddingMs ?? 20)) / FRAME_MS);
    this.#silenceFrames = Math.max(1, Math.ceil(silence / FRAME_MS));
    this.#startRatio = lowStart ? 16 : 6;
  }

  /** Whether the user is speaking. */
  get speaking() {
    return this.#utterance !== undefined;
  }

  /** The length of the stream so far, in frames of 20 ms. */
  get heard() {
    return this.#count;
  }

  /** The length of the stream so far, in ms. */
  get heardMs() {
    return this.#count * FRAME_MS;
  }

  /** Processes audio of any length. @param pcm 16 kHz PCM16 LE mono */
  hear(pcm: Buffer) {
    let audio = this.#rest.length ? Buffer.concat([this.#rest, pcm]) : pcm;
    for (; audio.length >= FRAME_BYTES; audio = audio.subarray(FRAME_BYTES))
      this.#frame(audio.subarray(0, FRAME_BYTES));
    this.#rest = Buffer.from(audio);
  }

  /** Starts an utterance on the client's activityStart. */
  begin() {
    if (this.#utterance) return;
    this.#utterance = { frames: [], start: this.#count, lastLoud: this.#count, loudInRow: 0 };
    this.#listener.speechStarted(Buffer.alloc(0));
  }

  /** Ends the utterance on the client's activityEnd, or at the end of the stream. */
  end() {
    if (this.#rest.length) this.#utterance?.frames.push(this.#rest);
    this.#rest = Buffer.alloc(0);
    this.#finish();
  }

  #finish() {
    const utterance = this.#utterance;
    this.#recent = [];
    if (!utterance) return;
    this.#utterance = undefined;
    const { frames, start, lastLoud } = utterance;
    const first = this.#count - frames.length;
    const kept = this.#manual ? frames : frames.slice(0, lastLoud + PADDING - first);
    const end = this.#manual ? this.#count : lastLoud;
    this.#listener.speechEnded({
      pcm: Buffer.concat(kept),
      start: this.#seconds(start),
      end: this.#seconds(end),
      voiced: lastLoud > start,
    });
  }

  #seconds(frames: number) {
    return (frames * FRAME_MS) / 1000;
  }

  #frame(pcm: Buffer) {
    const energy = speechEnergy(pcm, this.#lastSample);
    this.#lastSample = pcm.readInt16LE(pcm.length - 2);
    const floor = this.#floor.track(energy);
    const above = (ratio: number) => energy > Math.max(400, floor * ratio);
    this.#count++;
    if (this.#utterance) this.#continue(this.#utterance, pcm, above(4));
    else if (!this.#manual) this.#detect(pcm, above(this.#startRatio));
  }

  /** Speech starts when most frames of a short window are loud; clicks and key strokes are too short for that. */
  #detect(pcm: Buffer, loud: boolean) {
    const window = this.#startFrames * 2;
    this.#recent.push({ pcm, loud });
    if (this.#recent.length > window + PADDING) this.#recent.shift();
    const stretch = this.#recent.slice(-window);
    if (stretch.filter((frame) => frame.loud).length < this.#startFrames) return;
    const onset = this.#recent.length - stretch.length + stretch.findIndex((frame) => frame.loud);
    const frames = this.#recent.slice(Math.max(0, onset - PADDING)).map((frame) => frame.pcm);
    const start = this.#count - this.#recent.length + onset;
    this.#recent = [];
    this.#utterance = { frames, start, lastLoud: this.#count, loudInRow: 0 };
    this.#listener.speechStarted(Buffer.concat(frames));
  }

  #continue(utterance: OpenUtterance, pcm: Buffer, loud: boolean) {
    utterance.frames.push(pcm);
    // A single loud frame is a click and does not extend the utterance.
    utterance.loudInRow = loud ? utterance.loudInRow + 1 : 0;
    if (utterance.loudInRow > 1) utterance.lastLoud = this.#count;
    this.#listener.speechContinued?.(pcm, utterance.lastLoud === this.#count);
    const silence = this.#manual ? 0 : this.#count - utterance.lastLoud;
    const tooLong = utterance.frames.length * FRAME_MS >= MAX_UTTERANCE * 1000;
    if (silence >= this.#silenceFrames || tooLong) this.#finish();
  }
}
