// The simulator's ear: finds where speech begins and ends in a stream of sound, by its energy. It counts time in
// samples, so it hears the same whether the sound comes in real time or at once.

import type { ActivityDetection } from "../protocol/client-messages";

/** What the ear works at: 16 kHz, PCM16 LE, mono. */
export const INPUT_RATE = 16000;
/** An utterance longer than this (s) ends even if nobody stopped speaking. */
export const LONGEST_UTTERANCE = 60;

const FRAME_MS = 20;
const FRAME_BYTES = (INPUT_RATE * 2 * FRAME_MS) / 1000;
/** How long speech must last before it is believed, beyond prefixPaddingMs: gives the 0.14 to 0.24 s measured (1.5). */
const START_MS = 100;
/** Sound kept around an utterance, so that soft onsets and endings are not cut off; in frames. */
const PADDING = 10;
/** The end of speech is only believed after this silence; server default about 800 ms (1.7). */
const SILENCE_MS = 800;

/** A piece of speech. Offsets in seconds since the stream began. */
export interface Utterance {
  /** 16 kHz PCM16 LE mono, with a little of what came before and after */
  pcm: Buffer;
  start: number;
  end: number;
}

/** What the ear tells: that somebody has begun to speak, and what was said. */
export interface SpeechListener {
  /** @param offset where the speech began, in seconds since the stream began */
  speechStarted(offset: number): void;
  speechEnded(utterance: Utterance): void;
}

/** Follows the loudness of the background: the smallest energy within the last two seconds (minimum statistics). */
class NoiseFloor {
  #blocks: number[] = [];
  #smallest = Number.POSITIVE_INFINITY;
  #smooth?: number;
  #frames = 0;

  follow(energy: number) {
    // Digital silence (a muted microphone) says nothing about the noise that will be there when sound comes back.
    if (energy >= 16) {
      // Smoothed: a single odd frame, such as one at the edge of digital silence, is not the background.
      this.#smooth = 0.6 * (this.#smooth ?? energy) + 0.4 * energy;
      this.#smallest = Math.min(this.#smallest, this.#smooth);
      if (++this.#frames % 25 === 0) {
        this.#blocks = [...this.#blocks, this.#smallest].slice(-4);
        this.#smallest = Number.POSITIVE_INFINITY;
      }
    }
    // A stream may begin in the middle of a word: until there is experience, the floor is guessed not to be high.
    return Math.min(this.#smallest, ...(this.#blocks.length ? this.#blocks : [200 ** 2]));
  }
}

interface Frame {
  pcm: Buffer;
  loud: boolean;
}

/** An utterance while it lasts; `start` and `lastLoud` in frames since the stream began. */
interface Open {
  frames: Buffer[];
  start: number;
  lastLoud: number;
  loudInRow: number;
}

/** Listens to one stream. */
export class SpeechDetector {
  readonly #listener: SpeechListener;
  readonly #manual: boolean;
  readonly #startFrames: number;
  readonly #silenceFrames: number;
  readonly #startRatio: number;
  readonly #floor = new NoiseFloor();
  #rest: Buffer = Buffer.alloc(0);
  #lastSample = 0;
  /** Frames heard since the stream began. */
  #count: number;
  /** The last frames before an utterance. */
  #recent: Frame[] = [];
  #utterance?: Open;

  /**
   * @param settings as in the setup; `disabled` leaves the bounds of speech to {@link begin} and {@link end}
   * @param heard where the stream begins: what {@link heard} was at the end of the one that it continues
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

  /** Whether somebody is speaking. */
  get speaking() {
    return this.#utterance !== undefined;
  }

  /** How much was heard since the stream began, in frames of 20 ms. */
  get heard() {
    return this.#count;
  }

  /** Takes sound of any length. @param pcm 16 kHz PCM16 LE mono */
  hear(pcm: Buffer) {
    let sound = this.#rest.length ? Buffer.concat([this.#rest, pcm]) : pcm;
    for (; sound.length >= FRAME_BYTES; sound = sound.subarray(FRAME_BYTES))
      this.#frame(sound.subarray(0, FRAME_BYTES));
    this.#rest = Buffer.from(sound);
  }

  /** The user begins to speak, by hand. */
  begin() {
    if (this.#utterance) return;
    this.#utterance = { frames: [], start: this.#count, lastLoud: this.#count, loudInRow: 0 };
    this.#listener.speechStarted(this.#seconds(this.#count));
  }

  /** The speech is over: by hand, or because the stream ended. */
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
    });
  }

  #seconds(frames: number) {
    return (frames * FRAME_MS) / 1000;
  }

  /** The mean energy of the first difference, which weakens hum and removes any offset. */
  #energy(pcm: Buffer) {
    let sum = 0;
    for (let at = 0; at < pcm.length; at += 2) {
      const sample = pcm.readInt16LE(at);
      sum += (sample - this.#lastSample) ** 2;
      this.#lastSample = sample;
    }
    return sum / (pcm.length / 2);
  }

  #frame(pcm: Buffer) {
    const energy = this.#energy(pcm);
    const floor = this.#floor.follow(energy);
    const above = (ratio: number) => energy > Math.max(400, floor * ratio);
    this.#count++;
    if (this.#utterance) this.#goingOn(this.#utterance, pcm, above(4));
    else if (!this.#manual) this.#waiting(pcm, above(this.#startRatio));
  }

  /** Speech has begun when most frames of a short stretch are loud; a click or a key stroke is too short for that. */
  #waiting(pcm: Buffer, loud: boolean) {
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
    this.#listener.speechStarted(this.#seconds(start));
  }

  #goingOn(utterance: Open, pcm: Buffer, loud: boolean) {
    utterance.frames.push(pcm);
    // One loud frame alone is a click, and must not keep an utterance open.
    utterance.loudInRow = loud ? utterance.loudInRow + 1 : 0;
    if (utterance.loudInRow > 1) utterance.lastLoud = this.#count;
    const silence = this.#manual ? 0 : this.#count - utterance.lastLoud;
    const tooLong = utterance.frames.length * FRAME_MS >= LONGEST_UTTERANCE * 1000;
    if (silence >= this.#silenceFrames || tooLong) this.#finish();
  }
}
