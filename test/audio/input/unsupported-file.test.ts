// Unsupported files are refused, and never played as noise.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpusDecoder } from "../../../audio/codecs/opus";
import { SoundError } from "../../../audio/formats";
import { Transcoder } from "../../../audio/input/transcoder";
import { loadResampler } from "../../../audio/resampler";
import { chunksOf, SPEECH_OGG, speech } from "../../speech";
import { pagesOf, sealed } from "../ogg-opus";
import { requireProgram, run } from "../programs";
import { randomBelow, randomChunks, tone, wav } from "../tone";

/** What is heard of the chunks, and the different errors about them. */
async function hear(transcoder: Transcoder, chunks: Iterable<Buffer>) {
  const errors = new Set<string>();
  const frames: Buffer[] = [];
  for (const chunk of chunks)
    try {
      if (transcoder.needsOpus(chunk)) transcoder.opus = await OpusDecoder.create(1);
      frames.push(...transcoder.push(chunk));
    } catch (error) {
      assert.ok(error instanceof SoundError, String(error));
      errors.add(error.message);
    }
  return { sound: Buffer.concat(frames), errors: [...errors] };
}

const sound = tone(1013, 16000, 16000);

describe("an unsupported file", () => {
  before(loadResampler);
  let transcoder: Transcoder;
  beforeEach(() => {
    transcoder = new Transcoder({ format: "auto", frameMs: 20 });
  });
  afterEach(() => transcoder.free());

  const sizes = [1, 7, 1280, 1e6];

  for (const [start, name] of [
    ["fLaC", /FLAC/],
    ["ID3\x04\0", /MP3/],
    ["\x1aE\xdf\xa3", /WebM/],
    ["\0\0\0 ftypisom", /MP4/],
    ["FORM\0\0\0\0AIFF", /AIFF/],
    [".snd", /AU/],
    ["caff\0", /CAF/],
    ["RIFX0000WAVE", /big-endian WAV/],
    ["RF64", /RF64 WAV/],
    ["riff\x2e\x91\xcf\x11", /W64/],
    ["#!AMR\n", /AMR/],
    ["0&\xb2u", /WMA/],
  ] as const)
    it(`is refused once in pieces of any size, and nothing of it is heard: ${name.source}`, async () => {
      const file = Buffer.concat([Buffer.from(start, "latin1"), sound]);
      for (const size of sizes) {
        const heard = await hear(transcoder, chunksOf(file, size));
        assert.deepEqual([heard.sound.length, heard.errors.length], [0, 1]);
        assert.match(heard.errors[0]!, name);
        assert.deepEqual(transcoder.end(), []);
      }
    });

  it("that is a WAV file or an Ogg stream is refused once, too", async () => {
    const pages = pagesOf(readFileSync(SPEECH_OGG));
    pages[0]!.write("vorbis..", 28, "latin1");
    const ogg = Buffer.concat(pages.map(sealed));
    for (const [file, error] of [
      [wav(sound, { bits: 12 }), /12-bit/],
      [ogg, /no Opus/],
    ] as const)
      for (const size of [30, 300, 1e6]) {
        const heard = await hear(transcoder, chunksOf(file, size));
        assert.deepEqual([heard.sound.length, heard.errors.length], [0, 1], `${heard.errors}`);
        assert.match(heard.errors[0]!, error);
        assert.deepEqual(transcoder.end(), []);
      }
  });

  it("ends with the stream, or where another file begins", async () => {
    const flac = [Buffer.from("fLaC\0\0\0\0"), sound];
    await hear(transcoder, flac);
    assert.deepEqual((await hear(transcoder, [wav(sound)])).sound, sound);
    assert.match((await hear(transcoder, flac)).errors[0]!, /FLAC/);
    assert.match((await hear(transcoder, [Buffer.from("ID3\x04")])).errors[0]!, /MP3/);
    transcoder.end();
    assert.deepEqual((await hear(transcoder, [sound])).sound, sound);
  });

  it("leaves alone the sound whose mimeType names its format, and raw sound that had come before", async () => {
    await hear(transcoder, [Buffer.from("fLaC\0\0\0\0"), sound]);
    assert.deepEqual(Buffer.concat(transcoder.push(sound, "audio/pcm")), sound);
    transcoder.end();
    const twice = await hear(transcoder, [sound, wav(sound, { bits: 12 }), sound]);
    assert.deepEqual(twice.sound, Buffer.concat([sound, sound]));
  });

  for (const [name, ...parameters] of [
    ["FLAC", "-f", "flac"],
    ["MP3", "-f", "mp3"],
    ["MP3", "-f", "mp3", "-id3v2_version", "0", "-write_xing", "0"],
    ["MP3", "-f", "mp3", "-id3v2_version", "0", "-ar", "44100", "-b:a", "192k"],
    ["MP3", "-f", "mp3", "-id3v2_version", "0", "-write_xing", "0", "-ar", "8000"],
    ["AAC", "-f", "adts"],
    ["WebM", "-f", "webm", "-c:a", "libopus"],
    ["MP4", "-f", "ipod"],
    ["AIFF", "-f", "aiff"],
    ["AU", "-f", "au"],
    ["CAF", "-f", "caf"],
    ["W64", "-f", "w64"],
    ["RF64 WAV", "-f", "wav", "-rf64", "always"],
    ["WMA", "-f", "asf"],
    ["ADPCM", "-f", "wav", "-c:a", "adpcm_ima_wav"],
    ["no Opus", "-f", "ogg", "-c:a", "flac"],
  ] as const)
    it(`of ffmpeg is refused once in pieces of any size, and nothing of it is heard: ${parameters.join(" ")}`, async function () {
      requireProgram(this, "ffmpeg");
      const folder = mkdtempSync(join(tmpdir(), "unsupported-"));
      try {
        const from = ["-loglevel", "error", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-"];
        run("ffmpeg", [...from, ...parameters, join(folder, "file")], speech);
        const file = readFileSync(join(folder, "file"));
        for (const size of [60, 1280, 1e6]) {
          const heard = await hear(transcoder, chunksOf(file, size));
          assert.deepEqual([heard.sound.length, heard.errors.length], [0, 1], `${heard.errors}`);
          assert.ok(heard.errors[0]!.includes(name), heard.errors[0]);
          assert.deepEqual(transcoder.end(), []);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

  it("is no raw sound that begins like a frame of MP3 or AAC: all of it is heard", async () => {
    const random = randomBelow(5);
    for (let i = 0; i < 1_000; i++) {
      const raw = Buffer.concat([
        Buffer.from([0xff, 0xe0 + random(32)]),
        Buffer.from(sound.subarray(2 * random(99))),
      ]);
      for (let at = 2; at < 6; at++) raw[at] = random(256);
      const heard = await hear(transcoder, i % 20 ? [raw] : randomChunks(raw, 900, 1, i));
      assert.deepEqual(Buffer.concat([heard.sound, ...transcoder.end()]).compare(raw), 0);
    }
  });
});
