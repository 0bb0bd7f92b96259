// The sound that a message may have, and the errors about other sound.

import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import {
  maxPayloadBytes,
  parseMimeType,
  readPayload,
  SoundError,
  type SoundFormat,
} from "../../audio/formats";

function refuses(work: () => unknown, ...words: RegExp[]) {
  assert.throws(work, (error) => {
    assert.ok(error instanceof SoundError);
    for (const word of words) assert.match(error.message, word);
    return true;
  });
}

describe("a mimeType", () => {
  it("has rate and channels, in any spelling", () => {
    assert.deepEqual(parseMimeType("audio/pcm;rate=16000"), {
      encoding: "s16le",
      sampleRate: 16000,
      channels: 1,
    });
    assert.deepEqual(parseMimeType("audio/pcm; rate=48000; channels=2"), {
      encoding: "s16le",
      sampleRate: 48000,
      channels: 2,
    });
    assert.deepEqual(parseMimeType(' Audio/PCM ;Rate = "44100";'), {
      encoding: "s16le",
      sampleRate: 44100,
      channels: 1,
    });
    assert.deepEqual(parseMimeType("audio/pcm;rate=8000;bits=16"), {
      encoding: "s16le",
      sampleRate: 8000,
      channels: 1,
    });
  });

  it("means 16 kHz mono where it says nothing, or the format of the setting", () => {
    assert.deepEqual(parseMimeType("audio/pcm"), { encoding: "s16le", sampleRate: 16000, channels: 1 });
    const setting = { encoding: "s16le", sampleRate: 48000, channels: 2 } satisfies SoundFormat;
    assert.deepEqual(parseMimeType("audio/pcm", setting), setting);
    assert.deepEqual(parseMimeType("audio/pcm;rate=8000", setting), {
      encoding: "s16le",
      sampleRate: 8000,
      channels: 2,
    });
  });

  it("may be any of the names of WAV", () => {
    for (const type of ["audio/wav", "audio/x-wav", "AUDIO/WAVE", "audio/vnd.wave; codec=1"])
      assert.equal(parseMimeType(type), "wav");
  });

  it("of another type is refused with the supported ones", () => {
    for (const type of ["audio/webm;codecs=opus", "image/png", "", "pcm", "audio/aac", "constructor"])
      refuses(() => parseMimeType(type), /not supported/, /audio\/pcm;rate/, /audio\/wav/);
  });

  it("may name bits, kind and byte order of PCM", () => {
    for (const [parameters, encoding] of [
      ["bits=8", "u8"],
      ["bits=8;encoding=signed", "s8"],
      ["bits=24", "s24le"],
      ["bits=32;endian=big", "s32be"],
      ["encoding=float", "f32le"],
      ["encoding=float;bits=64;endian=little", "f64le"],
      ["endian=big", "s16be"],
    ] as const)
      assert.deepEqual(parseMimeType(`audio/pcm;rate=8000;${parameters}`), {
        encoding,
        sampleRate: 8000,
        channels: 1,
      });
    const setting = { encoding: "s24be", sampleRate: 48000, channels: 2 } satisfies SoundFormat;
    assert.deepEqual(parseMimeType("audio/pcm", setting), setting);
    for (const parameters of ["bits=12", "encoding=float;bits=16", "encoding=unsigned", "endian=middle"])
      refuses(() => parseMimeType(`audio/pcm;${parameters}`), /not supported: there is no/, /bits=8, 16/);
    for (const parameters of ["encoding=constructor", "endian=constructor"])
      refuses(() => parseMimeType(`audio/pcm;${parameters}`), /there is no \w+\. Use bits/);
  });

  it("may be G.711, with 8 kHz unless it says otherwise, Opus or Ogg", () => {
    assert.deepEqual(parseMimeType("audio/PCMU"), { encoding: "mulaw", sampleRate: 8000, channels: 1 });
    assert.deepEqual(parseMimeType("audio/pcma;rate=16000"), {
      encoding: "alaw",
      sampleRate: 16000,
      channels: 1,
    });
    assert.equal(parseMimeType("audio/opus"), "opus");
    assert.equal(parseMimeType("audio/ogg; codecs=opus"), "ogg");
  });

  it("audio/L16 is refused because its byte order is ambiguous", () => {
    refuses(() => parseMimeType("audio/L16;rate=24000"), /big-endian/, /audio\/pcm/);
  });

  it("with an unsupported rate or number of channels is refused with the supported ones", () => {
    refuses(() => parseMimeType("audio/pcm;rate=3"), /audio\/pcm;rate=3/, / 3 Hz/, /8000.*16000.*48000/);
    for (const rate of ["", "=", "=abc", "=-16000", "=16000.5", "=1e99"])
      refuses(() => parseMimeType(`audio/pcm;rate${rate}`), /Hz is not supported/);
    refuses(() => parseMimeType("audio/pcm;channels=9"), /9 channels/, /mono/);
    refuses(() => parseMimeType("audio/pcm;channels=0"), /0 channels/);
  });

  it("that is not a string is refused", () => {
    refuses(() => parseMimeType(16000), /mimeType is of type number/);
  });
});

describe("a payload", () => {
  const sound = Buffer.from([0xfb, 0xff, 0xbf, 0x01, 0x02]);

  it("that is a Buffer is not copied", () => {
    assert.equal(readPayload(sound).bytes, sound);
  });

  it("may be a Uint8Array, also from a function node's sandbox", () => {
    const array = new Uint8Array(sound.buffer, sound.byteOffset, sound.length);
    assert.deepEqual(readPayload(array).bytes, sound);
    assert.deepEqual(
      readPayload(runInNewContext("new Uint8Array([1, 2, 3]).subarray(1)")).bytes,
      Buffer.from([2, 3]),
    );
  });

  it("may be base64 or base64url, with or without padding, or in lines", () => {
    for (const text of ["+/+/AQI=", "-_-_AQI=", "-_-_AQI", "+/+/\r\nAQI=\n"])
      assert.deepEqual(readPayload(text).bytes, sound);
    assert.equal(readPayload("").bytes.length, 0);
  });

  it("may be a data URL with a mimeType", () => {
    assert.deepEqual(readPayload("data:audio/pcm;rate=8000;base64,+/+/AQI="), {
      bytes: sound,
      mimeType: "audio/pcm;rate=8000",
    });
  });

  it("may be raw bytes that an exec node has made a string, where that is said", () => {
    for (const text of ["UUUU", "hello world!", "\t\u00d5\u0155\r\n", "\u{10348}\ufeff"])
      assert.deepEqual(readPayload(text, true).bytes, Buffer.from(text, "utf8"));
    assert.deepEqual(readPayload("data:audio/pcm;base64,+/+/AQI=", true).bytes, sound);
  });

  it("of any other type is refused with its type", () => {
    refuses(() => readPayload("hello world!"), /not base64/, /Send a Buffer/);
    refuses(() => readPayload("abcde"), /not base64/);
    refuses(() => readPayload("\0\0\0\0"), /not base64/);
    refuses(() => readPayload("data:text/plain;base64,AAAA"), /not base64/);
    refuses(() => readPayload({ type: "Buffer", data: [1, 2] }), /of type object/, /Send a Buffer/);
    refuses(() => readPayload([1, 2, 3]), /an array/);
    refuses(() => readPayload(null), /null/);
    refuses(() => readPayload(undefined), /undefined/);
    refuses(() => readPayload(42), /number/);
  });

  it("of more than 16 MiB is refused, also as a string", () => {
    const large = Buffer.alloc(maxPayloadBytes + 1);
    assert.equal(readPayload(large.subarray(1)).bytes.length, maxPayloadBytes);
    const words = [/16\.0 MiB/, /at most 16 MiB/, /pieces/];
    refuses(() => readPayload(large), ...words);
    refuses(() => readPayload(new Uint8Array(large.buffer)), ...words);
    refuses(() => readPayload(large.toString("base64")), ...words);
    refuses(() => readPayload(large.toString("latin1"), true), ...words);
    refuses(() => readPayload(Buffer.alloc(50 * 1024 * 1024)), /50\.0 MiB/);
    assert.equal(readPayload(large.subarray(1).toString("base64")).bytes.length, maxPayloadBytes);
  });
});
