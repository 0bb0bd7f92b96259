// Turns frames of mono PCM16 into what the device takes: another encoding, WAV, Opus packets, base64.

import { OpusEncoder } from "../codecs/opus";
import { fromPcm16, type OutputEncoding } from "../codecs/samples";
import { wavHeader } from "../codecs/wav-header";

/** What a device may take. */
export const deviceFormats = ["pcm", "float", "mulaw", "alaw", "wav", "opus"] as const;
export type DeviceFormat = (typeof deviceFormats)[number];

export interface PackerOptions {
  format: DeviceFormat;
  /** In Hz. */
  sampleRate: number;
  /** Length of a frame of Opus, in milliseconds. */
  frameMs: number;
  /** Of Opus, in bit/s. */
  bitRate: number;
  /** Every frame is a whole answer: a WAV file then has its length in its header. */
  whole: boolean;
  /** Payloads are base64 strings. */
  base64: boolean;
}

const encodings: Partial<Record<DeviceFormat, OutputEncoding>> = {
  float: "f32le",
  mulaw: "mulaw",
  alaw: "alaw",
};

function mimeTypeOf({ format, sampleRate }: PackerOptions): string {
  const types: Record<DeviceFormat, string> = {
    pcm: `audio/pcm;rate=${sampleRate}`,
    float: `audio/pcm;rate=${sampleRate};encoding=float;bits=32`,
    mulaw: `audio/pcmu;rate=${sampleRate}`,
    alaw: `audio/pcma;rate=${sampleRate}`,
    wav: "audio/wav",
    opus: `audio/opus;rate=${sampleRate}`,
  };
  return types[format];
}

/** Packs the answers for one device. */
export class Packer {
  readonly #options: PackerOptions;
  readonly #opus: OpusEncoder | undefined;
  /** The mimeType of the payloads. */
  readonly mimeType: string;

  private constructor(options: PackerOptions, opus: OpusEncoder | undefined) {
    this.#options = options;
    this.#opus = opus;
    this.mimeType = mimeTypeOf(options);
  }

  /** Rejects with a SoundError when the format is Opus and libopus-wasm is missing. */
  static async create(options: PackerOptions): Promise<Packer> {
    return new Packer(options, options.format === "opus" ? await OpusEncoder.create(options) : undefined);
  }

  /** What comes before the first frame of a turn: the header of a WAV stream; undefined for other formats. */
  get header(): Buffer | string | undefined {
    const { format, sampleRate, whole } = this.#options;
    return format === "wav" && !whole ? this.#text(wavHeader(sampleRate)) : undefined;
  }

  /** Packs one frame. Returns `frame` itself where nothing needs to change. */
  pack(frame: Buffer): Buffer | string {
    const { format, sampleRate, whole } = this.#options;
    if (this.#opus) return this.#text(this.#opus.encode(frame));
    if (format === "wav" && whole)
      return this.#text(Buffer.concat([wavHeader(sampleRate, frame.length), frame]));
    return this.#text(fromPcm16(frame, encodings[format] ?? "s16le"));
  }

  /** Frees the native memory. */
  free(): void {
    this.#opus?.free();
  }

  #text(bytes: Buffer): Buffer | string {
    return this.#options.base64 ? bytes.toString("base64") : bytes;
  }
}
