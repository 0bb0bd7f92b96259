// Makes sound louder or quieter without clipping: a limiter turns the gain down where a sample would be too loud.

const fullScale = 32767;
// With each sample the gain rises by this factor at most: 17 dB in a second of 16 kHz, too slow to distort a wave.
const recovery = 1 + 2 / 16000;

/** Applies a gain to one stream of mono PCM16. The result is the same for chunks of any size. */
export class Gain {
  readonly #gain: number;
  #current: number;

  /** `decibels`: 0 leaves the sound as it is, 6 doubles its amplitude. */
  constructor(decibels: number) {
    this.#gain = 10 ** (decibels / 20);
    this.#current = this.#gain;
  }

  /** Returns a new Buffer; `pcm` itself when the gain is 0 dB. */
  process(pcm: Buffer): Buffer {
    if (this.#gain === 1) return pcm;
    const louder = Buffer.allocUnsafe(pcm.length);
    for (let at = 0; at + 1 < pcm.length; at += 2) {
      const sample = pcm.readInt16LE(at);
      const size = Math.max(1, Math.abs(sample));
      this.#current = Math.min(this.#gain, this.#current * recovery, fullScale / size);
      louder.writeInt16LE(Math.round(sample * this.#current), at);
    }
    return louder;
  }
}
