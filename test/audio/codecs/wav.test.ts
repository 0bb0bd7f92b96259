// WAV files in a stream: in pieces, without a length, one after the other, or broken.

import assert from "node:assert/strict";
import { type WavPiece, WavReader } from "../../../audio/codecs/wav";
import { SoundError } from "../../../audio/formats";
import { chunk, randomChunks, tone, wav } from "../tone";

const sound = tone(440, 16000, 500);

function read(stream: Buffer, chunks = [stream]) {
  const reader = new WavReader();
  return filesOf(chunks.flatMap((bytes) => reader.push(bytes)));
}

/** Joins the pieces to files. */
function filesOf(pieces: WavPiece[]) {
  const files: { format: WavPiece["format"]; sound: Buffer }[] = [];
  for (const { format, pcm, begins } of pieces) {
    if (begins) files.push({ format, sound: Buffer.alloc(0) });
    files.at(-1)!.sound = Buffer.concat([files.at(-1)!.sound, pcm]);
  }
  return files;
}

function bytewise(stream: Buffer) {
  return Array.from(stream, (byte) => Buffer.from([byte]));
}

function refuses(stream: Buffer, ...words: RegExp[]) {
  for (const chunks of [[stream], bytewise(stream)])
    assert.throws(
      () => read(stream, chunks),
      (error) => {
        assert.ok(error instanceof SoundError);
        for (const word of words) assert.match(error.message, word);
        return true;
      },
    );
}

/** The extension of an extensible header: 22 bytes, 16 valid bits, the front speakers, the format as a GUID. */
const extension = (code: number) =>
  Buffer.from(`16001000030000000${code}00000000001000800000aa00389b71`, "hex");

describe("a WAV stream", () => {
  it("has its sound and format read, in one piece or byte by byte", () => {
    const stream = wav(sound, { sampleRate: 44100, channels: 2 });
    const expected = [{ format: { encoding: "s16le", sampleRate: 44100, channels: 2 }, sound }];
    assert.deepEqual(read(stream), expected);
    assert.deepEqual(read(stream, bytewise(stream)), expected);
  });

  it("may have other chunks before and after the sound, with pad bytes", () => {
    const extra = Buffer.concat([chunk("LIST", Buffer.from("odd")), chunk("fact", Buffer.alloc(4))]);
    const stream = wav(sound, { extra, after: extra });
    for (const chunks of [[stream], bytewise(stream)])
      assert.deepEqual(
        read(stream, chunks).map((file) => file.sound),
        [sound],
      );
  });

  it("ends with its last chunk: the bytes behind it are the rest", () => {
    const stream = wav(sound, { after: chunk("LIST", Buffer.from("odd")) });
    const reader = new WavReader();
    reader.push(stream.subarray(0, -1));
    assert.equal(reader.rest, undefined);
    reader.push(stream.subarray(-1));
    assert.deepEqual(reader.rest, Buffer.alloc(0));
    reader.push(Buffer.concat([stream, Buffer.from("xyz")]));
    assert.deepEqual(reader.rest, Buffer.from("xyz"));
  });

  it("may have a pad byte after the sound, which is not sound", () => {
    const odd = sound.subarray(0, 501);
    const reader = new WavReader();
    assert.deepEqual(filesOf(reader.push(wav(odd)))[0]!.sound, odd);
    assert.deepEqual(reader.rest, Buffer.alloc(0));
  });

  it("may have a chunk that its RIFF header does not count", () => {
    const reader = new WavReader();
    reader.push(Buffer.concat([wav(sound), chunk("id3 ", Buffer.alloc(20))]));
    assert.deepEqual(reader.rest, Buffer.alloc(0));
  });

  it("may have no length, as when a program writes it into a pipe", () => {
    for (const dataLength of [0, 0xffffffff, 0x7ffff000, 0x80000000]) {
      const stream = wav(sound, { dataLength });
      assert.deepEqual(read(stream, randomChunks(stream, 50, 1, 7))[0]!.sound, sound);
    }
  });

  it("may have an extensible header with 16-bit PCM", () => {
    const stream = wav(sound, { code: 0xfffe, extension: extension(1) });
    assert.deepEqual(read(stream, bytewise(stream)), [
      { format: { encoding: "s16le", sampleRate: 16000, channels: 1 }, sound },
    ]);
  });

  it("may hold PCM of 8 to 32 bits, floats, mu-law or A-law, with a plain or an extensible header", () => {
    for (const [code, bits, encoding] of [
      [1, 8, "u8"],
      [1, 24, "s24le"],
      [1, 32, "s32le"],
      [3, 32, "f32le"],
      [3, 64, "f64le"],
      [6, 8, "alaw"],
      [7, 8, "mulaw"],
    ] as const) {
      assert.equal(read(wav(sound, { code, bits }))[0]!.format.encoding, encoding);
      const extensible = wav(sound, { code: 0xfffe, bits, extension: extension(code) });
      assert.equal(read(extensible)[0]!.format.encoding, encoding);
    }
  });

  it("may have a second file after the first, with another format", () => {
    const other = tone(300, 8000, 333);
    const stream = Buffer.concat([
      wav(sound, { after: chunk("LIST", Buffer.from("end")) }),
      wav(other, { sampleRate: 8000 }),
    ]);
    const expected = [
      { format: { encoding: "s16le", sampleRate: 16000, channels: 1 }, sound },
      { format: { encoding: "s16le", sampleRate: 8000, channels: 1 }, sound: other },
    ];
    assert.deepEqual(read(stream), expected);
    assert.deepEqual(read(stream, bytewise(stream)), expected);
    assert.deepEqual(read(stream, randomChunks(stream, 90, 1, 5)), expected);
  });

  it("starts anew with a chunk that begins like a file, even if the file before is incomplete or has no length", () => {
    const cut = wav(sound).subarray(0, 201);
    const endless = wav(sound, { dataLength: 0xffffffff });
    const files = read(cut, [cut, endless, endless, wav(sound)]);
    assert.deepEqual(
      files.map((file) => file.sound.length),
      [201 - 44, 1000, 1000, 1000],
    );
  });

  it("that is not supported is refused with the reason", () => {
    refuses(Buffer.from("OggS, a long way from WAV"), /begins with "O/);
    refuses(Buffer.from("RIFF0000AVI LIST"), /not a WAV file/);
    refuses(wav(sound, { bits: 12 }), /12-bit PCM/, /Convert it to 16-bit PCM/);
    refuses(wav(sound, { bits: 16, code: 3 }), /16-bit floating point/);
    refuses(wav(sound, { bits: 4, code: 0x11 }), /4-bit ADPCM/);
    refuses(wav(sound, { code: 0x1234 }), /format 4660/);
    for (const plain of [
      wav(sound, { bits: 24 }),
      wav(sound, { bits: 24, code: 0xfffe, extension: extension(1) }),
    ]) {
      plain.writeUInt16LE(4, 32); // The bytes of a sample.
      refuses(plain, /24-bit PCM in 4 bytes per sample/, /Convert it to 16-bit PCM/);
    }
    refuses(wav(sound, { channels: 9 }), /9 channels are not supported/);
    refuses(wav(sound, { channels: 0 }), /0 channels are not supported/);
    refuses(wav(sound, { sampleRate: 3 }), /3 Hz is not supported/, /16000/);
    refuses(wav(sound, { code: 0xfffe }), /extensible header/);
    refuses(wav(sound, { code: 0xfffe, extension: Buffer.alloc(24) }), /extensible header/);
    refuses(wav(sound, { code: 0xfffe, extension: extension(3), bits: 16 }), /16-bit floating point/);
    refuses(
      chunk("RIFF", Buffer.concat([Buffer.from("WAVE"), chunk("data", sound)])),
      /data chunk comes before/,
    );
    refuses(
      chunk("RIFF", Buffer.concat([Buffer.from("WAVE"), chunk("fmt ", Buffer.alloc(8))])),
      /fmt chunk has 8 bytes/,
    );
    refuses(Buffer.from("RIFF0000WAVEfmt \xff\xff\xff\xff", "latin1"), /fmt chunk has 4294967295 bytes/);
  });

  it("has a thousand files in one push at most: more of them, if tiny, would block the process for seconds", () => {
    const files = (count: number) => Buffer.concat(Array(count).fill(wav(sound.subarray(0, 2))));
    assert.equal(new WavReader().push(files(1_000)).length, 1_000);
    assert.throws(
      () => new WavReader().push(files(1_001)),
      /more than 1000 WAV files. Send them in several messages/,
    );
  });

  it("continues after a refused chunk", () => {
    const reader = new WavReader();
    const stream = wav(sound);
    reader.push(stream.subarray(0, 20));
    assert.throws(() => reader.push(Buffer.alloc(16)), SoundError);
    assert.deepEqual(reader.push(stream.subarray(20))[0]!.pcm, sound);
  });

  it("that ends inside its header is an error, and another one may follow", () => {
    const reader = new WavReader();
    for (const length of [1, 11, 13, 43]) {
      reader.push(wav(sound).subarray(0, length));
      assert.throws(() => reader.end(), /ended inside its header/);
    }
    assert.deepEqual(reader.push(wav(sound))[0]!.pcm, sound);
    reader.end();
    reader.end();
  });

  it("neither writes to the pushed bytes nor keeps a view of them", () => {
    const reader = new WavReader();
    const stream = wav(sound);
    const pieces = bytewise(stream).flatMap((byte) => {
      const out = reader.push(byte).map((piece) => ({ ...piece, pcm: Buffer.from(piece.pcm) }));
      byte.fill(0x55);
      return out;
    });
    assert.deepEqual(filesOf(pieces)[0]!.sound, sound);
  });
});
