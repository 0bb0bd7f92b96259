// Test sounds, and measurements of the result.

/** `samples` samples of a sine of `hz` as PCM16; `level` 1 is full scale. */
export function tone(hz: number, sampleRate: number, samples: number, level = 0.9): Buffer {
  return pcm(
    Array.from({ length: samples }, (_, i) => level * 32767 * Math.sin((2 * Math.PI * hz * i) / sampleRate)),
  );
}

export function pcm(samples: number[]): Buffer {
  const sound = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => {
    sound.writeInt16LE(Math.round(sample), 2 * i);
  });
  return sound;
}

export function samplesOf(sound: Buffer): number[] {
  return Array.from({ length: sound.length / 2 }, (_, i) => sound.readInt16LE(2 * i));
}

export function rms(samples: number[]): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

/** The sine of `hz` that fits best (its amplitude, and how many samples early it is), and the RMS of what is not it. */
export function fitSine(samples: number[], hz: number, sampleRate: number) {
  const step = (2 * Math.PI * hz) / sampleRate;
  let [ys, yc, ss, cc, sc] = [0, 0, 0, 0, 0];
  samples.forEach((y, i) => {
    const [s, c] = [Math.sin(step * i), Math.cos(step * i)];
    ys += y * s;
    yc += y * c;
    ss += s * s;
    cc += c * c;
    sc += s * c;
  });
  const a = (ys * cc - yc * sc) / (ss * cc - sc * sc);
  const b = (yc * ss - ys * sc) / (ss * cc - sc * sc);
  const residue = rms(samples.map((y, i) => y - a * Math.sin(step * i) - b * Math.cos(step * i)));
  return { amplitude: Math.hypot(a, b), early: Math.atan2(b, a) / step, residue };
}

export function decibels(ratio: number): number {
  return 20 * Math.log10(ratio);
}

/** Random integers below a bound, the same ones for the same seed (a linear congruential generator). */
export function randomBelow(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** Cuts `sound` into chunks of 0 to `longest` units of `unit` bytes, at random. */
export function randomChunks(sound: Buffer, longest: number, unit: number, seed: number): Buffer[] {
  const random = randomBelow(seed);
  const chunks: Buffer[] = [];
  for (let at = 0; at < sound.length; ) {
    const chunk = sound.subarray(at, at + random(longest + 1) * unit);
    chunks.push(chunk);
    at += chunk.length;
  }
  return chunks;
}

/** A WAV file. `dataLength`: the length in its header; `extra` and `after`: chunks before and after the sound. */
export function wav(
  sound: Buffer,
  options: {
    sampleRate?: number;
    channels?: number;
    bits?: number;
    code?: number;
    dataLength?: number;
    extra?: Buffer;
    after?: Buffer;
    extension?: Buffer;
  } = {},
): Buffer {
  const { sampleRate = 16000, channels = 1, bits = 16, code = 1 } = options;
  const fmt = Buffer.alloc(16);
  fmt.writeUInt16LE(code, 0);
  fmt.writeUInt16LE(channels, 2);
  fmt.writeUInt32LE(sampleRate, 4);
  fmt.writeUInt32LE((sampleRate * channels * bits) / 8, 8);
  fmt.writeUInt16LE((channels * bits) / 8, 12);
  fmt.writeUInt16LE(bits, 14);
  const data = chunk("data", sound);
  data.writeUInt32LE(options.dataLength ?? sound.length, 4);
  const fmtChunk = chunk("fmt ", Buffer.concat([fmt, options.extension ?? Buffer.alloc(0)]));
  const { extra = Buffer.alloc(0), after = Buffer.alloc(0) } = options;
  const body = Buffer.concat([Buffer.from("WAVE"), fmtChunk, extra, data, after]);
  return chunk("RIFF", body);
}

/** A RIFF chunk with its pad byte. */
export function chunk(id: string, body: Buffer): Buffer {
  const head = Buffer.from(`${id}0000`);
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}
