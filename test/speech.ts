// Real speech for the tests (see CONTRIBUTING for how it was made), and a way to find it again in what came back.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export const SPEECH_WAV = join(__dirname, "recordings", "speech.wav");

/** The same as Ogg Opus. */
export const SPEECH_OGG = join(__dirname, "recordings", "speech.ogg");

/** The recording without its header: 16 kHz mono PCM16, 2.2 s. */
export const speech = readFileSync(SPEECH_WAV).subarray(44);

/** Digital silence, 16 kHz mono PCM16. */
export const silence = (ms: number) => Buffer.alloc(ms * 32);

/** Cuts sound into chunks of `bytes`; the last may be shorter. */
export function* chunksOf(sound: Buffer, bytes: number) {
  for (let at = 0; at < sound.length; at += bytes) yield sound.subarray(at, at + bytes);
}

/**
 * How much of `said` is in `heard`: the largest normalised correlation (-1 to 1) over all positions. Both are mono PCM16, of
 * the rates given in Hz. Compared at 8 kHz, which is where speech is.
 */
export function correlation(said: Buffer, saidRate: number, heard: Buffer, heardRate: number): number {
  const a = at8k(said, saidRate);
  const b = at8k(heard, heardRate);
  const energyA = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));
  let best = -1;
  for (let shift = 0; shift + a.length <= b.length; shift++) {
    let product = 0;
    let energyB = 0;
    for (let i = 0; i < a.length; i++) {
      product += a[i]! * b[shift + i]!;
      energyB += b[shift + i]! ** 2;
    }
    if (energyB > 0) best = Math.max(best, product / (energyA * Math.sqrt(energyB)));
  }
  return best;
}

/** Averages down to 8 kHz: coarse, but the same for both sides. */
function at8k(pcm: Buffer, rate: number): Float64Array {
  const samples = Float64Array.from({ length: pcm.length >> 1 }, (_, i) => pcm.readInt16LE(2 * i));
  const step = rate / 8000;
  return Float64Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    const from = Math.floor(i * step);
    const to = Math.max(from + 1, Math.floor((i + 1) * step));
    return samples.subarray(from, to).reduce((sum, x) => sum + x, 0) / (to - from);
  });
}
