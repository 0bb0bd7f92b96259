// Any sound in, 16 kHz mono frames out, with nothing lost between chunks of any size.

import assert from "node:assert/strict";
import { type PcmFormat, SoundError } from "../../audio/formats";
import { Intake } from "../../audio/intake";
import { loadResampler, Resampler } from "../../audio/resampler";
import { fitSine, pcm, randomChunks, samplesOf, tone, wav } from "./tone";

/** Pushes the chunks, ends the stream and lets go; returns all frames. */
function framesOf(chunks: unknown[], format: "auto" | PcmFormat = "auto", mimeType?: string) {
  const intake = new Intake({ format, frameMs: 20 });
  const frames = chunks.flatMap((chunk) => intake.push(chunk, mimeType));
  frames.push(...intake.end());
  intake.free();
  return frames;
}

function convert(sound: Buffer, from: number) {
  const resampler = new Resampler(from, 16000);
  const converted = Buffer.concat([resampler.process(sound), resampler.flush()]);
  resampler.free();
  return converted;
}

function interleave(left: Buffer, right: Buffer) {
  const rights = samplesOf(right);
  return pcm(samplesOf(left).flatMap((sample, i) => [sample, rights[i]!]));
}

function refuses(work: () => unknown, word: RegExp) {
  assert.throws(work, (error) => error instanceof SoundError && word.test(error.message));
}

const sound = tone(1013, 16000, 16000 + 123);

describe("the intake", () => {
  before(loadResampler);

  it("cuts frames of 640 bytes for 20 ms, the last one as short as it is", () => {
    const frames = framesOf([sound]);
    assert.deepEqual(new Set(frames.slice(0, -1).map((frame) => frame.length)), new Set([640]));
    assert.equal(frames.at(-1)!.length, 246);
    assert.deepEqual(Buffer.concat(frames), sound);
  });

  it("takes other frame lengths, and refuses impossible ones", () => {
    const intake = new Intake({ format: "auto", frameMs: 100 });
    assert.deepEqual(
      intake.push(sound).map((frame) => frame.length),
      Array(10).fill(3200),
    );
    intake.free();
    for (const frameMs of [0, -20, Number.NaN, 5000])
      refuses(() => new Intake({ format: "auto", frameMs }), /Use a length from 1 to 1000 ms/);
  });

  it("refuses a setting that names an odd rate", () => {
    refuses(() => new Intake({ format: { sampleRate: 3, channels: 1 }, frameMs: 20 }), /setting: 3 Hz/);
  });

  it("loses nothing between chunks of any size, odd ones and single bytes too", () => {
    for (const longest of [1, 3, 700, 5000]) {
      const frames = framesOf(randomChunks(sound, longest, 1, longest));
      assert.ok(frames.slice(0, -1).every((frame) => frame.length === 640));
      assert.deepEqual(Buffer.concat(frames), sound);
    }
  });

  it("does not care for chunking at any rate, in mono and stereo", () => {
    for (const sampleRate of [8000, 24000, 44100, 48000]) {
      const left = tone(1013, sampleRate, sampleRate);
      const right = tone(1013, sampleRate, sampleRate, 0.3);
      assert.deepEqual(
        Buffer.concat(framesOf(randomChunks(left, 777, 1, 1), { sampleRate, channels: 1 })),
        convert(left, sampleRate),
      );
      const stereo = Buffer.concat(
        framesOf(randomChunks(interleave(left, right), 777, 1, 2), { sampleRate, channels: 2 }),
      );
      const { amplitude, residue } = fitSine(samplesOf(stereo).slice(200, -200), 1013, 16000);
      assert.equal(stereo.length, 32000);
      assert.ok(Math.abs(amplitude / 32767 - 0.6) < 0.01 && residue < 2);
    }
  });

  it("takes the rate that the mimeType names rather than that of the setting", () => {
    const loud = tone(1013, 48000, 4800);
    assert.deepEqual(
      Buffer.concat(framesOf([loud], { sampleRate: 8000, channels: 2 }, "audio/pcm;rate=48000;channels=1")),
      convert(loud, 48000),
    );
    assert.deepEqual(Buffer.concat(framesOf([loud], "auto", "audio/pcm;rate=48000")), convert(loud, 48000));
  });

  it("takes what a data URL names, unless the message names something else", () => {
    const loud = tone(1013, 48000, 4800);
    const url = `data:audio/pcm;rate=48000;base64,${loud.toString("base64")}`;
    assert.deepEqual(Buffer.concat(framesOf([url])), convert(loud, 48000));
    assert.deepEqual(Buffer.concat(framesOf([url], "auto", "audio/pcm;rate=16000")), loud);
  });

  it("takes base64, and silence that an exec node made a string of", () => {
    assert.deepEqual(Buffer.concat(framesOf([sound.toString("base64")])), sound);
    assert.deepEqual(Buffer.concat(framesOf([Buffer.alloc(640).toString()])), Buffer.alloc(640));
  });

  it("knows a WAV file by its first bytes, also byte by byte and as base64", () => {
    const left = tone(1013, 44100, 4410);
    const file = wav(interleave(left, left), { sampleRate: 44100, channels: 2 });
    const expected = convert(left, 44100);
    assert.deepEqual(Buffer.concat(framesOf([file])), expected);
    assert.deepEqual(Buffer.concat(framesOf(randomChunks(file, 1, 1, 3))), expected);
    assert.deepEqual(Buffer.concat(framesOf(randomChunks(file, 100, 1, 3))), expected);
    assert.deepEqual(Buffer.concat(framesOf([file.toString("base64")])), expected);
    assert.deepEqual(
      Buffer.concat(framesOf([file], { sampleRate: 8000, channels: 1 }, "audio/wav")),
      expected,
    );
  });

  it("takes one WAV file after another, in one stream or with an end between", () => {
    const [one, two] = [tone(1013, 48000, 4800), tone(1013, 8000, 801)];
    const files = [wav(one, { sampleRate: 48000 }), wav(two, { sampleRate: 8000, dataLength: 0 })];
    const expected = Buffer.concat([convert(one, 48000), convert(two, 8000)]);
    assert.deepEqual(Buffer.concat(framesOf(files)), expected);
    assert.deepEqual(Buffer.concat(framesOf([Buffer.concat(files)])), expected);
    const intake = new Intake({ format: "auto", frameMs: 20 });
    const frames = files.flatMap((file) => [...intake.push(file), ...intake.end()]);
    assert.deepEqual(Buffer.concat(frames), expected);
    assert.deepEqual(Buffer.concat([...intake.push(sound), ...intake.end()]), sound);
    intake.free();
  });

  it("takes a WAV file in the middle of raw sound", () => {
    assert.deepEqual(
      Buffer.concat(framesOf([sound, wav(sound), wav(sound)])),
      Buffer.concat([sound, sound, sound]),
    );
  });

  it("takes raw sound that begins almost like a WAV file", () => {
    for (const start of ["R", "RI", "RIF", "RIFA", "RA"]) {
      const raw = Buffer.concat([Buffer.from(start), Buffer.alloc(8 - start.length, 7)]);
      assert.deepEqual(Buffer.concat(framesOf([raw])), raw);
      assert.deepEqual(Buffer.concat(framesOf(randomChunks(raw, 1, 1, 1))), raw);
    }
    assert.deepEqual(Buffer.concat(framesOf([Buffer.from("RI")])), Buffer.from("RI"));
  });

  it("brings out the old sound first when the format changes in mid-stream", () => {
    const [one, two] = [tone(1013, 48000, 4800), tone(500, 8000, 1601)];
    const intake = new Intake({ format: "auto", frameMs: 20 });
    const frames = [
      ...intake.push(one, "audio/pcm;rate=48000"),
      ...intake.push(two, "audio/pcm;rate=8000"),
      ...intake.push(sound),
      ...intake.end(),
    ];
    assert.deepEqual(Buffer.concat(frames), Buffer.concat([convert(one, 48000), convert(two, 8000), sound]));
    assert.ok(frames.slice(0, -1).every((frame) => frame.length === 640));
    intake.free();
  });

  it("refuses a bad chunk and leaves the stream as it was", () => {
    const intake = new Intake({ format: "auto", frameMs: 20 });
    const loud = tone(1013, 48000, 9600);
    const mimeType = "audio/pcm;rate=48000";
    const frames = intake.push(loud.subarray(0, 5001), mimeType);
    refuses(() => intake.push(loud, "audio/pcm;rate=3"), / 3 Hz/);
    refuses(() => intake.push(loud, "audio/ogg"), /audio\/ogg/);
    refuses(() => intake.push(42, mimeType), /number/);
    refuses(() => intake.push("no sound!", mimeType), /base64/);
    refuses(() => intake.push(Buffer.alloc(50 * 1024 * 1024), mimeType), /50\.0 MiB/);
    refuses(() => intake.push(wav(loud, { bits: 24 })), /24-bit/);
    refuses(() => intake.push(loud, "audio/wav"), /not a WAV file/);
    frames.push(...intake.push(loud.subarray(5001), mimeType), ...intake.end());
    assert.deepEqual(Buffer.concat(frames), convert(loud, 48000));
    intake.free();
  });

  it("names the kind of a file that it cannot take", () => {
    for (const [start, name] of [
      ["OggS\0", /Ogg/],
      ["\x1aE\xdf\xa3", /WebM/],
      ["fLaC", /FLAC/],
      ["ID3\x04\0", /MP3/],
      ["RIFX0000WAVE", /big-endian WAV/],
    ] as const) {
      const intake = new Intake({ format: "auto", frameMs: 20 });
      refuses(() => intake.push(Buffer.from(start, "latin1")), name);
      assert.deepEqual(Buffer.concat([...intake.push(sound), ...intake.end()]), sound);
      intake.free();
    }
  });

  it("says at the end that half a sample was left over, and is ready for the next stream", () => {
    const intake = new Intake({ format: { sampleRate: 48000, channels: 2 }, frameMs: 20 });
    for (const length of [1, 2, 3, 1001]) {
      intake.push(Buffer.alloc(length));
      refuses(() => intake.end(), /middle of a sample/);
    }
    assert.deepEqual(intake.push(Buffer.alloc(4000)).length, 0);
    assert.deepEqual(Buffer.concat(intake.end()).length, 666);
    assert.deepEqual(intake.end(), []);
    intake.free();
  });

  it("says at the end that a WAV header was cut off, and is ready for the next stream", () => {
    const intake = new Intake({ format: "auto", frameMs: 20 });
    intake.push(wav(sound).subarray(0, 30));
    refuses(() => intake.end(), /inside its header/);
    assert.deepEqual(Buffer.concat([...intake.push(sound), ...intake.end()]), sound);
    intake.free();
  });

  it("neither writes to what it was given nor relies on it afterwards", () => {
    const intake = new Intake({ format: "auto", frameMs: 20 });
    const copies: Buffer[] = [];
    for (const chunk of randomChunks(sound, 999, 1, 9)) {
      const sent = Buffer.from(chunk);
      const frames = intake.push(sent).map((frame) => Buffer.from(frame));
      assert.deepEqual(sent, chunk);
      copies.push(...frames);
      sent.fill(0x55); // as a sender does that uses its Buffer again
    }
    assert.deepEqual(Buffer.concat([...copies, ...intake.end()]), sound);
    intake.free();
  });

  it("refuses to work after free(), which may come twice", () => {
    const intake = new Intake({ format: "auto", frameMs: 20 });
    intake.push(sound, "audio/pcm;rate=48000");
    intake.free();
    intake.free();
    assert.throws(() => intake.push(sound), /freed/);
    assert.throws(() => intake.end(), /freed/);
  });
});
