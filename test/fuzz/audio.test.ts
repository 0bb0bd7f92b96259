// Any bytes and any mimeType as sound: they become frames or a SoundError, and stall nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { encodings, parseMimeType, SoundError, sampleRates } from "../../audio/formats";
import { Transcoder } from "../../audio/input/transcoder";
import { loadResampler } from "../../audio/resampler";
import { wav } from "../audio/tone";
import { SPEECH_OGG, speech } from "../speech";
import { oddly } from "./odd-values";
import { runs, withoutStall } from "./runs";

const bytes = fc.uint8Array({ maxLength: 3_000, size: "max" }).map((array) => Buffer.from(array));

/** Files that are right, except that some bytes are others, some are missing and some come twice. */
const damaged = (file: Buffer) =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
      fc.nat(400),
      fc.nat(60),
      fc.nat(60),
    )
    .map(([changes, at, missing, twice]) => {
      const copy = Buffer.from(file);
      for (const [place, byte] of changes) copy[place] = byte;
      return Buffer.concat([
        copy.subarray(0, at),
        copy.subarray(Math.max(0, at - twice), at),
        copy.subarray(at + missing),
      ]);
    });
const sound = fc.oneof(
  bytes,
  damaged(wav(speech.subarray(0, 3_000))),
  damaged(wav(speech.subarray(0, 3_000), { sampleRate: 8_000 })),
  damaged(readFileSync(SPEECH_OGG).subarray(0, 4_000)),
  bytes.map((part) => part.toString("base64")),
);

const parameter = fc
  .tuple(
    fc.constantFrom("rate", "channels", "bits", "encoding", "endian", "codecs", "__proto__", ""),
    fc.oneof(
      fc.constantFrom("16000", "8000", "1", "2", "24", "float", "big", "0", "-1", "1e9", '"8"'),
      fc.string(),
    ),
  )
  .map(([name, value]) => `${name}=${value}`);
const mimeType = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        "audio/pcm",
        "AUDIO/WAV",
        "audio/pcmu",
        "audio/pcma",
        "audio/ogg",
        "audio/L16",
        "video/mp4",
        "",
      ),
      fc.array(parameter, { maxLength: 4 }),
    )
    .map(([type, parameters]) => [type, ...parameters].join(";")),
  fc.string({ maxLength: 3_000 }),
);

/** Calls it. @throws anything but a SoundError */
function orSoundError(work: () => void) {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SoundError)) throw error;
  }
}

describe("sound", () => {
  before(loadResampler);

  it("of any mimeType has one of the formats that there are, or is a SoundError", () =>
    fc.assert(
      fc.property(fc.oneof(mimeType, oddly("audio/pcm")), (type) =>
        orSoundError(() => {
          const format = parseMimeType(type);
          if (typeof format === "string") return;
          assert.ok(encodings.includes(format.encoding) && sampleRates.includes(format.sampleRate));
        }),
      ),
      runs(3_000),
    ));

  it("of any bytes, in pieces and with any mimeType, becomes whole frames of 20 ms, or is a SoundError", async () => {
    const piece = fc.tuple(sound, fc.option(mimeType, { nil: undefined, freq: 2 }));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (pieces) => {
        await withoutStall(
          () => "sound",
          () => {
            const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
            for (const [payload, type] of pieces)
              orSoundError(() => {
                // Without a decoder there is no Opus.
                if (transcoder.needsOpus(payload, type)) return;
                for (const frame of transcoder.push(payload, type)) assert.equal(frame.length, 640);
              });
            orSoundError(() => transcoder.end());
            transcoder.free();
          },
        );
      }),
      runs(1_000),
    );
  });
});
