import assert from "node:assert/strict";
import type { Encoding } from "../../../audio/formats";
import { FormatCheck } from "../../../audio/input/format-check";
import { speech } from "../../speech";
import { randomBelow, tone } from "../tone";
import { encode } from "./encode";

/** What the check says of sound that was made as one encoding and is read as another. */
const verdict = (made: Encoding, read: Encoding, sound: Buffer = speech) =>
  new FormatCheck().push(encode(sound, made), { encoding: read, sampleRate: 16000, channels: 1 });

describe("the check of a format", () => {
  for (const encoding of ["s16le", "s16be", "u8", "s8", "s24le", "s32be", "f32le", "mulaw", "alaw"] as const)
    it(`says nothing of speech in ${encoding} that is read as such`, () => {
      assert.equal(verdict(encoding, encoding), undefined);
    });

  for (const [made, read] of [
    ["s16be", "s16le"],
    ["s16le", "s16be"],
    ["f32le", "s16le"],
    ["s24le", "s16le"],
    ["mulaw", "s16le"],
    ["s16le", "mulaw"],
    ["s16le", "f32le"],
  ] as const)
    it(`names ${made} when speech in it is read as ${read}`, () => {
      assert.equal(verdict(made, read), made);
    });

  it("says nothing of noise, silence, a tone, or the hiss of a quiet microphone", () => {
    const random = randomBelow(5);
    const noise = (level: number): Buffer => {
      const sound = Buffer.alloc(16_384);
      for (let at = 0; at < sound.length; at += 2) sound.writeInt16LE(random(2 * level) - level, at);
      return sound;
    };
    for (const sound of [
      noise(20_000),
      noise(2_000),
      noise(30),
      noise(3),
      Buffer.alloc(16_384),
      tone(440, 16000, 9000),
      tone(6000, 16000, 9000),
    ])
      assert.equal(verdict("s16le", "s16le", sound), undefined);
  });

  it("waits for sound in a stream that begins with silence, and gives its verdict once", () => {
    const check = new FormatCheck();
    const format = { encoding: "s16le", sampleRate: 16000, channels: 1 } as const;
    assert.equal(check.push(Buffer.alloc(20_000), format), undefined);
    const swapped = encode(speech, "s16be");
    const verdicts = [];
    for (let at = 0; at < swapped.length; at += 640)
      verdicts.push(check.push(swapped.subarray(at, at + 640), format));
    assert.deepEqual(
      verdicts.filter((found) => found),
      ["s16be"],
    );
  });
});
