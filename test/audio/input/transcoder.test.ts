// Any supported sound becomes 16 kHz mono frames, without loss between chunks of any size.

import assert from "node:assert/strict";
import {
  defaultFormat,
  encodings,
  maxPayloadBytes,
  SoundError,
  type SoundFormat,
} from "../../../audio/formats";
import { Transcoder } from "../../../audio/input/transcoder";
import { loadResampler, Resampler } from "../../../audio/resampler";
import { fitSine, pcm, randomBelow, randomChunks, samplesOf, tone, wav } from "../tone";
import { encode } from "./encode";

/** Pushes the chunks, ends the stream and frees the transcoder. Returns all frames. */
function framesOf(chunks: unknown[], format: "auto" | Partial<SoundFormat> = "auto", mimeType?: string) {
  const transcoder = new Transcoder({
    format: format === "auto" ? format : { ...defaultFormat, ...format },
    frameMs: 20,
  });
  const frames = chunks.flatMap((chunk) => transcoder.push(chunk, mimeType));
  frames.push(...transcoder.end());
  transcoder.free();
  return frames;
}

const convert = (sound: Buffer, from: number) => convertTo(sound, 16000, from);

function convertTo(sound: Buffer, to: number, from = 16000) {
  const resampler = new Resampler(from, to);
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

describe("the transcoder", () => {
  before(loadResampler);

  it("cuts frames of 640 bytes for 20 ms, the last one shorter", () => {
    const frames = framesOf([sound]);
    assert.deepEqual(new Set(frames.slice(0, -1).map((frame) => frame.length)), new Set([640]));
    assert.equal(frames.at(-1)!.length, 246);
    assert.deepEqual(Buffer.concat(frames), sound);
  });

  it("takes other frame lengths, and refuses impossible ones", () => {
    const transcoder = new Transcoder({ format: "auto", frameMs: 100 });
    assert.deepEqual(
      transcoder.push(sound).map((frame) => frame.length),
      Array(10).fill(3200),
    );
    transcoder.free();
    for (const frameMs of [0, -20, Number.NaN, 5000])
      refuses(() => new Transcoder({ format: "auto", frameMs }), /Use a length from 1 to 1000 ms/);
  });

  it("cuts the longest payload into short frames", () => {
    const format = { encoding: "mulaw", sampleRate: 8000, channels: 1 } as const;
    const transcoder = new Transcoder({ format, frameMs: 10 });
    const seconds = Math.floor(maxPayloadBytes / format.sampleRate);
    const frames = transcoder.push(Buffer.alloc(seconds * format.sampleRate));
    // The converter holds back a part of the last one.
    assert.equal(frames.length, seconds * 100 - 1);
    transcoder.free();
  });

  it("refuses a setting with an unsupported rate", () => {
    refuses(
      () => new Transcoder({ format: { ...defaultFormat, sampleRate: 3 }, frameMs: 20 }),
      /setting: 3 Hz/,
    );
  });

  it("loses nothing between chunks of any size, odd ones and single bytes too", () => {
    for (const longest of [1, 3, 700, 5000]) {
      const frames = framesOf(randomChunks(sound, longest, 1, longest));
      assert.ok(frames.slice(0, -1).every((frame) => frame.length === 640));
      assert.deepEqual(Buffer.concat(frames), sound);
    }
  });

  it("gives the same result for any chunking, at any rate, in mono and stereo", () => {
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

  it("prefers the rate of the mimeType to that of the setting", () => {
    const loud = tone(1013, 48000, 4800);
    assert.deepEqual(
      Buffer.concat(framesOf([loud], { sampleRate: 8000, channels: 2 }, "audio/pcm;rate=48000;channels=1")),
      convert(loud, 48000),
    );
    assert.deepEqual(Buffer.concat(framesOf([loud], "auto", "audio/pcm;rate=48000")), convert(loud, 48000));
  });

  it("takes the format of a data URL, unless the message has a mimeType", () => {
    const loud = tone(1013, 48000, 4800);
    const url = `data:audio/pcm;rate=48000;base64,${loud.toString("base64")}`;
    assert.deepEqual(Buffer.concat(framesOf([url])), convert(loud, 48000));
    assert.deepEqual(Buffer.concat(framesOf([url], "auto", "audio/pcm;rate=16000")), loud);
  });

  it("takes base64, and among samples of one byte the strings that an exec node makes of Buffers", () => {
    const base64 = sound.toString("base64");
    assert.deepEqual(Buffer.concat(framesOf([base64, base64])), Buffer.concat([sound, sound]));
    const quiet = Buffer.alloc(640, "UUUU");
    const alaw = { encoding: "alaw", sampleRate: 16000 } as const;
    const mixed = framesOf([sound, quiet.toString(), sound], alaw);
    assert.deepEqual(
      Buffer.concat(mixed),
      Buffer.concat(framesOf([Buffer.concat([sound, quiet, sound])], alaw)),
    );
    assert.throws(() => framesOf([sound, '{"event":"hello"}', sound]), /not base64/);
  });

  it("takes no text for base64 among Buffers, and shifts no bytes for one before them", () => {
    for (const format of ["auto", defaultFormat, "opus"] as const) {
      const transcoder = new Transcoder({ format, frameMs: 20 });
      const frames = transcoder.push(sound, "audio/pcm");
      refuses(() => transcoder.push("ping"), /a string in a stream of Buffers/);
      refuses(() => transcoder.needsOpus("ping"), /a string in a stream of Buffers/);
      frames.push(...transcoder.push(sound, "audio/pcm"), ...transcoder.end());
      assert.deepEqual(Buffer.concat(frames), Buffer.concat([sound, sound]));
      // Another stream may be base64.
      transcoder.push("AAAAAAAA", "audio/pcm");
      transcoder.free();
    }
    const long = framesOf(["listening1234567", ...randomChunks(wav(sound), 70, 1, 3)]);
    assert.deepEqual(Buffer.concat(long).subarray(-sound.length), sound);
    const url = `data:audio/pcm;base64,${sound.subarray(5, 10).toString("base64")}`;
    assert.deepEqual(Buffer.concat(framesOf([sound.subarray(0, 5), url, sound.subarray(10)])), sound);
  });

  it("refuses a short text that is no whole samples as base64, before and among base64, without a shift of the sound", () => {
    const pieces = [sound.subarray(0, 640), sound.subarray(640)].map((piece) => piece.toString("base64"));
    for (const format of ["auto", defaultFormat] as const)
      for (const text of ["hi", "ping", "listening123"]) {
        const transcoder = new Transcoder({ format, frameMs: 20 });
        refuses(() => transcoder.push(text), /no whole samples/);
        const frames = transcoder.push(pieces[0]);
        refuses(() => transcoder.push(text), /no whole samples/);
        frames.push(...transcoder.push(pieces[1]), ...transcoder.end());
        assert.deepEqual(Buffer.concat(frames), sound);
        transcoder.free();
      }
  });

  it("takes base64 of sound that is cut within its samples", () => {
    const pieces: string[] = [];
    for (let at = 0; at < sound.length; at += 501)
      pieces.push(sound.subarray(at, at + 501).toString("base64"));
    assert.deepEqual(Buffer.concat(framesOf(pieces)), sound);
  });

  it("recognizes a WAV file by its first bytes, also byte by byte and as base64", () => {
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

  it("takes one WAV file after another, in one stream or with an end in between", () => {
    const [one, two] = [tone(1013, 48000, 4800), tone(1013, 8000, 801)];
    const files = [wav(one, { sampleRate: 48000 }), wav(two, { sampleRate: 8000, dataLength: 0 })];
    const expected = Buffer.concat([convert(one, 48000), convert(two, 8000)]);
    assert.deepEqual(Buffer.concat(framesOf(files)), expected);
    assert.deepEqual(Buffer.concat(framesOf([Buffer.concat(files)])), expected);
    const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    const frames = files.flatMap((file) => [...transcoder.push(file), ...transcoder.end()]);
    assert.deepEqual(Buffer.concat(frames), expected);
    assert.deepEqual(Buffer.concat([...transcoder.push(sound), ...transcoder.end()]), sound);
    transcoder.free();
  });

  it("takes a WAV file in the middle of raw sound", () => {
    assert.deepEqual(
      Buffer.concat(framesOf([sound, wav(sound), wav(sound)])),
      Buffer.concat([sound, sound, sound]),
    );
  });

  it("takes raw sound after a WAV file as 16 kHz mono, in messages of its own or right behind it", () => {
    const file = wav(tone(1013, 48000, 4800), { sampleRate: 48000 });
    const expected = Buffer.concat([convert(tone(1013, 48000, 4800), 48000), sound]);
    assert.deepEqual(Buffer.concat(framesOf([file, ...randomChunks(sound, 700, 1, 4)])), expected);
    assert.deepEqual(Buffer.concat(framesOf([Buffer.concat([file, sound])])), expected);
    assert.deepEqual(
      Buffer.concat(framesOf(randomChunks(Buffer.concat([file, sound]), 700, 1, 5))),
      expected,
    );
    assert.deepEqual(Buffer.concat(framesOf([file, sound, file])).subarray(0, expected.length), expected);
  });

  it("takes raw sound after a WAV file whose RIFF header has no length", () => {
    const file = wav(sound);
    file.writeUInt32LE(0xffffffff, 4);
    assert.deepEqual(Buffer.concat(framesOf([file, sound])), Buffer.concat([sound, sound]));
  });

  it("takes raw sound after a WAV file by its mimeType", () => {
    const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    const raw = tone(500, 8000, 801);
    const frames = [
      ...transcoder.push(wav(sound)),
      ...transcoder.push(raw, "audio/pcm;rate=8000"),
      ...transcoder.end(),
    ];
    assert.deepEqual(Buffer.concat(frames), Buffer.concat([sound, convert(raw, 8000)]));
    transcoder.free();
  });

  it("refuses raw sound after a WAV file when its mimeType says WAV, and names unsupported files there", () => {
    const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    const frames = transcoder.push(wav(sound), "audio/wav");
    refuses(() => transcoder.push(sound, "audio/wav"), /not a WAV file/);
    refuses(() => transcoder.push(Buffer.from("fLaC\0")), /FLAC/);
    frames.push(...transcoder.end());
    assert.deepEqual(Buffer.concat(frames), sound);
    transcoder.free();
  });

  it("takes raw sound that begins almost like a WAV file", () => {
    for (const start of ["R", "RI", "RIF", "RIFA", "RA"]) {
      const raw = Buffer.concat([Buffer.from(start), Buffer.alloc(8 - start.length, 7)]);
      assert.deepEqual(Buffer.concat(framesOf([raw])), raw);
      assert.deepEqual(Buffer.concat(framesOf(randomChunks(raw, 1, 1, 1))), raw);
    }
    assert.deepEqual(Buffer.concat(framesOf([Buffer.from("RI")])), Buffer.from("RI"));
  });

  it("gives the old sound completely when the format changes in mid-stream", () => {
    const [one, two] = [tone(1013, 48000, 4800), tone(500, 8000, 1601)];
    const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    const frames = [
      ...transcoder.push(one, "audio/pcm;rate=48000"),
      ...transcoder.push(two, "audio/pcm;rate=8000"),
      ...transcoder.push(sound),
      ...transcoder.end(),
    ];
    assert.deepEqual(Buffer.concat(frames), Buffer.concat([convert(one, 48000), convert(two, 8000), sound]));
    assert.ok(frames.slice(0, -1).every((frame) => frame.length === 640));
    transcoder.free();
  });

  it("refuses a bad chunk and continues the stream without it", () => {
    const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    const loud = tone(1013, 48000, 9600);
    const mimeType = "audio/pcm;rate=48000";
    refuses(() => transcoder.push("no sound!", mimeType), /base64/);
    const frames = transcoder.push(loud.subarray(0, 5001), mimeType);
    refuses(() => transcoder.push(loud, "audio/pcm;rate=3"), / 3 Hz/);
    refuses(() => transcoder.push(loud, "audio/webm"), /audio\/webm/);
    refuses(() => transcoder.push(42, mimeType), /number/);
    refuses(() => transcoder.push(Buffer.alloc(50 * 1024 * 1024), mimeType), /50\.0 MiB/);
    refuses(() => transcoder.push(wav(loud, { bits: 12 })), /12-bit/);
    refuses(() => transcoder.push(loud, "audio/wav"), /not a WAV file/);
    frames.push(...transcoder.push(loud.subarray(5001), mimeType), ...transcoder.end());
    assert.deepEqual(Buffer.concat(frames), convert(loud, 48000));
    transcoder.free();
  });

  it("reports an incomplete sample at the end, and takes the next stream", () => {
    const transcoder = new Transcoder({
      format: { ...defaultFormat, sampleRate: 48000, channels: 2 },
      frameMs: 20,
    });
    for (const length of [1, 2, 3, 1001]) {
      transcoder.push(Buffer.alloc(length));
      refuses(() => transcoder.end(), /middle of a sample/);
    }
    assert.deepEqual(transcoder.push(Buffer.alloc(4000)).length, 0);
    assert.deepEqual(Buffer.concat(transcoder.end()).length, 666);
    assert.deepEqual(transcoder.end(), []);
    transcoder.free();
  });

  it("reports an incomplete WAV header at the end, and takes the next stream", () => {
    const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    transcoder.push(wav(sound).subarray(0, 30));
    refuses(() => transcoder.end(), /inside its header/);
    assert.deepEqual(Buffer.concat([...transcoder.push(sound), ...transcoder.end()]), sound);
    transcoder.free();
  });

  it("neither writes to the pushed Buffers nor uses them afterwards", () => {
    const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    const copies: Buffer[] = [];
    for (const chunk of randomChunks(sound, 999, 1, 9)) {
      const sent = Buffer.from(chunk);
      const frames = transcoder.push(sent).map((frame) => Buffer.from(frame));
      assert.deepEqual(sent, chunk);
      copies.push(...frames);
      sent.fill(0x55); // as a sender does that reuses its Buffer
    }
    assert.deepEqual(Buffer.concat([...copies, ...transcoder.end()]), sound);
    transcoder.free();
  });

  it("throws after free(), which may be called twice", () => {
    const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    transcoder.push(sound, "audio/pcm;rate=48000");
    transcoder.free();
    transcoder.free();
    assert.throws(() => transcoder.push(sound), /freed/);
    assert.throws(() => transcoder.end(), /freed/);
  });
});

describe("packets with numbers", () => {
  before(loadResampler);

  /** What is made of packets of 20 ms. */
  const receive = (packets: [number: number, packet: Buffer][], format: SoundFormat) => {
    const transcoder = new Transcoder({ format, frameMs: 20 });
    const frames = packets.flatMap(([number, packet]) => transcoder.push(packet, undefined, number));
    frames.push(...transcoder.end());
    transcoder.free();
    return Buffer.concat(frames);
  };
  const packet = (i: number) => sound.subarray(640 * i, 640 * (i + 1));
  const silence = Buffer.alloc(640);

  it("have silence in the place of lost ones, and those that come too late or twice are ignored", () => {
    assert.deepEqual(
      receive(
        [
          [7, packet(0)],
          [10, packet(3)],
          [9, packet(2)],
          [11, packet(4)],
          [11, packet(4)],
          [10, packet(3)],
        ],
        defaultFormat,
      ),
      Buffer.concat([packet(0), silence, silence, packet(3), packet(4)]),
    );
  });

  it("have silence of the right length in every encoding and at other rates", () => {
    const narrow = convertTo(sound, 8000).subarray(0, 3200);
    for (const encoding of encodings) {
      const format = { encoding, sampleRate: 8000, channels: 1 };
      const bytes = encode(narrow, encoding);
      const size = bytes.length / 10;
      const packets = Array.from({ length: 10 }, (_, i): [number, Buffer] => [
        65_530 + i,
        bytes.subarray(size * i, size * (i + 1)),
      ]);
      const heard = receive(packets.toSpliced(4, 2), format);
      assert.equal(heard.length, 6400);
      // Around the middle of the gap: the filter smears its edges.
      assert.ok(samplesOf(heard.subarray(2880, 3520)).every((sample) => Math.abs(sample) <= 1));
      assert.ok(samplesOf(heard.subarray(1280, 1920)).some((sample) => sample > 1000));
    }
  });

  it("do not hold for files, whose chunks have no numbers of packets", () => {
    const file = wav(sound);
    const transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    const frames = [
      ...transcoder.push(file.subarray(0, 1000), undefined, 1),
      ...transcoder.push(file.subarray(1000), undefined, 5),
      ...transcoder.end(),
    ];
    transcoder.free();
    assert.deepEqual(Buffer.concat(frames), sound);
  });
});

describe("a stream of anything", () => {
  before(loadResampler);

  it("throws nothing but a SoundError: 10,000 odd inputs in every format", () => {
    const random = randomBelow(14);
    const types = [
      undefined,
      "audio/pcm",
      "audio/pcm;rate=44100;channels=5;bits=24;endian=big",
      "audio/pcm;encoding=float",
      "audio/wav",
      "audio/pcmu",
      "audio/pcma;channels=2",
      "audio/flac",
      "",
    ];
    const starts = [
      "",
      "RIFF",
      "RIFF0000WAVE",
      "RIFF0000WAVEfmt \x10\0\0\0",
      "fLaC",
      "ID3\x04",
      "data:audio/",
    ];
    const oddities = [
      undefined,
      null,
      42,
      {},
      [],
      true,
      "",
      "AAAA",
      "no base64!",
      "\0\0",
      () => 1,
      new Date(),
      1n,
    ];
    const settings = [
      "auto",
      "wav",
      defaultFormat,
      { ...defaultFormat, encoding: "f32be", channels: 3 },
    ] as const;
    let transcoder = new Transcoder({ format: "auto", frameMs: 20 });
    for (let i = 0; i < 10_000; i++) {
      if (i % 100 === 0) {
        transcoder.free();
        transcoder = new Transcoder({
          format: settings[random(4)]!,
          frameMs: 10 + random(90),
          gainDb: random(9),
        });
      }
      const start = Buffer.from(starts[random(starts.length)]!, "latin1");
      const bytes = Buffer.concat([
        start,
        Buffer.from(Array.from({ length: random(90) }, () => random(256))),
      ]);
      const payload = random(5) ? bytes : oddities[random(oddities.length)];
      try {
        for (const frame of random(20)
          ? transcoder.push(payload, types[random(types.length)])
          : transcoder.end())
          assert.ok(frame.length % 2 === 0);
      } catch (error) {
        assert.ok(error instanceof SoundError, String(error));
      }
    }
    transcoder.free();
  });

  for (const encoding of encodings)
    it(`is the same for any chunking: ${encoding} of three channels, with a gain`, () => {
      const raw = encode(sound.subarray(0, 9000), encoding);
      const format = { encoding, sampleRate: 44100, channels: 3 };
      const convertAll = (chunks: Buffer[]) => {
        const transcoder = new Transcoder({ format, frameMs: 30, gainDb: 9 });
        const frames = chunks.flatMap((chunk) => transcoder.push(chunk));
        frames.push(...transcoder.end());
        transcoder.free();
        return Buffer.concat(frames);
      };
      const whole = raw.subarray(0, raw.length - (raw.length % (3 * (raw.length / 4500))));
      assert.deepEqual(convertAll(randomChunks(whole, 500, 1, 6)), convertAll([whole]));
    });
});
