// Cuts a stream of mono PCM16 into frames of equal length, independent of the size of its chunks.

import { SoundError } from "./formats";

/** Bytes of one sample of PCM16. */
export const sampleBytes = 2;

/** Returns the duration of mono PCM16 in milliseconds. `pcm`: the sound, or an object with its length in bytes; `sampleRate` in Hz. */
export function durationMs(pcm: { readonly length: number }, sampleRate: number): number {
  return (pcm.length / sampleBytes / sampleRate) * 1000;
}

/** Cuts one stream. Frames are the pushed Buffers or views of them, and copies only where they span two of them. */
export class Framer {
  /** Undefined: each chunk is a frame. */
  readonly #frameBytes: number | undefined;
  #rest: Buffer = Buffer.alloc(0);

  /**
   * `sampleRate` in Hz; `frameMs` from 1 to 1000, rounded to whole samples, or undefined: the chunks are the frames. Throws a SoundError
   * for other lengths.
   */
  constructor(sampleRate: number, frameMs: number | undefined) {
    if (frameMs === undefined) return;
    if (!(frameMs >= 1 && frameMs <= 1000))
      throw new SoundError(`The frame length is ${frameMs} ms. Use a length from 1 to 1000 ms.`);
    this.#frameBytes = Math.round((sampleRate * frameMs) / 1000) * sampleBytes;
  }

  /** Bytes of the incomplete frame. */
  get restBytes(): number {
    return this.#rest.length;
  }

  /** Takes whole samples and returns the frames that they complete. */
  push(pcm: Buffer): Buffer[] {
    const frameBytes = this.#frameBytes ?? pcm.length;
    if (pcm.length === 0) return [];
    // Most devices send whole frames.
    if (pcm.length === frameBytes && this.#rest.length === 0) return [pcm];
    const frames: Buffer[] = [];
    let at = 0;
    if (this.#rest.length > 0) {
      at = Math.min(frameBytes - this.#rest.length, pcm.length);
      this.#rest = Buffer.concat([this.#rest, pcm.subarray(0, at)]);
      if (this.#rest.length === frameBytes) frames.push(this.takeRest());
    }
    for (; at + frameBytes <= pcm.length; at += frameBytes) frames.push(pcm.subarray(at, at + frameBytes));
    // Copied, because the sender may reuse its Buffer.
    if (at < pcm.length) this.#rest = Buffer.from(pcm.subarray(at));
    return frames;
  }

  /** Removes and returns the incomplete frame. */
  takeRest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest;
  }
}
