// Detects that raw bytes are not in the format that was chosen for them: then they sound like noise, and in another format like sound.

import { bytesPerFrame, readChannel } from "../codecs/samples";
import { type Encoding, encodings, type SoundFormat } from "../formats";

/** Bytes that are examined: 256 ms of 16-bit sound at 16 kHz. */
const examinedBytes = 8192;

/** White noise has 2; speech and music have far less, except for a single hiss. */
const noisy = 0.75;
/** The other format must be smoother by this factor. */
const clearly = 0.4;

/** Energy of the difference between neighboring samples, relative to that of the samples; 0 is smooth. Undefined: too quiet to tell. */
function roughness(samples: Float64Array): number | undefined {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  let energy = 0;
  let change = 0;
  for (let i = 1; i < samples.length; i++) {
    energy += (samples[i]! - mean) ** 2;
    change += (samples[i]! - samples[i - 1]!) ** 2;
  }
  // Floats of random bytes are no number, or huge.
  if (!Number.isFinite(change / energy)) return energy === 0 ? undefined : Number.POSITIVE_INFINITY;
  return energy / samples.length > 50 ** 2 ? change / energy : undefined;
}

/** Whether there is sound in it: bytes of digital silence are few different ones. */
const isSilent = (bytes: Buffer) => new Set(bytes).size < 16;

/** Examines one stream until it has heard enough. */
export class FormatCheck {
  #examined: Buffer | undefined = Buffer.alloc(0);

  /**
   * Takes the next bytes, which begin and end with whole samples of all channels. Returns the encoding that fits clearly
   * better than that of `format`, at most once; else undefined.
   */
  push(bytes: Buffer, format: SoundFormat): Encoding | undefined {
    if (!this.#examined) return undefined;
    const step = bytesPerFrame(format);
    const wanted = examinedBytes - (examinedBytes % (step * 8));
    this.#examined = Buffer.concat([
      this.#examined,
      bytes.subarray(0, Math.max(0, wanted - this.#examined.length)),
    ]);
    if (this.#examined.length < wanted) return undefined;
    const examined = this.#examined;
    if (isSilent(examined)) {
      this.#examined = Buffer.alloc(0);
      return undefined;
    }
    this.#examined = undefined;
    return betterEncoding(examined, format);
  }
}

function betterEncoding(bytes: Buffer, { encoding, channels }: SoundFormat): Encoding | undefined {
  const roughnessAs = (other: Encoding) => roughness(readChannel(bytes, { encoding: other, channels }));
  const chosen = roughnessAs(encoding);
  if (chosen === undefined || chosen < noisy) return undefined;
  let best: Encoding | undefined;
  let lowest = Math.min(clearly * chosen, noisy / 2);
  for (const other of encodings) {
    const found = roughnessAs(other) ?? Number.POSITIVE_INFINITY;
    if (found >= lowest) continue;
    best = other;
    lowest = found;
  }
  return best;
}
