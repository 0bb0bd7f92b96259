// Measures how loud sound is, for meters.

import { sampleBytes } from "../frames";

/** A measurement, in dB of full scale: 0 is the loudest, -96 is silence. */
export interface Level {
  /** Root mean square. */
  rms: number;
  /** The loudest sample. */
  peak: number;
}

const silence = -96;
const fullScale = 32767;
/** Rounded to tenths. */
const decibels = (amplitude: number) =>
  Math.max(silence, Math.round(200 * Math.log10(amplitude / fullScale)) / 10);

/** Measures one stream of mono PCM16 in intervals of `intervalMs`. */
export class LevelMeter {
  readonly #interval: number;
  #squares = 0;
  #peak = 0;
  #samples = 0;

  /** `sampleRate` in Hz. */
  constructor(sampleRate: number, intervalMs: number) {
    this.#interval = Math.round((sampleRate * intervalMs) / 1000);
  }

  /** Takes whole samples and returns the levels of the intervals that they complete. */
  push(pcm: Buffer): Level[] {
    const levels: Level[] = [];
    for (let at = 0; at < pcm.length; at += sampleBytes) {
      const sample = pcm.readInt16LE(at);
      this.#squares += sample * sample;
      this.#peak = Math.max(this.#peak, Math.abs(sample));
      this.#samples += 1;
      if (this.#samples < this.#interval) continue;
      levels.push({ rms: decibels(Math.sqrt(this.#squares / this.#samples)), peak: decibels(this.#peak) });
      this.#squares = 0;
      this.#peak = 0;
      this.#samples = 0;
    }
    return levels;
  }
}
