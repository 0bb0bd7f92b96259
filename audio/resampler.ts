// Changes the sample rate of a stream of sound, with the SpeexDSP resampler compiled to WebAssembly.

import type { SpeexModule } from "@echogarden/speex-resampler-wasm/simd";
import { checkFormat, SoundError, sampleRates } from "./formats";
import { sampleBytes } from "./frames";

// Speex has qualities from 0 to 10. Why 5: see `Resampler`.
const quality = 5;
const pieceSamples = 4096;
const maxRatio = Math.max(...sampleRates) / Math.min(...sampleRates);

interface Speex {
  module: SpeexModule;
  /** Addresses of the scratch memory that all instances share. */
  input: number;
  output: number;
  outputSamples: number;
  /** Address of two 32-bit numbers: samples in, samples out. */
  lengths: number;
}

let speex: Speex | undefined;
let loading: Promise<void> | undefined;

/**
 * Loads the WebAssembly module, once per process. A failed load rejects with an error that says what to do; the next call
 * tries again.
 */
export function loadResampler(): Promise<void> {
  loading ??= load().catch((error: Error) => {
    loading = undefined;
    throw new SoundError(
      `The sample rate converter cannot be loaded: ${error.message.replace(/\.? Build with .*/, "")}. ` +
        "Install the package again if the next message fails too.",
      "GEMINI_MODULE",
      { cause: error },
    );
  });
  return loading;
}

async function load() {
  const { default: start } = await import("@echogarden/speex-resampler-wasm/simd");
  const module = await start();
  const outputSamples = (pieceSamples + 1) * maxRatio;
  const lengths = module._malloc(8 + (pieceSamples + outputSamples) * sampleBytes);
  if (lengths === 0) throw new Error("There is no memory for it.");
  const input = lengths + 8;
  speex = { module, input, output: input + pieceSamples * sampleBytes, outputSamples, lengths };
}

/**
 * Converts one stream of mono PCM16 from one sample rate to another. Chunks may have any even length; the result is the
 * same, sample for sample. It is complete and has no delay: its first sample corresponds to the first sample pushed. The
 * filter holds back about 2.5 ms at the lower rate until more sound comes or `flush()` is called.
 *
 * Speex quality 5, the lowest that meets all bounds with a margin (8>16, 16>24, 24>16, 24>8, 24>48, 44.1>16, 48>16):
 * 1013 Hz SINAD 95 to 97 dB (bound 90), aliases and images below -94 dB (bound -80), flat within 0.004 dB to 0.85 of the
 * Nyquist frequency (bound 0.1 dB). Quality 4 meets them too for these pairs, but comes within 1 dB of the alias bound for
 * 11.025>16 and 24>44.1 kHz. Higher ones are slower and hold back more.
 */
export class Resampler {
  readonly #fromRate: number;
  readonly #toRate: number;
  readonly #speex: Speex;
  /** The native instance: 0 after free(), undefined when both rates are equal. */
  #handle: number | undefined;
  /** Samples in and out since the last flush() or reset(), so that the number of output samples is exact. */
  #taken = 0;
  #given = 0;

  /** Rates in Hz. Throws a SoundError for rates that are not in `sampleRates`, and an Error before loadResampler() has resolved. */
  constructor(fromRate: number, toRate: number) {
    for (const rate of [fromRate, toRate])
      checkFormat({ sampleRate: rate, channels: 1 }, "Sample rate conversion");
    if (!speex) throw new Error("The sample rate converter is not loaded. Await loadResampler() first.");
    this.#speex = speex;
    this.#fromRate = fromRate;
    this.#toRate = toRate;
    if (fromRate === toRate) return;
    this.#handle = speex.module._speex_resampler_init(1, fromRate, toRate, quality, speex.lengths);
    if (this.#handle === 0)
      throw new SoundError(`There is no memory to convert ${fromRate} Hz to ${toRate} Hz.`, "GEMINI_MODULE");
    speex.module._speex_resampler_skip_zeros(this.#handle);
  }

  /** Converts whole samples and returns what is ready. With equal rates that is `pcm` itself. */
  process(pcm: Buffer): Buffer {
    const handle = this.#open();
    if (handle === undefined) return pcm;
    const converted = this.#convert(handle, pcm);
    this.#taken += pcm.length / sampleBytes;
    this.#given += converted.length / sampleBytes;
    return converted;
  }

  /** Ends the stream: returns what the filter still holds, and starts anew. In all, samples out = samples in × ratio, rounded. */
  flush(): Buffer {
    const handle = this.#open();
    if (handle === undefined) return Buffer.alloc(0);
    const missing = Math.round((this.#taken * this.#toRate) / this.#fromRate) - this.#given;
    // Silence pushes the last sample through the filter. The extra samples cover the rounding.
    const latency = this.#speex.module._speex_resampler_get_input_latency(handle);
    const silence = Buffer.alloc((latency + maxRatio) * sampleBytes);
    const tail = this.#convert(handle, silence).subarray(0, missing * sampleBytes);
    this.reset();
    return tail;
  }

  /** Drops what the filter holds and starts anew. */
  reset(): void {
    const handle = this.#open();
    if (handle === undefined) return;
    this.#speex.module._speex_resampler_reset_mem(handle);
    this.#speex.module._speex_resampler_skip_zeros(handle);
    this.#taken = 0;
    this.#given = 0;
  }

  /** Frees the native memory. Afterwards all methods but free() throw. */
  free(): void {
    if (this.#handle) this.#speex.module._speex_resampler_destroy(this.#handle);
    this.#handle = 0;
  }

  #open() {
    if (this.#handle === 0) throw new Error("This resampler was freed");
    return this.#handle;
  }

  #convert(handle: number, pcm: Buffer): Buffer {
    const { module, input, output, outputSamples, lengths } = this.#speex;
    const converted: Buffer[] = [];
    for (let at = 0; at < pcm.length; ) {
      const piece = pcm.subarray(at, at + pieceSamples * sampleBytes);
      // HEAPU8 and HEAPU32 are read each time, because the module replaces them when its memory grows.
      module.HEAPU8.set(piece, input);
      module.HEAPU32.set([piece.length / sampleBytes, outputSamples], lengths / 4);
      module._speex_resampler_process_int(handle, 0, input, lengths, output, lengths + 4);
      at += module.HEAPU32[lengths / 4]! * sampleBytes;
      const end = output + module.HEAPU32[lengths / 4 + 1]! * sampleBytes;
      converted.push(Buffer.from(module.HEAPU8.subarray(output, end)));
    }
    return converted.length === 1 ? converted[0]! : Buffer.concat(converted);
  }
}
