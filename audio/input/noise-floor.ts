// What speech detection measures: the energy of sound in which speech stands out, and that of the noise behind it.

/**
 * The mean energy of the first difference of PCM16, which reduces hum and removes a DC offset. `before`: the sample before the
 * first one.
 */
export function speechEnergy(pcm: Buffer, before: number): number {
  let sum = 0;
  let last = before;
  for (let at = 0; at < pcm.length; at += 2) {
    const sample = pcm.readInt16LE(at);
    sum += (sample - last) ** 2;
    last = sample;
  }
  return sum / (pcm.length / 2);
}

/** Tracks the noise floor: the smallest energy of the last two seconds (minimum statistics). */
export class NoiseFloor {
  #blocks: number[] = [];
  #smallest = Number.POSITIVE_INFINITY;
  #smooth?: number;
  #frames = 0;

  /** Takes the energy of the next 20 ms and returns that of the noise. */
  track(energy: number): number {
    // Digital silence (a muted microphone) says nothing about the noise of an open microphone.
    if (energy >= 16) {
      // Smoothed, so that a single frame at the edge of digital silence does not set the floor.
      this.#smooth = 0.6 * (this.#smooth ?? energy) + 0.4 * energy;
      this.#smallest = Math.min(this.#smallest, this.#smooth);
      if (++this.#frames % 25 === 0) {
        this.#blocks = [...this.#blocks, this.#smallest].slice(-4);
        this.#smallest = Number.POSITIVE_INFINITY;
      }
    }
    // A stream may start in the middle of a word: until there is a first block, the floor is at most this.
    return Math.min(this.#smallest, ...(this.#blocks.length ? this.#blocks : [200 ** 2]));
  }
}
