// Converts pieces of sound, each in its format, to 16 kHz mono frames, without loss between them.

import { bytesPerFrame, toMono } from "../codecs/samples";
import { defaultFormat, type Encoding, type SoundFormat } from "../formats";
import { Framer } from "../frames";
import { Resampler } from "../resampler";
import { FormatCheck } from "./format-check";
import { Gain } from "./gain";

const nothing = Buffer.alloc(0);

/** A piece of a stream; it may begin and end within a sample. */
export interface Piece {
  format: SoundFormat;
  pcm: Buffer;
  /** The first piece of its file. */
  begins: boolean;
  /** Milliseconds of silence in the place of lost sound before it. */
  silenceMs?: number;
}

/** Converts one stream. Frames may be views of the pieces. */
export class Converter {
  readonly #framer: Framer;
  readonly #gain: Gain;
  readonly #channel: number | undefined;
  readonly #check = new FormatCheck();
  #misfit: Encoding | undefined;
  #format: SoundFormat | undefined;
  #resampler: Resampler | undefined;
  /** Bytes of an incomplete sample, or of incomplete samples of all channels. */
  #carry = nothing;

  /** @param frameMs 1 to 1000 @param gainDb with a limiter @param channel the one to take, from 0; undefined: all, mixed down */
  constructor(frameMs: number, gainDb: number, channel: number | undefined) {
    this.#framer = new Framer(defaultFormat.sampleRate, frameMs);
    this.#gain = new Gain(gainDb);
    this.#channel = channel;
  }

  /** The encoding that fits the raw sound clearly better than the one it should have, once that is known. */
  get misfit(): Encoding | undefined {
    return this.#misfit;
  }

  /** Bytes of an incomplete sample at the end of the last piece. */
  get incompleteBytes(): number {
    return this.#carry.length;
  }

  /** Takes the next piece and returns the frames that it completes. With `isRaw` nothing but the setting or the mimeType says that its format is right. */
  push({ format, pcm, begins, silenceMs = 0 }: Piece, isRaw: boolean): Buffer[] {
    const before = this.#format;
    const changed =
      format.sampleRate !== before?.sampleRate ||
      format.channels !== before.channels ||
      format.encoding !== before.encoding;
    const frames = changed || begins ? this.#drain() : [];
    if (changed) {
      this.#resampler?.free();
      this.#resampler = new Resampler(format.sampleRate, defaultFormat.sampleRate);
      this.#format = format;
    }
    if (silenceMs > 0) {
      this.dropIncomplete(); // Its other half was lost.
      const silence = Buffer.alloc(2 * Math.round((silenceMs * format.sampleRate) / 1000));
      frames.push(...this.#frame(this.#resampler!.process(silence)));
    }
    const bytes = this.#carry.length > 0 ? Buffer.concat([this.#carry, pcm]) : pcm;
    const whole = bytes.length - (bytes.length % bytesPerFrame(format));
    this.#carry = whole < bytes.length ? Buffer.from(bytes.subarray(whole)) : nothing;
    const samples = whole < bytes.length ? bytes.subarray(0, whole) : bytes;
    if (isRaw) this.#misfit ??= this.#check.push(samples, format);
    const converted = this.#frame(this.#resampler!.process(toMono(samples, format, this.#channel)));
    return frames.length > 0 ? frames.concat(converted) : converted;
  }

  /** Returns what is left, with a shorter last frame, and drops an incomplete sample. */
  end(): Buffer[] {
    const frames = this.#drain();
    const rest = this.#framer.takeRest();
    return rest.length > 0 ? [...frames, rest] : frames;
  }

  dropIncomplete(): void {
    this.#carry = nothing;
  }

  /** Frees the native memory. */
  free(): void {
    this.#resampler?.free();
  }

  /** Cuts what the filter still holds into frames. Drops an incomplete sample: new sound is not refused for it. */
  #drain(): Buffer[] {
    this.dropIncomplete();
    return this.#resampler ? this.#frame(this.#resampler.flush()) : [];
  }

  #frame(pcm: Buffer): Buffer[] {
    return this.#framer.push(this.#gain.process(pcm));
  }
}
