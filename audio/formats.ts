// The supported sound formats, and how to read them from the payload and the mimeType of a message.

import { isUint8Array } from "node:util/types";

/** What a SoundError is about: the sound, a package that cannot be loaded, or a full queue. */
type SoundErrorCode = "GEMINI_SOUND" | "GEMINI_MODULE" | "GEMINI_QUEUE_FULL";

/** Invalid or unsupported sound. The message gives the cause and what to do. Its name is its code, as that of a LiveError. */
export class SoundError extends Error {
  readonly code: SoundErrorCode;

  constructor(message: string, code: SoundErrorCode = "GEMINI_SOUND", options?: ErrorOptions) {
    super(message, options);
    this.name = code;
    this.code = code;
  }
}

/** The supported sample rates, in Hz. Others are refused, because converting between odd rates takes filters of megabytes. */
export const sampleRates: readonly number[] = [
  8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000,
];

/** How a sample is stored: unsigned, signed or floating-point, its bits, and little- or big-endian; or a law of G.711. */
export const encodings = [
  "s16le",
  "s16be",
  "u8",
  "s8",
  "s24le",
  "s24be",
  "s32le",
  "s32be",
  "f32le",
  "f32be",
  "f64le",
  "f64be",
  "mulaw",
  "alaw",
] as const;
export type Encoding = (typeof encodings)[number];

/** A format of uncompressed sound. */
export interface SoundFormat {
  encoding: Encoding;
  /** In Hz. */
  sampleRate: number;
  /** Number of interleaved channels, 1 to `maxChannels`. */
  channels: number;
}

/** A format with a structure of its own, which says what it holds; `opus` is one packet per message, `ogg` is Ogg Opus. */
export type Container = "wav" | "ogg" | "opus";

export const maxChannels = 8;

/** The default format: 16 kHz mono, 16-bit little-endian. */
export const defaultFormat: SoundFormat = { encoding: "s16le", sampleRate: 16000, channels: 1 };

/** Largest payload of one message, in bytes: more than eight minutes of 16 kHz mono. */
export const maxPayloadBytes = 16 * 1024 * 1024;

/** The longest gap of lost packets that is filled, in milliseconds. A longer one is that of a sender that has started anew. */
export const maxLostMs = 1000;

/** Checks a rate (Hz) and a number of channels. Throws a SoundError that names `what` when they are not supported. */
export function checkFormat({ sampleRate, channels }: Omit<SoundFormat, "encoding">, what: string): void {
  if (!sampleRates.includes(sampleRate))
    throw new SoundError(
      `${what}: ${sampleRate} Hz is not supported. Use one of ${sampleRates.join(", ")} Hz.`,
    );
  if (!Number.isInteger(channels) || channels < 1 || channels > maxChannels)
    throw new SoundError(
      `${what}: ${channels} channels are not supported. Use 1 (mono) to ${maxChannels} channels.`,
    );
}

const containerTypes = new Map<string, Container>([
  ["audio/wav", "wav"],
  ["audio/x-wav", "wav"],
  ["audio/wave", "wav"],
  ["audio/vnd.wave", "wav"],
  ["audio/opus", "opus"],
  ["audio/ogg", "ogg"],
  ["application/ogg", "ogg"],
]);

/** G.711 by its names: RFC 3551 for RTP, RFC 2046, and what programs write. They have 8 kHz unless they say otherwise. */
const lawTypes = new Map<string, Encoding>([
  ["audio/pcmu", "mulaw"],
  ["audio/basic", "mulaw"],
  ["audio/mulaw", "mulaw"],
  ["audio/x-mulaw", "mulaw"],
  ["audio/pcma", "alaw"],
  ["audio/alaw", "alaw"],
  ["audio/x-alaw", "alaw"],
]);

/** The letters of an encoding for the words of a mimeType. */
const kinds = new Map([
  ["signed", "s"],
  ["unsigned", "u"],
  ["float", "f"],
]);
const byteOrders = new Map([
  ["little", "le"],
  ["big", "be"],
]);

/** The types that were read, for each format that completed them: a device names the same type in every message. */
const known = new WeakMap<SoundFormat, Map<unknown, SoundFormat | Container>>();
const maxKnown = 100;
const maxKnownLength = 100;

/**
 * Reads a mimeType such as `audio/pcm;rate=48000;channels=2` or `audio/wav`. Parameters of PCM: `rate` in Hz, `channels`,
 * `bits` 8, 16, 24, 32 or 64, `encoding` signed, unsigned or float, `endian` little or big. What is missing comes from
 * `otherwise`; other parameters are ignored. Throws a SoundError for all other types, and for values that are not supported.
 */
export function parseMimeType(
  mimeType: unknown,
  otherwise: SoundFormat = defaultFormat,
): Readonly<SoundFormat> | Container {
  const types = known.get(otherwise) ?? new Map<unknown, SoundFormat | Container>();
  const before = types.get(mimeType);
  if (before) return before;
  const type = readMimeType(mimeType, otherwise);
  if (types.size < maxKnown && `${mimeType}`.length < maxKnownLength)
    known.set(otherwise, types.set(mimeType, type));
  return type;
}

function readMimeType(mimeType: unknown, otherwise: SoundFormat): SoundFormat | Container {
  if (typeof mimeType !== "string")
    throw new SoundError(
      `mimeType is of type ${typeof mimeType}. Use a string such as "audio/pcm;rate=16000".`,
    );
  const [type = "", ...parameters] = mimeType.split(";").map((part) => part.trim().toLowerCase());
  const container = containerTypes.get(type);
  if (container) return container;
  if (type === "audio/l16")
    throw new SoundError(
      `mimeType "${mimeType}" is ambiguous: audio/L16 is big-endian by RFC 3551, but many programs send little-endian ` +
        "sound. Use audio/pcm;rate=…;endian=big, or endian=little.",
    );
  const law = lawTypes.get(type);
  if (!law && type !== "audio/pcm")
    throw new SoundError(
      `mimeType "${mimeType}" is not supported. Use audio/pcm;rate=…, audio/wav, audio/pcmu, audio/pcma, audio/opus or audio/ogg.`,
    );
  const given = new Map(
    parameters.map((part) => {
      const [name = "", value = ""] = part.split("=").map((text) => text.trim().replaceAll('"', ""));
      return [name, value];
    }),
  );
  const numberOf = (name: string, fallback: number) =>
    given.has(name) ? Number(given.get(name) || Number.NaN) : fallback;
  const format = {
    encoding: law ?? pcmEncoding(given, otherwise.encoding),
    sampleRate: numberOf("rate", law ? 8000 : otherwise.sampleRate),
    channels: numberOf("channels", law ? 1 : otherwise.channels),
  };
  if (!encodings.includes(format.encoding))
    throw new SoundError(
      `mimeType "${mimeType}" is not supported: there is no ${format.encoding}. Use bits=8, 16, 24 or 32, ` +
        "encoding=signed, unsigned (8 bits) or float (32 or 64 bits), endian=little or big.",
    );
  checkFormat(format, `mimeType "${mimeType}"`);
  return format;
}

/** The encoding that the parameters of `audio/pcm` name, which may be none of `encodings`. */
function pcmEncoding(given: Map<string, string>, otherwise: Encoding): Encoding {
  const [, kind = "s", size = "16", order = "le"] = /^([usf])(\d+)(le|be)?$/.exec(otherwise) ?? [];
  const bits = given.get("bits") ?? (given.get("encoding") === "float" ? "32" : size);
  const named = given.get("encoding");
  // 8 bits are unsigned where nothing is said, as in a WAV file.
  const letter =
    named === undefined ? (given.has("bits") ? (bits === "8" ? "u" : "s") : kind) : kinds.get(named);
  const end = given.has("endian") ? byteOrders.get(given.get("endian")!) : order;
  return `${letter ?? named}${bits}${bits === "8" ? "" : (end ?? given.get("endian"))}` as Encoding;
}

/** Whether a format is mono PCM16, little-endian: what a live session and audio out take. */
export function isMonoPcm16(format: SoundFormat | Container): format is SoundFormat {
  return typeof format === "object" && format.encoding === "s16le" && format.channels === 1;
}

/**
 * Reads the bytes of a payload without copying them; `mimeType` is set when a data URL names one. Strings are base64, base64url or a
 * `data:audio/…;base64,` URL. With `isBytes` any other string is raw bytes in UTF-8: an exec node sends a chunk that is valid UTF-8
 * without control characters as a string (90-exec.js in @node-red/nodes, is-utf8), and all others as Buffers. Throws a SoundError for
 * everything else, and for more than `maxPayloadBytes`.
 */
export function readPayload(payload: unknown, isBytes = false): { bytes: Buffer; mimeType?: string } {
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
  const sound = decode(payload, isBytes);
  checkSize(sound.bytes.length);
  return sound;
}

function decode(text: string, isBytes: boolean): { bytes: Buffer; mimeType?: string } {
  const url = /^data:(audio\/[^,]*?)\s*;\s*base64,/i.exec(text);
  if (isBytes && !url) return { bytes: Buffer.from(text, "utf8") };
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
