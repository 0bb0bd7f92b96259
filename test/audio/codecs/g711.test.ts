// G.711 against the tables of the standard, and against sox.

import assert from "node:assert/strict";
import { decodeG711, encodeG711, type Law } from "../../../audio/codecs/g711";
import { requireProgram, run } from "../programs";
import { pcm, samplesOf } from "../tone";

/** Codes and their values from ITU-T G.711: table 2a of mu-law (14 bits) and table 1a of A-law (13 bits), before bits are inverted. */
const PUBLISHED: Record<Law, [code: number, value: number][]> = {
  mulaw: [
    [0b10000000, 8031],
    [0b10001111, 4191],
    [0b10011111, 2079],
    [0b10101111, 1023],
    [0b10111111, 495],
    [0b11001111, 231],
    [0b11011111, 99],
    [0b11101111, 33],
    [0b11111110, 2],
    [0b11111111, 0],
  ],
  alaw: [
    [0b11111111, 4032],
    [0b11110000, 2112],
    [0b11100000, 1056],
    [0b11010000, 528],
    [0b11000000, 264],
    [0b10110000, 132],
    [0b10100000, 66],
    [0b10000000, 1],
  ],
};

const LAWS = ["mulaw", "alaw"] as const;
const every = pcm(Array.from({ length: 65536 }, (_, i) => i - 32768));
const allCodes = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
const decode = (law: Law, codes: Buffer) => Array.from(codes, (code) => decodeG711(law, code));

describe("G.711", () => {
  it("has the values of the standard's tables, for both signs", () => {
    for (const [code, value] of PUBLISHED.mulaw) {
      assert.equal(decodeG711("mulaw", code), 4 * value);
      assert.equal(decodeG711("mulaw", code & 0x7f), value ? -4 * value : 0);
    }
    for (const [code, value] of PUBLISHED.alaw) {
      assert.equal(decodeG711("alaw", code ^ 0x55), 8 * value);
      assert.equal(decodeG711("alaw", (code & 0x7f) ^ 0x55), -8 * value);
    }
  });

  for (const law of LAWS) {
    it(`${law}: encodes each sample as the code with the nearest value`, () => {
      const values = decode(law, allCodes);
      const decoded = decode(law, encodeG711(law, every));
      samplesOf(every).forEach((sample, i) => {
        const nearest = Math.min(...values.map((value) => Math.abs(value - sample)));
        if (Math.abs(decoded[i]! - sample) !== nearest) assert.fail(`${sample} became ${decoded[i]}`);
      });
    });

    it(`${law}: gives each code again for its own value`, () => {
      const again = encodeG711(law, pcm(decode(law, allCodes)));
      // Mu-law has two codes for 0, and the positive one is sent.
      const expected = Buffer.from(allCodes.map((code) => (law === "mulaw" && code === 0x7f ? 0xff : code)));
      assert.deepEqual(again, expected);
    });

    it(`${law}: decodes all codes as sox does`, function () {
      requireProgram(this, "sox");
      const type = law === "mulaw" ? "ul" : "al";
      const raw = ["-r", "8000", "-c", "1"];
      const sox = run("sox", ["-D", "-t", type, ...raw, "-", "-t", "s16", ...raw, "-"], allCodes);
      assert.deepEqual(decode(law, allCodes), samplesOf(sox));
    });
  }
});
