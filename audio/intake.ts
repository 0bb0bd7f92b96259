// Turns one stream of any sound that we take into 16 kHz mono frames, with nothing lost between its chunks.

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

// Files that people send by mistake, by their first bytes: as raw sound they would be a loud noise.
const foreign = new Map([
  ["OggS", "Ogg"],
  ["fLaC", "FLAC"],
  ["ID3\x03", "MP3"],
  ["ID3\x04", "MP3"],
  ["\x1aE\xdf\xa3", "WebM"],
  ["RIFX", "big-endian WAV"],
  ["RF64", "RF64 WAV"],
]);

/**
 * One stream of sound on its way to 16 kHz mono PCM16 in frames of `frameMs` (20 ms: 640 bytes).
 * `format` says what sound without a mimeType is; "auto": WAV when it begins like a WAV file, else 16 kHz mono PCM16.
 * loadResampler() must have been awaited. Frames may be views of what was pushed: do not write to them.
 */
export class Intake {
  readonly #setting: "auto" | PcmFormat;
  readonly #framer: Framer;
  /** What the stream is, once its first bytes have told. */
  #kind: "wav" | "pcm" | undefined;
  /** First bytes that may yet become a WAV header. */
  #head = nothing;
  #wav: WavReader | undefined;
  #format: PcmFormat | undefined;
  #resampler: Resampler | undefined;
  /** Bytes of a sample, or of a pair of them in stereo, that is not complete yet. */
  #carry = nothing;
  #freed = false;

  /** Throws a SoundError for a format that we do not take, and when `frameMs` is not between 1 and 1000. */
  constructor(options: { format: "auto" | PcmFormat; frameMs: number }) {
    if (options.format !== "auto")
      checkedFormat(options.format.sampleRate, options.format.channels, "The format setting");
    this.#setting = options.format;
    this.#framer = new Framer(defaultFormat.sampleRate, options.frameMs);
  }

  /**
   * Takes a payload as readPayload() describes it and returns the frames that are whole now. A mimeType (else that of a
   * data URL) wins over the setting. Throws a SoundError for sound that we do not take: the stream is then as before.
   */
  push(payload: unknown, mimeType?: string): Buffer[] {
    if (this.#freed) throw new Error("This intake was freed");
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
    // From here on nothing is refused any more, so the stream may change.
    this.#kind = kind;
    this.#head = nothing;
    this.#wav = wav;
    return pieces.flatMap(({ format, pcm, begins }) => this.#take(format, pcm, begins));
  }

  /**
   * The stream is over: returns what is left, the last frame as short as it is, and is ready for a new stream. Throws a
   * SoundError, after that, when the stream ended inside a WAV header or in the middle of a sample; what was left is lost.
   */
  end(): Buffer[] {
    if (this.#freed) throw new Error("This intake was freed");
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
        `The sound ended in the middle of a sample (${extra} bytes too many). Send whole 16-bit samples.`,
      );
    return frames;
  }

  /** Gives the native memory back. Afterwards everything but free() throws. */
  free(): void {
    this.#resampler?.free();
    this.#freed = true;
  }

  #guess(bytes: Buffer): "wav" | "pcm" | undefined {
    if (beginsWav(bytes)) return "wav";
    if (this.#kind) return this.#kind;
    const head = bytes.toString("latin1", 0, 4);
    const name = foreign.get(head);
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

  /** Brings out what the filter holds. Half a sample goes: refusing new sound for the old one's fault helps nobody. */
  #drain(): Buffer[] {
    this.#carry = nothing;
    return this.#resampler ? this.#framer.push(this.#resampler.flush()) : [];
  }
}
