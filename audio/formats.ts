// The supported sound formats, and how to read them from the payload and the mimeType of a message.

import { isUint8Array } from "node:util/types";

/** Invalid or unsupported sound. The message gives the cause and what to do. */
export class SoundError extends Error {
  override name = "SoundError";
}

/** The supported sample rates, in Hz. Others are refused, because converting between odd rates takes filters of megabytes. */
export const sampleRates: readonly number[] = [
  8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000,
];

/** A format of uncompressed 16-bit little-endian sound. */
export interface PcmFormat {
  /** In Hz. */
  sampleRate: number;
  /** Number of interleaved channels. */
  channels: 1 | 2;
}

/** The default format: 16 kHz mono. */
export const defaultFormat: PcmFormat = { sampleRate: 16000, channels: 1 };

/** Largest payload of one message, in bytes: more than eight minutes of 16 kHz mono. */
export const maxPayloadBytes = 16 * 1024 * 1024;

const wavTypes = ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"];

/** Checks a rate (Hz) and a number of channels. Throws a SoundError that names `what` when they are not supported. */
export function checkedFormat(sampleRate: number, channels: number, what: string): PcmFormat {
  if (!sampleRates.includes(sampleRate))
    throw new SoundError(
      `${what}: ${sampleRate} Hz is not supported. Use one of ${sampleRates.join(", ")} Hz.`,
    );
  if (channels !== 1 && channels !== 2)
    throw new SoundError(`${what}: ${channels} channels are not supported. Use 1 (mono) or 2 (stereo).`);
  return { sampleRate, channels };
}

/**
 * Reads a mimeType such as `audio/pcm;rate=48000;channels=2` or `audio/wav`.
 * A missing rate or number of channels comes from `otherwise`; other parameters are ignored.
 * Throws a SoundError for all other types, and for rates and channels that are not supported.
 */
export function parseMimeType(mimeType: unknown, otherwise: PcmFormat = defaultFormat): PcmFormat | "wav" {
  if (typeof mimeType !== "string")
    throw new SoundError(
      `mimeType is of type ${typeof mimeType}. Use a string such as "audio/pcm;rate=16000".`,
    );
  const [type, ...parameters] = mimeType.split(";").map((part) => part.trim().toLowerCase());
  if (wavTypes.includes(type!)) return "wav";
  if (type === "audio/l16")
    throw new SoundError(
      `mimeType "${mimeType}" is ambiguous: audio/L16 is big-endian by RFC 3551, but many programs send little-endian ` +
        "sound. Swap the bytes if necessary and use audio/pcm;rate=….",
    );
  if (type !== "audio/pcm")
    throw new SoundError(
      `mimeType "${mimeType}" is not supported. Use audio/pcm;rate=… (16-bit little-endian) or audio/wav.`,
    );
  const given = new Map(parameters.map((part) => [part.split("=")[0]!.trim(), part.split("=")[1]]));
  const numberOf = (name: string, fallback: number) =>
    given.has(name) ? Number(given.get(name)?.replaceAll('"', "") || Number.NaN) : fallback;
  return checkedFormat(
    numberOf("rate", otherwise.sampleRate),
    numberOf("channels", otherwise.channels),
    `mimeType "${mimeType}"`,
  );
}

/**
 * Reads the bytes of a payload without copying them; `mimeType` is set when a data URL names one.
 * Strings are base64, base64url or a `data:audio/…;base64,` URL. Strings with control characters are raw bytes, because
 * the exec node sends every chunk that is valid UTF-8 as a string (90-exec.js in @node-red/nodes), for example digital
 * silence. Throws a SoundError for everything else, and for more than `maxPayloadBytes`.
 */
export function readPayload(payload: unknown): { bytes: Buffer; mimeType?: string } {
  if (isUint8Array(payload)) {
    // Not instanceof, because a function node's Uint8Array comes from another realm.
    checkSize(payload.byteLength);
    const bytes = Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    return { bytes };
  }
  if (typeof payload !== "string") {
    const kind =
      payload === null ? "null" : Array.isArray(payload) ? "an array" : `of type ${typeof payload}`;
    throw new SoundError(`The payload is ${kind}, not sound. Send a Buffer or a base64 string.`);
  }
  checkSize((payload.length * 2) / 3); // Before decoding. Base64 with line breaks has up to 3/2 of its bytes.
  const sound = decode(payload);
  checkSize(sound.bytes.length);
  return sound;
}

function decode(text: string): { bytes: Buffer; mimeType?: string } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they tell raw bytes from base64, in which only tab to CR may occur
  if (/[\x00-\x08\x0e-\x1f\x7f]/.test(text)) return { bytes: Buffer.from(text, "utf8") };
  const url = /^data:(audio\/[^,]*?)\s*;\s*base64,/i.exec(text);
  const base64 = text.slice(url?.[0].length ?? 0).replace(/\s+/g, "");
  if (!/^[\w+/-]*={0,2}$/.test(base64) || base64.replace(/=+$/, "").length % 4 === 1)
    throw new SoundError("The payload is a string, but not base64. Send a Buffer or a base64 string.");
  const bytes = Buffer.from(base64, "base64");
  return url ? { bytes, mimeType: url[1]! } : { bytes };
}

function checkSize(bytes: number) {
  if (bytes <= maxPayloadBytes) return;
  const mebibytes = (bytes / 1024 / 1024).toFixed(1);
  throw new SoundError(
    `The payload has ${mebibytes} MiB of sound; a message may have at most 16 MiB. Send it in pieces.`,
  );
}

/** Mixes whole pairs of interleaved stereo PCM16 samples down to mono. Returns a new Buffer of half the length. */
export function stereoToMono(stereo: Buffer): Buffer {
  const mono = Buffer.allocUnsafe(stereo.length / 2);
  for (let at = 0; at < mono.length; at += 2)
    mono.writeInt16LE((stereo.readInt16LE(2 * at) + stereo.readInt16LE(2 * at + 2)) >> 1, at);
  return mono;
}
