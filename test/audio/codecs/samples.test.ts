// Every encoding of samples, against the sound of sox, and channels mixed down or picked.

import assert from "node:assert/strict";
import { fromPcm16, type OutputEncoding, toMono } from "../../../audio/codecs/samples";
import { type Encoding, encodings } from "../../../audio/formats";
import { speech } from "../../speech";
import { requireProgram, run } from "../programs";
import { pcm, samplesOf } from "../tone";

/** The encoding in the words of sox. */
function soxType(encoding: Encoding): string[] {
  if (encoding === "mulaw") return ["-t", "ul"];
  if (encoding === "alaw") return ["-t", "al"];
  const [, kind, bits, order] = /^([usf])(\d+)(le|be)?$/.exec(encoding)!;
  return ["-t", `${kind}${bits}`, ...(order ? [order === "le" ? "-L" : "-B"] : [])];
}

const raw = ["-r", "16000", "-c", "1"];
const convert = (sound: Buffer, from: Encoding, to: Encoding) =>
  run("sox", ["-D", ...soxType(from), ...raw, "-", ...soxType(to), ...raw, "-"], sound);

function furthest(a: number[], b: number[]) {
  assert.equal(a.length, b.length);
  return a.reduce((most, sample, i) => Math.max(most, Math.abs(sample - b[i]!)), 0);
}

describe("samples", () => {
  for (const encoding of encodings)
    it(`of ${encoding} from sox are read as sox reads them`, function () {
      requireProgram(this, "sox");
      const encoded = convert(speech, "s16le", encoding);
      const read = toMono(encoded, { encoding, sampleRate: 16000, channels: 1 });
      assert.ok(furthest(samplesOf(read), samplesOf(convert(encoded, encoding, "s16le"))) <= 1);
    });

  for (const encoding of ["s16le", "f32le", "mulaw", "alaw"] satisfies OutputEncoding[])
    it(`of ${encoding} for a device are what sox reads as the same sound`, function () {
      requireProgram(this, "sox");
      const read = samplesOf(convert(fromPcm16(speech, encoding), encoding, "s16le"));
      if (encoding === "s16le" || encoding === "f32le")
        assert.ok(furthest(read, samplesOf(speech)) <= 1, "no loss");
      else
        samplesOf(speech).forEach((sample, i) => {
          // A step of G.711 is at most 1/16 of the sample, and 8 or 16 for the smallest ones.
          assert.ok(Math.abs(read[i]! - sample) <= Math.max(16, Math.abs(sample) / 16));
        });
    });

  it("of several channels are mixed down without overflow, or one channel is picked, at any alignment", () => {
    const stereo = pcm([100, 300, -32768, -32768, 32767, 32767, -5, 5]);
    const odd = Buffer.concat([Buffer.alloc(1), stereo]).subarray(1);
    const format = { encoding: "s16le", sampleRate: 16000, channels: 2 } as const;
    assert.deepEqual(samplesOf(toMono(odd, format)), [200, -32768, 32767, 0]);
    assert.deepEqual(samplesOf(toMono(odd, format, 0)), [100, -32768, 32767, -5]);
    assert.deepEqual(samplesOf(toMono(odd, format, 1)), [300, -32768, 32767, 5]);
    assert.deepEqual(odd, stereo);
    const six = pcm([1, 2, 3, 4, 5, 600]);
    assert.deepEqual(samplesOf(toMono(six, { ...format, channels: 6 }, 5)), [600]);
  });

  it("that are too loud, or no number, become the loudest one or 0", () => {
    const floats = Buffer.from(new Float32Array([2, -2, Number.NaN, Infinity, 0.5]).buffer);
    const format = { encoding: "f32le", sampleRate: 16000, channels: 1 } as const;
    assert.deepEqual(samplesOf(toMono(floats, format)), [32767, -32768, 0, 32767, 16384]);
  });

  it("of mono PCM16 are not copied", () => {
    assert.equal(toMono(speech, { encoding: "s16le", sampleRate: 16000, channels: 1 }), speech);
    assert.equal(fromPcm16(speech, "s16le"), speech);
  });
});
