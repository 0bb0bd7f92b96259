// Converts a stream of sound in any supported format to 16 kHz mono frames, without loss between its chunks.

import {
  checkedFormat,
  defaultFormat,
  type PcmFormat,
  parseMimeType,
  readPayload,
  SoundError,
  stereoToMono,
} from "./formats";
import { Framer, sampleBytes } from "./frames";
import { Resampler } from "./resampler";
import { beginsWav, WavReader } from "./wav";

const nothing = Buffer.alloc(0);

// The first bytes of unsupported files, which would be loud noise if they were played as raw sound.
const unsupported = new Map([
  ["OggS", "Ogg"],
  ["fLaC", "FLAC"],
  ["ID3\x03", "MP3"],
  ["ID3\x04", "MP3"],
  ["\x1aE\xdf\xa3", "WebM"],
  ["RIFX", "big-endian WAV"],
  ["RF64", "RF64 WAV"],
]);

/**
 * Converts one stream of sound to 16 kHz mono PCM16 in frames of `frameMs` (20 ms: 640 bytes).
 * `format` is the format of sound without a mimeType. "auto": WAV when it begins like a WAV file, else 16 kHz mono PCM16.
 * Await loadResampler() before. Frames may be views of the pushed Buffers: do not write to them.
 */
export class Transcoder {
  readonly #setting: "auto" | PcmFormat;
  readonly #framer: Framer;
  /** What the stream holds, once its first bytes are known. */
  #kind: "wav" | "pcm" | undefined;
  /** First bytes that may be the start of a WAV header. */
  #head = nothing;
  #wav: WavReader | undefined;
  #format: PcmFormat | undefined;
  #resampler: Resampler | undefined;
  /** Bytes of an incomplete sample, or of an incomplete pair of samples in stereo. */
  #carry = nothing;
  #freed = false;

  /** Throws a SoundError for a format that is not supported, and when `frameMs` is not between 1 and 1000. */
  constructor(options: { format: "auto" | PcmFormat; frameMs: number }) {
    if (options.format !== "auto")
      checkedFormat(options.format.sampleRate, options.format.channels, "The format setting");
    this.#setting = options.format;
    this.#framer = new Framer(defaultFormat.sampleRate, options.frameMs);
  }

  /**
   * Takes a payload as readPayload() describes it and returns the frames that it completes. A mimeType (else that of a
   * data URL) has priority over the setting. Throws a SoundError for sound that is not supported, and ignores that sound.
   */
  push(payload: unknown, mimeType?: string): Buffer[] {
    if (this.#freed) throw new Error("This transcoder was freed");
    const sound = readPayload(payload);
    const type = mimeType ?? sound.mimeType;
    const otherwise = this.#setting === "auto" ? defaultFormat : this.#setting;
    const said = type === undefined ? this.#setting : parseMimeType(type, otherwise);
    const bytes = this.#head.length > 0 ? Buffer.concat([this.#head, sound.bytes]) : sound.bytes;
    const kind = said === "auto" ? this.#guess(bytes) : said === "wav" ? "wav" : "pcm";
    if (!kind) {
      this.#head = Buffer.from(bytes);
      return [];
    }
    const wav = kind === "wav" ? (this.#wav ?? new WavReader()) : undefined;
    const format = typeof said === "string" ? defaultFormat : said;
    const pieces = wav?.push(bytes) ?? [{ format, pcm: bytes, begins: false }];
    // Nothing throws from here on, so the stream may change.
    const rest = wav?.rest;
    const rawFollows = said === "auto" && rest !== undefined && rest.length > 0;
    if (rawFollows) pieces.push({ format: defaultFormat, pcm: rest, begins: true });
    // Any format may follow a complete file.
    this.#kind = rawFollows ? "pcm" : rest ? undefined : kind;
    this.#wav = rest ? undefined : wav;
    this.#head = nothing;
    return pieces.flatMap(({ format, pcm, begins }) => this.#take(format, pcm, begins));
  }

  /**
   * Ends the stream: returns what is left, with a shorter last frame, and starts anew. Throws a SoundError when the stream
   * ended inside a WAV header or in the middle of a sample; what was left is then lost.
   */
  end(): Buffer[] {
    if (this.#freed) throw new Error("This transcoder was freed");
    const wav = this.#wav;
    const frames = this.#head.length > 0 ? this.#take(defaultFormat, this.#head, false) : [];
    const extra = this.#carry.length;
    frames.push(...this.#drain());
    const rest = this.#framer.takeRest();
    if (rest.length > 0) frames.push(rest);
    this.#kind = undefined;
    this.#head = nothing;
    this.#wav = undefined;
    wav?.end();
    if (extra > 0)
      throw new SoundError(
        `The sound ended in the middle of a sample, with ${extra} bytes of it. Send whole 16-bit samples.`,
      );
    return frames;
  }

  /** Frees the native memory. Afterwards all methods but free() throw. */
  free(): void {
    this.#resampler?.free();
    this.#freed = true;
  }

  #guess(bytes: Buffer): "wav" | "pcm" | undefined {
    if (beginsWav(bytes)) return "wav";
    if (this.#kind) return this.#kind;
    const head = bytes.toString("latin1", 0, 4);
    const name = unsupported.get(head);
    if (name) throw new SoundError(`The payload is a ${name} file. Convert it to 16-bit PCM or WAV first.`);
    if (head === "RIFF") return "wav";
    return "RIFF".startsWith(head) ? undefined : "pcm";
  }

  #take(format: PcmFormat, pcm: Buffer, begins: boolean): Buffer[] {
    const changed =
      format.sampleRate !== this.#format?.sampleRate || format.channels !== this.#format.channels;
    const frames = changed || begins ? this.#drain() : [];
    if (changed) {
      this.#resampler?.free();
      this.#resampler = new Resampler(format.sampleRate, defaultFormat.sampleRate);
      this.#format = format;
    }
    const bytes = this.#carry.length > 0 ? Buffer.concat([this.#carry, pcm]) : pcm;
    const whole = bytes.length - (bytes.length % (sampleBytes * format.channels));
    this.#carry = Buffer.from(bytes.subarray(whole));
    const samples = bytes.subarray(0, whole);
    const mono = format.channels === 2 ? stereoToMono(samples) : samples;
    return frames.concat(this.#framer.push(this.#resampler!.process(mono)));
  }

  /** Cuts what the filter still holds into frames. Drops an incomplete sample: new sound is not refused for it. */
  #drain(): Buffer[] {
    this.#carry = nothing;
    return this.#resampler ? this.#framer.push(this.#resampler.flush()) : [];
  }
}
