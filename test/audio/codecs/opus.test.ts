// Opus against ffmpeg and against itself, and Ogg Opus in chunks of any size.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { OggReader } from "../../../audio/codecs/ogg";
import { OpusDecoder, OpusEncoder, opusFrameLengths, opusRates } from "../../../audio/codecs/opus";
import { SoundError } from "../../../audio/formats";
import { loadResampler, Resampler } from "../../../audio/resampler";
import { chunksOf, correlation, SPEECH_OGG, speech } from "../../speech";
import { requireProgram, run } from "../programs";
import { randomBelow, randomChunks } from "../tone";

const ogg = readFileSync(SPEECH_OGG);

function packetsOf(chunks: Iterable<Buffer>) {
  const reader = new OggReader();
  return [...chunks].flatMap((chunk) => reader.push(chunk));
}

async function decode(packets: Buffer[]) {
  const decoder = await OpusDecoder.create(1);
  const sound = Buffer.concat(packets.map((packet) => decoder.decode(packet)));
  decoder.free();
  return sound;
}

describe("Ogg Opus", () => {
  const packets = packetsOf([ogg]);

  it("has its packets read, the same for chunks of any size", () => {
    for (const chunks of [chunksOf(ogg, 1), randomChunks(ogg, 999, 1, 4)])
      assert.deepEqual(packetsOf(chunks), packets);
    assert.equal(packets[0]!.skip, 312);
    assert.deepEqual(
      packets.map(({ begins }) => begins).filter((begins) => begins),
      [true],
    );
  });

  it("is decoded as ffmpeg decodes it", async function () {
    requireProgram(this, "ffmpeg");
    const reference = run(
      "ffmpeg",
      ["-loglevel", "error", "-i", "-", "-ar", "16000", "-f", "s16le", "-"],
      ogg,
    );
    const sound = await decode(packets.map(({ packet }) => packet));
    assert.ok(correlation(reference.subarray(3200, -3200), 16000, sound, 16000) > 0.99);
  });

  it("may have a second file after the first", () => {
    const twice = packetsOf(randomChunks(Buffer.concat([ogg, ogg]), 700, 1, 8));
    assert.deepEqual(twice, [...packets, ...packets]);
  });

  it("continues at the next page after damaged bytes, and after a lost page", () => {
    const second = ogg.indexOf("OggS", 100);
    const third = ogg.indexOf("OggS", second + 4);
    const damaged = Buffer.concat([ogg.subarray(0, third), Buffer.from("noise"), ogg.subarray(third)]);
    assert.deepEqual(packetsOf([damaged]), packets);
    const last = ogg.lastIndexOf("OggS");
    const lost = packetsOf([ogg.subarray(0, third), ogg.subarray(last)]);
    assert.ok(lost.length < packets.length);
  });

  it("of another codec is refused, and bounded when a page never ends", () => {
    const other = Buffer.from(ogg);
    other.write("vorbis..", other.indexOf("OpusHead"), "latin1");
    assert.throws(() => packetsOf([other]), /holds no Opus sound/);
  });
});

describe("Opus packets", () => {
  before(loadResampler);

  for (const sampleRate of opusRates)
    for (const frameMs of opusFrameLengths)
      it(`of ${frameMs} ms at ${sampleRate} Hz carry speech there and back`, async () => {
        const encoder = await OpusEncoder.create({ sampleRate, frameMs, bitRate: 32_000 });
        const resampler = new Resampler(16000, sampleRate);
        const there = Buffer.concat([resampler.process(speech), resampler.flush()]);
        resampler.free();
        const packets = [...chunksOf(there, (sampleRate * frameMs * 2) / 1000)].map((frame) =>
          encoder.encode(frame),
        );
        encoder.free();
        const back = await decode(packets);
        assert.ok(correlation(speech.subarray(3200, -3200), 16000, back, 16000) > 0.9);
        assert.equal(back.length, packets.length * frameMs * 32);
      });

  it("have about the bit rate that is set", async () => {
    const size = async (bitRate: number) => {
      const encoder = await OpusEncoder.create({ sampleRate: 16000, frameMs: 20, bitRate });
      const packets = [...chunksOf(speech, 640)].map((frame) => encoder.encode(frame));
      encoder.free();
      return packets.reduce((sum, { length }) => sum + length, 0);
    };
    const [low, high] = [await size(8_000), await size(48_000)];
    assert.ok(high > 3 * low, `${low} and ${high} bytes`);
  });

  it("that are none are an error that says what to do, and 10,000 of them are no unhandled error", async () => {
    const decoder = await OpusDecoder.create(2);
    assert.throws(
      () => decoder.decode(Buffer.alloc(640, 0xff)),
      /not an Opus packet .*one packet per message/,
    );
    const random = randomBelow(11);
    for (let i = 0; i < 10_000; i++) {
      const odd = Buffer.from(Array.from({ length: random(80) }, () => random(256)));
      try {
        decoder.decode(odd);
      } catch (error) {
        assert.ok(error instanceof SoundError);
      }
    }
    decoder.free();
  });

  it("need libopus-wasm: without it, an error names the command to install it", async () => {
    const missing = Object.assign(new Error("Cannot find package 'libopus-wasm'"), {
      code: "ERR_MODULE_NOT_FOUND",
    });
    await assert.rejects(
      OpusDecoder.create(1, () => Promise.reject(missing)),
      (error: Error) => {
        assert.ok(error instanceof SoundError);
        assert.match(error.message, /npm install libopus-wasm/);
        assert.match(error.message, /Cannot find package/);
        return true;
      },
    );
  });
});
