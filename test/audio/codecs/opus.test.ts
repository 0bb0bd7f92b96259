// Opus against ffmpeg and against itself, and Ogg Opus in chunks of any size.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { OggReader } from "../../../audio/codecs/ogg";
import { OpusDecoder, OpusEncoder, opusFrameLengths, opusRates, packetMs } from "../../../audio/codecs/opus";
import { SoundError } from "../../../audio/formats";
import { Transcoder } from "../../../audio/input/transcoder";
import { loadResampler, Resampler } from "../../../audio/resampler";
import { chunksOf, correlation, SPEECH_OGG, speech } from "../../speech";
import { pagesOf, sealed } from "../ogg-opus";
import { requireProgram, run } from "../programs";
import { randomBelow, randomChunks } from "../tone";

const ogg = readFileSync(SPEECH_OGG);

function packetsOf(chunks: Iterable<Buffer>) {
  const reader = new OggReader();
  return [...chunks].flatMap((chunk) => reader.push(chunk));
}

/** What the decoder makes of the packets, after what `lostMs` says that was lost before each. */
async function decode(packets: Buffer[], lostMs = (_: number) => 0) {
  const decoder = await OpusDecoder.create(1);
  const sound = Buffer.concat(packets.map((packet, i) => decoder.decode(packet, lostMs(i))));
  decoder.free();
  return sound;
}

/** The speech as Ogg Opus, made by ffmpeg. */
const oggOf = (...parameters: string[]) => {
  const from = ["-loglevel", "error", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-"];
  const to = ["-c:a", "libopus", "-application", "voip", "-b:a", "24k", "-f", "ogg", "-"];
  return run("ffmpeg", [...from, ...parameters, ...to], speech);
};

async function transcode(chunks: Buffer[]) {
  await loadResampler();
  const transcoder = new Transcoder({ format: "ogg", frameMs: 20 });
  transcoder.opus = await OpusDecoder.create(1);
  const frames = [...chunks.flatMap((chunk) => transcoder.push(chunk)), ...transcoder.end()];
  transcoder.free();
  return Buffer.concat(frames);
}

describe("Ogg Opus", () => {
  const packets = packetsOf([ogg]);

  it("of more than eight minutes in one piece is refused, and what follows is read", async () => {
    const pages = pagesOf(ogg);
    // A packet of one byte can be 60 ms of silence.
    const odd = Buffer.concat([pages[2]!.subarray(0, 26), Buffer.alloc(256, 255), Buffer.alloc(255, 0x18)]);
    odd.fill(1, 27, 27 + 255);
    odd.fill(255, 6, 14); // No position.
    const page = sealed(odd);
    const reader = new OggReader();
    reader.push(Buffer.concat(pages.slice(0, 3)));
    assert.equal(reader.push(Buffer.concat(Array(30).fill(page))).length, 30 * 255);
    assert.throws(() => reader.push(Buffer.concat(Array(40).fill(page))), {
      code: "GEMINI_SOUND",
      message: /more than 8 minutes of Opus. Send it in pieces/,
    });
    assert.deepEqual(reader.push(ogg), packets);
  });

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

  it("is as long as its sound was: without the pre-skip, and without what the last page does not hold", async function () {
    requireProgram(this, "ffmpeg");
    for (const file of [ogg, oggOf("-frame_duration", "60"), oggOf("-page_duration", "10000000")])
      for (const chunks of [[file], randomChunks(file, 700, 1, 6)]) {
        const sound = await transcode(chunks);
        assert.equal(sound.length, speech.length);
        assert.ok(correlation(speech, 16000, sound, 16000) > 0.9);
      }
  });

  it("is as long as its sound was when pages of it are lost", async function () {
    requireProgram(this, "ffmpeg");
    const pages = pagesOf(oggOf("-page_duration", "100000"));
    assert.ok(pages.length > 15, `${pages.length} pages`);
    const kept = pages.filter((_, i) => i !== 6 && i !== 7);
    assert.equal((await transcode(kept)).length, speech.length);
  });

  it("is not cut when the last page has no position, or one before that of the page before", async () => {
    const whole = packets.length * 640 - 104 * 2;
    for (const position of [0n, -1n]) {
      const pages = pagesOf(ogg);
      const last = Buffer.from(pages.pop()!);
      last.writeBigInt64LE(position, 6);
      assert.equal((await transcode([...pages, sealed(last)])).length, whole);
    }
  });

  it("may begin in the middle, as a recording of a station does", async () => {
    const moved = pagesOf(ogg).map((page, i) => {
      const copy = Buffer.from(page);
      if (i > 1) copy.writeBigInt64LE(page.readBigInt64LE(6) + 48_000_000n, 6);
      return sealed(copy);
    });
    assert.equal((await transcode(moved)).length, speech.length);
  });

  it("may have a second file after the first", () => {
    const twice = packetsOf(randomChunks(Buffer.concat([ogg, ogg]), 700, 1, 8));
    assert.deepEqual(twice, [...packets, ...packets]);
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

  for (const frameMs of [20, 60])
    it(`of ${frameMs} ms that are lost come from the packets behind them, else they are concealed`, async function () {
      requireProgram(this, "ffmpeg");
      const said = speech.subarray(0, -3200);
      const heard = (sound: Buffer) => correlation(said, 16000, sound, 16000);
      const isLost = (i: number) => i % 5 === 3;
      const receive = async (fec: string) => {
        const file = oggOf("-frame_duration", `${frameMs}`, "-fec", fec, "-packet_loss", "20");
        const all = packetsOf([file]).map(({ packet }) => packet);
        const whole = await decode(all);
        const received = all.flatMap((packet, i) =>
          isLost(i) ? [] : [{ packet, lostMs: isLost(i - 1) ? frameMs : 0 }],
        );
        const filled = await decode(
          received.map(({ packet }) => packet),
          (i) => received[i]!.lostMs,
        );
        assert.ok(Math.abs(filled.length - whole.length) <= (isLost(all.length - 1) ? 32 * frameMs : 0));
        return { whole: heard(whole), filled: heard(filled) };
      };
      const repeated = await receive("1");
      assert.ok(repeated.filled > repeated.whole - 0.03, JSON.stringify(repeated));
      const concealed = await receive("0");
      assert.ok(concealed.filled > 0.7, JSON.stringify(concealed));
      assert.ok(concealed.filled < concealed.whole - 0.1, JSON.stringify(concealed));
    });

  it("have the length that their first bytes say, for all configurations", () => {
    // RFC 6716, table 2, in order, and the frames of the codes 0, 1 and 3.
    const lengths = [
      ...[0, 1, 2].flatMap(() => [10, 20, 40, 60]),
      ...[0, 1].flatMap(() => [10, 20]),
      ...[0, 1, 2, 3].flatMap(() => [2.5, 5, 10, 20]),
    ];
    assert.equal(lengths.length, 32);
    for (const [configuration, ms] of lengths.entries())
      assert.deepEqual(
        [[0], [1], [3, 5]].map(([code, ...more]) =>
          packetMs(Buffer.from([configuration * 8 + code!, ...more])),
        ),
        [ms, 2 * ms, 5 * ms],
      );
  });

  it("that are empty, or only ask for concealment, are as long as a packet", async () => {
    const [first, ...more] = packetsOf([ogg]).map(({ packet }) => packet);
    const asks = Buffer.from([first![0]! & 0xfc]);
    const sound = await decode([first!, Buffer.alloc(0), asks, ...more]);
    assert.equal(sound.length, (more.length + 3) * 640);
    assert.equal((await decode([Buffer.alloc(0), first!])).length, 640);
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
