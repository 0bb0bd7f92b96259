// Converts a stream of sound in any supported format to 16 kHz mono frames, without loss between its chunks.

import { OggReader } from "../codecs/ogg";
import { beginsOgg, maxPageBytes } from "../codecs/ogg-pages";
import type { OpusDecoder } from "../codecs/opus";
import { bytesPerFrame } from "../codecs/samples";
import { beginsWav, WavReader } from "../codecs/wav";
import {
  type Container,
  checkFormat,
  defaultFormat,
  type Encoding,
  parseMimeType,
  readPayload,
  SoundError,
  type SoundFormat,
} from "../formats";
import { Converter, type Piece } from "./converter";
import { PacketOrder } from "./packet-order";
import { beginsFile, unsupportedFile } from "./unsupported-file";

const nothing = Buffer.alloc(0);

/** Longer samples are never valid UTF-8 for a whole chunk: a string among them is a text that went astray. */
const isOneByte = (format: SoundFormat) => bytesPerFrame(format) === format.channels;

/** A base64 text of fewer bytes that leaves a sample incomplete is a text that went astray, such as "ping": sound comes in longer chunks. */
const shortestCut = 64;

/** What a stream holds. */
type Kind = Container | "pcm";

export interface TranscoderOptions {
  /**
   * The format of sound without a mimeType. "auto": WAV and Ogg Opus when it begins like such a file, else 16 kHz mono PCM16.
   */
  format: "auto" | Container | SoundFormat;
  /** 20 ms: 640 bytes. */
  frameMs: number;
  /** The channel to take, from 0; undefined: all, mixed down. */
  channel?: number | undefined;
  /** In dB, with a limiter. Default 0. */
  gainDb?: number;
}

/**
 * Converts one stream of sound to 16 kHz mono PCM16 in frames of `frameMs`. Await loadResampler() before. Frames may be views
 * of the pushed Buffers: do not write to them.
 */
export class Transcoder {
  readonly #options: TranscoderOptions;
  readonly #converter: Converter;
  readonly #order = new PacketOrder();
  /** What the stream holds, once its first bytes are known. */
  #kind: Kind | undefined;
  /** First bytes that may be the start of a header. */
  #head = nothing;
  /** Bytes that were taken for raw sound. */
  #rawBytes = 0;
  #wav: WavReader | undefined;
  #ogg = new OggReader();
  #opus: OpusDecoder | undefined;
  /** Samples of Opus at 16 kHz that are still to be skipped. */
  #skip = 0;
  /** Why the file in the stream is refused. What follows is the rest of it, until another file begins or the stream ends. */
  #refusal: SoundError | undefined;
  /** How the sound has come. No device sends both: a string behind Buffers is a text that went astray. */
  #came: "bytes" | "base64" | undefined;
  /** Samples of one byte have come as bytes: strings after them are bytes, too. */
  #hasBytes = false;
  #freed = false;

  /** Throws a SoundError for a format that is not supported, and when `frameMs` is not between 1 and 1000. */
  constructor(options: TranscoderOptions) {
    if (typeof options.format !== "string") checkFormat(options.format, "The format setting");
    this.#options = options;
    this.#converter = new Converter(options.frameMs, options.gainDb ?? 0, options.channel);
  }

  /** Whether push() needs a decoder for this payload: then set `opus` before. */
  needsOpus(payload: unknown, mimeType?: string): boolean {
    if (this.#opus) return false;
    const sound = this.#read(payload);
    const kind = this.#said(mimeType ?? sound.mimeType);
    return (
      kind === "opus" || kind === "ogg" || (kind === "auto" && this.#isOgg(this.#afterHead(sound.bytes)))
    );
  }

  /** The decoder for Opus, which the transcoder frees. */
  set opus(decoder: OpusDecoder) {
    this.#opus?.free();
    this.#opus = decoder;
  }

  /** What is wrong with an Ogg stream, although it is read as far as possible. */
  get problem(): SoundError | undefined {
    return this.#ogg.problem;
  }

  /** The encoding that fits the raw sound clearly better than the one it should have, once that is known. */
  get misfit(): Encoding | undefined {
    return this.#converter.misfit;
  }

  /**
   * Takes a payload as readPayload() describes it, in which strings after samples of one byte are bytes, and returns the frames that it completes. A
   * mimeType (else that of a data URL) has priority over the setting. With `number`, an integer, the payload is a packet of raw sound or
   * of Opus: sound is filled in for up to a second of lost packets, and one that comes after that or twice is ignored. Throws a SoundError for
   * sound that is not supported, and ignores that sound.
   */
  push(payload: unknown, mimeType?: string, number?: number): Buffer[] {
    if (this.#freed) throw new Error("This transcoder was freed");
    const sound = this.#read(payload);
    const said = this.#said(mimeType ?? sound.mimeType);
    const isString = typeof payload === "string" && !this.#hasBytes;
    const came = !isString ? "bytes" : sound.mimeType ? this.#came : "base64";
    if (this.#came === "base64" && came === "bytes") this.#restart();
    const bytes = this.#afterHead(sound.bytes);
    const mayBeFile = said === "auto" || said === "wav" || said === "ogg";
    if (mayBeFile && this.#refusal && !beginsFile(bytes)) throw this.#refusal;
    if (came === "base64" && sound.bytes.length < shortestCut) this.#requireWholeSamples(said, bytes);
    try {
      const frames = this.#convert(said, bytes, number, !isString);
      this.#came = came;
      return frames;
    } catch (error) {
      if (mayBeFile && this.#kind !== "pcm" && error instanceof SoundError) {
        this.#restart();
        this.#refusal = error;
      }
      throw error;
    }
  }

  #convert(
    said: "auto" | Container | SoundFormat,
    bytes: Buffer,
    number: number | undefined,
    hasBytes: boolean,
  ): Buffer[] {
    const kind = said === "auto" ? this.#guess(bytes) : typeof said === "string" ? said : "pcm";
    if (!kind) {
      this.#head = Buffer.from(bytes);
      return [];
    }
    const wav = kind === "wav" ? (this.#wav ?? new WavReader()) : undefined;
    const format = typeof said === "string" ? defaultFormat : said;
    const lostMs = this.#lostBefore(number, kind, bytes, format);
    if (lostMs === undefined) return [];
    const pieces: Piece[] =
      kind === "pcm"
        ? [{ format, pcm: bytes, begins: false, silenceMs: lostMs }]
        : this.#unpack(kind, bytes, wav, lostMs);
    for (const piece of pieces) this.#requireChannel(piece.format);
    // Nothing throws from here on, so the stream may change.
    this.#hasBytes ||= hasBytes && pieces.some(({ format }) => isOneByte(format));
    const rest = wav?.rest;
    const rawFollows = said === "auto" && rest !== undefined && rest.length > 0;
    if (rawFollows) pieces.push({ format: defaultFormat, pcm: rest, begins: true });
    // Any format may follow a complete file.
    this.#kind = rawFollows ? "pcm" : rest ? undefined : kind;
    this.#wav = rest ? undefined : wav;
    this.#head = nothing;
    if (this.#kind === "pcm") this.#rawBytes += bytes.length;
    const frames: Buffer[] = [];
    for (const piece of pieces)
      for (const frame of this.#converter.push(piece, kind === "pcm")) frames.push(frame);
    return frames;
  }

  /**
   * Ends the stream: returns what is left, with a shorter last frame, and starts anew. Throws a SoundError when the stream
   * ended inside a WAV header, before an Ogg page or in the middle of a sample; what was left is then lost.
   */
  end(): Buffer[] {
    if (this.#freed) throw new Error("This transcoder was freed");
    const [wav, ogg] = [this.#wav, this.#ogg];
    const head = { format: defaultFormat, pcm: this.#head, begins: false };
    const frames = this.#head.length > 0 ? this.#converter.push(head, true) : [];
    const extra = this.#converter.incompleteBytes;
    frames.push(...this.#converter.end());
    this.#restart();
    this.#refusal = undefined;
    this.#came = undefined;
    this.#hasBytes = false;
    this.#order.reset();
    wav?.end();
    ogg.end();
    if (extra > 0)
      throw new SoundError(
        `The sound ended in the middle of a sample, with ${extra} bytes of it. Send whole samples, or choose the right format.`,
      );
    return frames;
  }

  /** Frees the native memory. Afterwards all methods but free() throw. */
  free(): void {
    this.#converter.free();
    this.#opus?.free();
    this.#opus = undefined;
    this.#freed = true;
  }

  /** Forgets what the stream holds, and what is incomplete. */
  #restart() {
    this.#kind = undefined;
    this.#head = nothing;
    this.#wav = undefined;
    this.#ogg = new OggReader();
    this.#converter.dropIncomplete();
  }

  #read(payload: unknown) {
    const sound = readPayload(payload, this.#hasBytes);
    if (typeof payload === "string" && this.#came === "bytes" && !this.#hasBytes && !sound.mimeType)
      throw new SoundError(
        "The payload is a string in a stream of Buffers, so it is not taken for base64. Send Buffers only, or base64 only.",
      );
    return sound;
  }

  #afterHead(bytes: Buffer): Buffer {
    return this.#head.length > 0 ? Buffer.concat([this.#head, bytes]) : bytes;
  }

  /** The format by the mimeType, else by the setting. */
  #said(mimeType: string | undefined) {
    const { format } = this.#options;
    if (mimeType === undefined) return format;
    return parseMimeType(mimeType, typeof format === "string" ? defaultFormat : format);
  }

  #guess(bytes: Buffer): Kind | undefined {
    if (beginsWav(bytes)) return "wav";
    if (this.#isOgg(bytes)) return "ogg";
    if (this.#kind) return this.#kind;
    const name = unsupportedFile(bytes);
    if (name)
      throw new SoundError(
        `The sound is ${name}, which is not supported. Convert it to PCM, WAV or Ogg Opus first.`,
      );
    if (name === undefined) return undefined;
    return bytes.toString("latin1", 0, 4) === "RIFF" ? "wav" : "pcm";
  }

  /** Whether Ogg begins here. The first page of a stream that is joined in its middle may begin anywhere in its first bytes. */
  #isOgg(bytes: Buffer): boolean {
    if (beginsOgg(bytes)) return true;
    const mayBeJoined = (this.#kind ?? "pcm") === "pcm" && this.#rawBytes < maxPageBytes;
    return mayBeJoined && bytes.includes("OggS\0", 0, "latin1");
  }

  /** Milliseconds of sound that were lost before a packet; undefined when it comes too late. Nothing else has packets with numbers. */
  #lostBefore(number: number | undefined, kind: Kind, bytes: Buffer, format: SoundFormat) {
    if (number === undefined || (kind !== "opus" && kind !== "pcm")) return 0;
    const samples = bytes.length / bytesPerFrame(format);
    const ms = kind === "pcm" ? (samples / format.sampleRate) * 1000 : (this.#opus?.lengthOf(bytes) ?? 0);
    return ms > 0 ? this.#order.lostBefore(bytes, number, ms) : 0;
  }

  #unpack(kind: Container, bytes: Buffer, wav: WavReader | undefined, lostMs: number): Piece[] {
    if (wav) return wav.push(bytes);
    const opus = this.#opus;
    if (!opus) throw new Error("There is no decoder. Set `opus` first.");
    const format = { ...defaultFormat, channels: opus.channels };
    if (kind === "opus") return [{ format, pcm: opus.decode(bytes, lostMs), begins: false }];
    const bytesOf = (samples: number) =>
      Math.round((samples * defaultFormat.sampleRate) / 48000) * bytesPerFrame(format);
    return this.#ogg.push(bytes).map(({ packet, skip, trim, lost, begins, gain }) => {
      if (begins) opus.gain = gain;
      const pcm = this.#decode(opus, packet, lost / 48);
      if (begins) this.#skip = bytesOf(skip);
      const skipped = Math.min(this.#skip, pcm.length);
      this.#skip -= skipped;
      return { format, pcm: pcm.subarray(skipped, Math.max(skipped, pcm.length - bytesOf(trim))), begins };
    });
  }

  /** Decodes a packet of a file. One that is damaged costs no more than its own sound. */
  #decode(opus: OpusDecoder, packet: Buffer, lostMs: number): Buffer {
    try {
      return opus.decode(packet, lostMs);
    } catch {
      this.#ogg.noteDamage();
      return opus.conceal(packet, lostMs);
    }
  }

  #requireWholeSamples(said: "auto" | Container | SoundFormat, bytes: Buffer) {
    const isRaw = said === "auto" && (this.#kind ?? "pcm") === "pcm" && !beginsFile(bytes);
    const format = isRaw ? defaultFormat : said;
    if (typeof format === "string") return;
    if ((this.#converter.incompleteBytes + bytes.length) % bytesPerFrame(format) > 0)
      throw new SoundError(
        "The payload is a short string that is no whole samples as base64, so it is not taken for sound. Send only sound to audio in.",
      );
  }

  #requireChannel({ channels }: SoundFormat) {
    const { channel = 0 } = this.#options;
    if (channel >= channels)
      throw new SoundError(
        `The sound has ${channels} ${channels === 1 ? "channel" : "channels"}, but channel ${channel + 1} is chosen.`,
      );
  }
}
