// Opus packets, with libopus compiled to WebAssembly: an optional package that is loaded when a format needs it.

import { defaultFormat, SoundError } from "../formats";

/** The sample rates of Opus, in Hz. */
export const opusRates: readonly number[] = [8000, 12000, 16000, 24000, 48000];

/** The lengths that a frame of Opus may have, in milliseconds. */
export const opusFrameLengths: readonly number[] = [10, 20, 40, 60];

// Of 10, the default: 5 takes 60 % of its CPU time (bench/audio.ts), so that 50 devices leave time for the flow.
const complexity = 5;

/** Milliseconds of one frame, by the last bits of its configuration: of SILK, of the two modes together, and of CELT. */
const frameLengths = { silk: [10, 20, 40, 60], hybrid: [10, 20, 10, 20], celt: [2.5, 5, 10, 20] };

/** The sound in a packet in milliseconds, by its first bytes (RFC 6716, 3.1 and 3.2); 0 for an empty one. */
export function packetMs(packet: Buffer): number {
  if (packet.length === 0) return 0;
  const configuration = packet[0]! >> 3;
  const mode = configuration < 12 ? "silk" : configuration < 16 ? "hybrid" : "celt";
  const frames = [1, 2, 2, (packet[1] ?? 0) & 0x3f][packet[0]! & 3]!;
  return frames * frameLengths[mode][configuration & 3]!;
}

type Library = typeof import("libopus-wasm", { with: { "resolution-mode": "import" }});
type Decoder = Awaited<ReturnType<Library["createDecoder"]>>;
type Encoder = Awaited<ReturnType<Library["createEncoder"]>>;
type OpusRate = 8000 | 12000 | 16000 | 24000 | 48000;

const importLibrary = (): Promise<Library> => import("libopus-wasm");

/** Loads the package. Rejects with a SoundError that says how to install it; the next call tries again. */
async function load(importIt = importLibrary) {
  try {
    const library = await importIt();
    await library.loadLibopus();
    return library;
  } catch (error) {
    throw new SoundError(
      "Opus needs the package libopus-wasm, which cannot be loaded. Go to the user directory of Node-RED " +
        `(usually ~/.node-red), run "npm install libopus-wasm", and restart Node-RED. The cause: ${firstLine(error)}`,
      "GEMINI_MODULE",
      { cause: error },
    );
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array | Int16Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

const firstLine = (error: unknown) => (error as Error).message.split("\n")[0]!;

/** libopus conceals a multiple of this many milliseconds. */
const concealStepMs = 2.5;
/** The most that libopus conceals at once, in milliseconds. */
const concealMaxMs = 120;
/** The most sound in a packet, in milliseconds (RFC 6716, 3.2.5). */
const maxPacketMs = 120;

/** OPUS_SET_GAIN (opus_defines.h). */
const setGain = 4034;

/** Decodes one stream of packets to PCM16 at 16 kHz. */
export class OpusDecoder {
  readonly #decoder: Decoder;
  readonly channels: 1 | 2;
  /** The sound of the last packet. */
  #lastMs = 0;

  private constructor(decoder: Decoder, channels: 1 | 2) {
    this.#decoder = decoder;
    this.channels = channels;
  }

  /** With one channel, stereo is mixed down; with two, mono is on both. Rejects with a SoundError when libopus-wasm is missing. */
  static async create(channels: 1 | 2, importIt = importLibrary): Promise<OpusDecoder> {
    const { createDecoder } = await load(importIt);
    const sampleRate = defaultFormat.sampleRate as OpusRate;
    return new OpusDecoder(await createDecoder({ sampleRate, channels }), channels);
  }

  /** What the sound is amplified by from now on, in 1/256 dB: 0 at first. */
  set gain(gain: number) {
    this.#decoder.decoderCtl(setGain, gain);
  }

  /** The sound in a packet in milliseconds. An empty packet stands for a lost one, as long as the last packet. */
  lengthOf(packet: Buffer): number {
    return packet.length === 0 ? this.#lastMs : packetMs(packet);
  }

  /**
   * Decodes one packet to a new Buffer of interleaved samples, after `lostMs` milliseconds that were lost before it. What is lost comes
   * from the packet itself where it repeats the end of that (in-band FEC), else it is concealed, and so is an empty packet. Throws a
   * SoundError for bytes that are no packet.
   */
  decode(packet: Buffer, lostMs = 0): Buffer {
    const isLost = packet.length === 0;
    try {
      const missing = this.#conceal(isLost ? lostMs + this.#lastMs : lostMs, packet);
      if (isLost) return missing;
      const sound = bytesOf(this.#decoder.decode(packet));
      this.#lastMs = packetMs(packet);
      return missing.length > 0 ? Buffer.concat([missing, sound]) : sound;
    } catch (error) {
      throw new SoundError(
        `The payload of ${packet.length} bytes is not an Opus packet (${firstLine(error)}). Send one packet per message, or choose the right format.`,
        "GEMINI_SOUND",
        { cause: error },
      );
    }
  }

  /** The sound in the place of an invalid packet, and of `lostMs` milliseconds that were lost before it. */
  conceal(packet: Buffer, lostMs = 0): Buffer {
    const ms = packetMs(packet);
    return this.#conceal(lostMs + (ms > 0 && ms <= maxPacketMs ? ms : this.#lastMs), Buffer.alloc(0));
  }

  /** The sound that is missing before `next`. */
  #conceal(ms: number, next: Buffer): Buffer {
    const pieces: Buffer[] = [];
    const rest = Math.min(packetMs(next), concealMaxMs);
    for (let left = ms; left >= concealStepMs; ) {
      const isRest = rest > 0 && left <= rest;
      const step = Math.min(isRest ? left : left - rest, concealMaxMs);
      const whole = step - (step % concealStepMs);
      const frameSize = (whole * defaultFormat.sampleRate) / 1000;
      pieces.push(bytesOf(this.#decoder.decode(isRest ? next : null, { frameSize, decodeFec: isRest })));
      left -= step;
    }
    return Buffer.concat(pieces);
  }

  /** Frees the native memory. */
  free(): void {
    this.#decoder.free();
  }
}

/** Encodes one stream of mono PCM16 to packets. */
export class OpusEncoder {
  readonly #encoder: Encoder;
  readonly #frameBytes: number;

  private constructor(encoder: Encoder) {
    this.#encoder = encoder;
    this.#frameBytes = encoder.frameSize * 2;
  }

  /**
   * `sampleRate` one of `opusRates` (Hz), `frameMs` one of `opusFrameLengths`, `bitRate` in bit/s. Rejects with a SoundError
   * when libopus-wasm is missing.
   */
  static async create(options: {
    sampleRate: number;
    frameMs: number;
    bitRate: number;
  }): Promise<OpusEncoder> {
    const { createEncoder, Application, Signal } = await load();
    const sampleRate = options.sampleRate as OpusRate;
    const encoder = await createEncoder({
      sampleRate,
      channels: 1,
      application: Application.Voip,
      signal: Signal.Voice,
      bitrate: options.bitRate,
      complexity,
      frameSize: (sampleRate * options.frameMs) / 1000,
    });
    return new OpusEncoder(encoder);
  }

  /** Encodes one frame. A shorter one, the last of an answer, is filled up with silence. */
  encode(frame: Buffer): Buffer {
    const missing = this.#frameBytes - frame.length;
    const whole = missing > 0 ? Buffer.concat([frame, Buffer.alloc(missing)]) : frame;
    return bytesOf(this.#encoder.encode(whole));
  }

  /** Frees the native memory. */
  free(): void {
    this.#encoder.free();
  }
}
