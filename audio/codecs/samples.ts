// Converts between 16-bit little-endian samples and the other encodings of a sample.

import type { Encoding, SoundFormat } from "../formats";
import { decodeG711, encodeG711 } from "./g711";

interface Codec {
  /** Bytes of one sample. */
  bytes: number;
  /** Reads a sample on the scale of 16 bits, with its fraction. */
  read(from: Buffer, at: number): number;
}

const codecs: Record<Encoding, Codec> = {
  u8: { bytes: 1, read: (from, at) => (from[at]! - 128) * 256 },
  s8: { bytes: 1, read: (from, at) => from.readInt8(at) * 256 },
  s16le: { bytes: 2, read: (from, at) => from.readInt16LE(at) },
  s16be: { bytes: 2, read: (from, at) => from.readInt16BE(at) },
  s24le: { bytes: 3, read: (from, at) => from.readIntLE(at, 3) / 256 },
  s24be: { bytes: 3, read: (from, at) => from.readIntBE(at, 3) / 256 },
  s32le: { bytes: 4, read: (from, at) => from.readInt32LE(at) / 65536 },
  s32be: { bytes: 4, read: (from, at) => from.readInt32BE(at) / 65536 },
  f32le: { bytes: 4, read: (from, at) => from.readFloatLE(at) * 32768 },
  f32be: { bytes: 4, read: (from, at) => from.readFloatBE(at) * 32768 },
  f64le: { bytes: 8, read: (from, at) => from.readDoubleLE(at) * 32768 },
  f64be: { bytes: 8, read: (from, at) => from.readDoubleBE(at) * 32768 },
  mulaw: { bytes: 1, read: (from, at) => decodeG711("mulaw", from[at]!) },
  alaw: { bytes: 1, read: (from, at) => decodeG711("alaw", from[at]!) },
};

/** Bytes of one sample of every channel. */
export function bytesPerFrame({ encoding, channels }: Pick<SoundFormat, "encoding" | "channels">): number {
  return codecs[encoding].bytes * channels;
}

/** Rounds to 16 bits. Louder samples become the loudest one, and those that are no number become 0. */
export function toInt16(sample: number): number {
  return Math.max(-32768, Math.min(32767, Math.round(sample))) || 0;
}

/** Reads the samples of one channel (from 0) on the scale of 16 bits; `bytes` holds whole frames. */
export function readChannel(bytes: Buffer, format: Pick<SoundFormat, "encoding" | "channels">, channel = 0) {
  const { read, bytes: width } = codecs[format.encoding];
  const step = bytesPerFrame(format);
  return Float64Array.from({ length: Math.floor(bytes.length / step) }, (_, i) =>
    read(bytes, i * step + channel * width),
  );
}

/**
 * Converts whole frames of interleaved samples to mono PCM16: one channel (from 0), or the mean of all when `channel` is
 * undefined. Returns `bytes` itself if that is what it holds, else a new Buffer.
 */
export function toMono(bytes: Buffer, { encoding, channels }: SoundFormat, channel?: number): Buffer {
  if (encoding === "s16le" && channels === 1) return bytes;
  const { read, bytes: width } = codecs[encoding];
  const step = width * channels;
  const first = channel ?? 0;
  const count = channel === undefined ? channels : 1;
  const mono = Buffer.allocUnsafe((bytes.length / step) * 2);
  for (let from = first * width, to = 0; to < mono.length; from += step, to += 2) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += read(bytes, from + i * width);
    mono.writeInt16LE(toInt16(sum / count), to);
  }
  return mono;
}

/** The encodings that fromPcm16() can write. */
export type OutputEncoding = "s16le" | "f32le" | "mulaw" | "alaw";

/** Converts PCM16 to another encoding. Returns `pcm` itself for s16le, else a new Buffer; floats are from -1 to 1. */
export function fromPcm16(pcm: Buffer, encoding: OutputEncoding): Buffer {
  if (encoding === "s16le") return pcm;
  if (encoding !== "f32le") return encodeG711(encoding, pcm);
  const floats = Buffer.allocUnsafe(pcm.length * 2);
  for (let at = 0; at < pcm.length; at += 2) floats.writeFloatLE(pcm.readInt16LE(at) / 32768, 2 * at);
  return floats;
}
