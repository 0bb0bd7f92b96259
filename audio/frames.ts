// Cuts a stream of mono PCM16 into frames of one length, whatever the size of the pieces in which it arrives.

import { SoundError } from "./formats";

/** Bytes of one sample of PCM16. */
export const sampleBytes = 2;

/** How long mono PCM16 plays, in milliseconds. `pcm`: the sound, or an object with its length in bytes; `sampleRate` in Hz. */
export function durationMs(pcm: { readonly length: number }, sampleRate: number): number {
  return (pcm.length / sampleBytes / sampleRate) * 1000;
}

/** The frame cutter of one stream. Frames are views of the Buffers pushed, and copies only where they span two of them. */
export class Framer {
  readonly #frameBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  /** `sampleRate` in Hz; `frameMs` from 1 to 1000, rounded to whole samples. Throws a SoundError for other lengths. */
  constructor(sampleRate: number, frameMs: number) {
    if (!(frameMs >= 1 && frameMs <= 1000))
      throw new SoundError(`Frames of ${frameMs} ms are not possible. Use a length from 1 to 1000 ms.`);
    this.#frameBytes = Math.round((sampleRate * frameMs) / 1000) * sampleBytes;
  }

  /** Bytes that wait for the rest of their frame. */
  get restBytes(): number {
    return this.#rest.length;
  }

  /** Takes whole samples and returns the frames that are complete now. */
  push(pcm: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    let at = 0;
    if (this.#rest.length > 0) {
      at = Math.min(this.#frameBytes - this.#rest.length, pcm.length);
      this.#rest = Buffer.concat([this.#rest, pcm.subarray(0, at)]);
      if (this.#rest.length === this.#frameBytes) frames.push(this.takeRest());
    }
    for (; at + this.#frameBytes <= pcm.length; at += this.#frameBytes)
      frames.push(pcm.subarray(at, at + this.#frameBytes));
    // Copied, since whoever sent the sound may use its Buffer again.
    if (at < pcm.length) this.#rest = Buffer.from(pcm.subarray(at));
    return frames;
  }

  /** Gives out what waits, shorter than a frame, and forgets it. */
  takeRest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest;
  }
}
