// Ogg Opus that is damaged, or joined in its middle.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { OggReader } from "../../../audio/codecs/ogg";
import { OpusDecoder } from "../../../audio/codecs/opus";
import { SoundError } from "../../../audio/formats";
import { Transcoder } from "../../../audio/input/transcoder";
import { loadResampler } from "../../../audio/resampler";
import { chunksOf, correlation, SPEECH_OGG, speech } from "../../speech";
import { oggOpus, pagesOf, sealed } from "../ogg-opus";
import { requireProgram, run } from "../programs";
import { randomBelow, randomChunks, samplesOf } from "../tone";

const recorded = readFileSync(SPEECH_OGG);
const packets = new OggReader().push(recorded).map(({ packet }) => packet);
/** The speech with a page for each packet. */
const ogg = oggOpus(packets, 20);
const pages = pagesOf(ogg);

async function hear(chunks: Iterable<Buffer>, format: "ogg" | "auto" = "ogg") {
  await loadResampler();
  const transcoder = new Transcoder({ format, frameMs: 20 });
  transcoder.opus = await OpusDecoder.create(1);
  const frames = [...chunks].flatMap((chunk) => transcoder.push(chunk));
  const problem = transcoder.problem?.message ?? "";
  frames.push(...transcoder.end());
  transcoder.free();
  return { sound: Buffer.concat(frames), problem };
}

function read(chunks: Iterable<Buffer>) {
  const reader = new OggReader();
  const found = [...chunks].flatMap((chunk) => reader.push(chunk));
  return { found, packets: found.map(({ packet }) => packet), problem: reader.problem?.message ?? "" };
}

const loudest = (sound: Buffer) =>
  samplesOf(sound).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

/** A copy with random bytes from `at` on. */
function damage(file: Buffer, at: number, bytes: number, random: (bound: number) => number) {
  const copy = Buffer.from(file);
  for (let i = at; i < at + bytes; i++) copy[i] = random(256);
  return copy;
}

describe("the output gain of Ogg Opus", () => {
  /** The speech with an output gain in its header. */
  const amplified = (decibels: number) => {
    const head = Buffer.from(pages[0]!);
    // Behind the 27 bytes of the page's header, and one for the length of its packet.
    head.writeInt16LE(Math.round(256 * decibels), 28 + 16);
    return Buffer.concat([sealed(head), ...pages.slice(1)]);
  };

  for (const decibels of [-12, -0.5, 3])
    it(`of ${decibels} dB is applied to its file, and to no file after it, as by ffmpeg`, async function () {
      requireProgram(this, "ffmpeg");
      const file = amplified(decibels);
      const { sound: plain } = await hear([ogg]);
      const { sound } = await hear([file, ogg]);
      const [first, second] = [sound.subarray(0, plain.length), sound.subarray(plain.length)];
      const theirs = run("ffmpeg", ["-v", "quiet", "-i", "-", "-ar", "16000", "-f", "s16le", "-"], file);
      const factor = 10 ** (decibels / 20);
      for (const [made, expected] of [
        [first, factor],
        [theirs, factor],
        [second, 1],
      ] as const)
        assert.ok(Math.abs(loudest(made) / loudest(plain) - expected) < 0.05 * expected);
    });
});

describe("damaged Ogg Opus", () => {
  it("loses the damaged pages only, whose sound is filled in: it is as long as before, and holds no noise", async () => {
    const whole = await hear([ogg]);
    assert.equal(whole.problem, "");
    const random = randomBelow(3);
    for (let i = 0; i < 40; i++) {
      const at = 300 + random(ogg.length - 800);
      const damaged = damage(ogg, at, 50, random);
      for (const chunks of [[damaged], randomChunks(damaged, 700, 1, i)]) {
        const { sound, problem } = await hear(chunks);
        assert.equal(sound.length, whole.sound.length);
        assert.ok(loudest(sound) < 1.3 * loudest(whole.sound), `${loudest(sound)} after ${at}`);
        assert.match(problem, /Ogg stream is damaged.*Send all its bytes in their order/);
      }
    }
  });

  it("has the packets that ffmpeg finds in it", function () {
    requireProgram(this, "ffmpeg");
    const random = randomBelow(4);
    let same = 0;
    for (let i = 0; i < 20; i++) {
      const at = 300 + random(ogg.length - 800);
      const damaged = damage(ogg, at, 50, random);
      const cut = i % 2 ? damaged : Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + 100)]);
      const list = run(
        "ffmpeg",
        ["-v", "quiet", "-i", "-", "-c", "copy", "-f", "framemd5", "-"],
        cut,
      ).toString();
      const lines = list.split("\n").filter((line) => line && !line.startsWith("#"));
      const theirs = lines.map((line) => line.split(",")[5]!.trim());
      const ours = read(randomChunks(cut, 700, 1, i)).packets.map((packet) =>
        createHash("md5").update(packet).digest("hex"),
      );
      // It gives up where a wrong length reaches beyond the end.
      assert.deepEqual(ours.slice(0, theirs.length), theirs);
      if (ours.length === theirs.length) same++;
    }
    assert.ok(same > 10, `${same} of 20`);
  });

  it("does not wait for the end of a page that names a wrong length: the next whole page shows it", () => {
    const long = Buffer.from(pages[10]!);
    long[26] = 255;
    const { packets: found, problem } = read([...pages.slice(0, 10), long, ...pages.slice(11, 40)]);
    assert.deepEqual(found, [...packets.slice(0, 8), ...packets.slice(9, 38)]);
    assert.match(problem, /damaged/);
  });

  it("makes no packet of the halves of two: a page between them was lost", () => {
    const halves = [packets[8]!, packets[9]!].flatMap((packet, i) => {
      const [first, second] = [Buffer.concat([packet, Buffer.alloc(255)]), packet];
      const pageOf = (number: number, flags: number, size: number, body: Buffer) => {
        const head = Buffer.concat([
          pages[10 + i]!.subarray(0, 27),
          Buffer.from([size]),
          body.subarray(0, size),
        ]);
        head[5] = flags;
        head[26] = 1;
        head.writeUInt32LE(number, 18);
        if (size === 255) head.fill(255, 6, 14);
        return sealed(head);
      };
      return [pageOf(10 + 2 * i, 0, 255, first), pageOf(11 + 2 * i, 1, second.length, second)];
    });
    const { packets: found } = read([...pages.slice(0, 10), halves[0]!, halves[3]!]);
    assert.deepEqual(found, packets.slice(0, 8));
  });

  it("has invalid packets filled in, and the others decoded", async () => {
    const odd = oggOpus(packets.toSpliced(30, 1, Buffer.alloc(70, 0xff)), 20);
    const { sound, problem } = await hear([odd]);
    assert.ok(correlation(speech.subarray(3_200, -3_200), 16_000, sound, 16_000) > 0.8);
    assert.match(problem, /damaged/);
  });

  it("is not called damaged when whole pages are lost, or other bytes come before it", () => {
    assert.equal(read([...pages.slice(0, 20), ...pages.slice(25)]).problem, "");
    assert.equal(read([pages[1]!.subarray(5), ...pages]).problem, "");
    assert.match(read([...pages.slice(0, 20), Buffer.from("noise"), ...pages.slice(20)]).problem, /damaged/);
  });

  it("continues without its tags", () => {
    assert.deepEqual(read(pages.toSpliced(1, 1)).packets, packets);
  });

  it("costs no more time for thousands of pages that name wrong lengths: so many are refused", () => {
    const head = Buffer.concat([Buffer.from("OggS\0\0"), Buffer.alloc(20), Buffer.alloc(256, 255)]);
    const many = Buffer.concat([...Array(1200).fill(head), Buffer.alloc(66_000)]);
    assert.throws(() => new OggReader().push(many), /more than 1000 damaged Ogg pages/);
  });
});

describe("Ogg Opus without its beginning", () => {
  for (const format of ["ogg", "auto"] as const)
    it(`is decoded from its second page on: ${format}`, async () => {
      for (const chunks of [pages.slice(30), [Buffer.concat(pages.slice(30))], pagesOf(recorded).slice(2)]) {
        const { sound, problem } = await hear(chunks, format);
        const said = speech.subarray(28 * 640 + 6_400, -3_200);
        assert.ok(correlation(said, 16_000, sound, 16_000) > 0.9);
        assert.equal(problem, "");
      }
    });

  it("is decoded from the middle of a page on, in chunks of any size", async () => {
    const rest = Buffer.concat(pages.slice(30)).subarray(40);
    for (const chunks of [chunksOf(rest, 400), chunksOf(rest, 1), [rest]]) {
      const { sound } = await hear(chunks);
      assert.equal(sound.length, (packets.length - 29) * 640 - 80 * 32);
    }
    // Up to the first page, nothing says that this is no raw sound.
    const { sound } = await hear(chunksOf(rest, 400), "auto");
    assert.ok(correlation(speech.subarray(29 * 640 + 6_400, -3_200), 16_000, sound, 16_000) > 0.9);
  });

  it("has all of its packets when only its header is damaged", () => {
    assert.deepEqual(read(pages.slice(1)).packets, packets);
    const { found } = read(pages.slice(1));
    assert.deepEqual(found.map(({ skip, begins }) => [skip, begins]).slice(0, 2), [
      [3840, true],
      [0, false],
    ]);
  });

  it("may follow another one, if that has ended", () => {
    const others = pages.slice(1).map((page) => {
      const copy = Buffer.from(page);
      copy.writeUInt32LE(7, 14);
      return sealed(copy);
    });
    assert.deepEqual(read([...pages, ...others]).packets, [...packets, ...packets]);
    assert.deepEqual(read([...pages.slice(0, -1), ...others]).packets, packets.slice(0, -1));
  });

  it("is refused once if it is something else than Opus", () => {
    const slow = pages.slice(5).map((page) => {
      const copy = Buffer.from(page);
      copy.writeBigInt64LE(page.readBigInt64LE(6) / 3n, 6);
      return sealed(copy);
    });
    assert.throws(() => read(slow), {
      code: "GEMINI_SOUND",
      message: /joined in its middle, and does not look like Opus/,
    });
  });
});

describe("sound that should be Ogg Opus", () => {
  it("is an error if it has no page, at the latest after 64 KiB or at its end", async () => {
    const noise = damage(Buffer.alloc(70_000), 0, 70_000, randomBelow(5));
    assert.equal(read([noise.subarray(0, 60_000)]).problem, "");
    assert.match(read(chunksOf(noise, 640)).problem, /no Ogg page whose checksum fits/);
    for (const bytes of [noise.subarray(0, 5_000), pages[0]!.subarray(0, 40)])
      await assert.rejects(hear([bytes]), /no Ogg page whose checksum fits/);
    assert.equal((await hear([])).sound.length, 0);
  });

  it("is refused if it is of another codec, or of more than two channels", () => {
    const other = Buffer.from(pages[0]!);
    other.write("vorbis..", 28, "latin1");
    assert.throws(() => read([sealed(other)]), /holds no Opus sound/);
    const surround = Buffer.concat([pages[0]!, Buffer.from([4, 2, 0, 4, 1, 2, 3, 5])]);
    surround[27]! += 8;
    surround[28 + 9] = 6;
    surround[28 + 18] = 1;
    assert.throws(
      () => read([sealed(surround)]),
      (error) => error instanceof SoundError && /has 6 channels. Send mono or stereo/.test(error.message),
    );
  });
});
