// Writes sound in every encoding, for tests of what reads it.

import { encodeG711 } from "../../../audio/codecs/g711";
import type { Encoding } from "../../../audio/formats";
import { samplesOf } from "../tone";

/** Converts mono PCM16 to another encoding. */
export function encode(sound: Buffer, encoding: Encoding): Buffer {
  if (encoding === "mulaw" || encoding === "alaw") return encodeG711(encoding, sound);
  const samples = samplesOf(sound);
  const [, kind, bits, order] = /^([usf])(\d+)(le|be)?$/.exec(encoding)!;
  const width = Number(bits) / 8;
  const encoded = Buffer.alloc(samples.length * width);
  samples.forEach((sample, i) => {
    const at = i * width;
    if (kind === "f") {
      if (width === 4) encoded[order === "le" ? "writeFloatLE" : "writeFloatBE"](sample / 32768, at);
      else encoded[order === "le" ? "writeDoubleLE" : "writeDoubleBE"](sample / 32768, at);
      return;
    }
    const whole = Math.floor(sample * 2 ** (8 * width - 16));
    if (kind === "u") encoded[at] = whole + 128;
    else encoded[order === "be" ? "writeIntBE" : "writeIntLE"](whole, at, width);
  });
  return encoded;
}
