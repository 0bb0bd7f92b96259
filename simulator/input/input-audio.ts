// Reads the audio of clients, and resamples it to the rate of speech detection.

import { sampleRates } from "../../audio/formats";
import { Resampler } from "../../audio/resampler";
import type { Blob } from "../protocol/message-schema";
import { invalidArgument } from "../protocol/refusals";
import { INPUT_RATE } from "./speech-detection";

/**
 * Reads PCM audio from a message.
 * @returns PCM16 LE mono and its rate in Hz: N of `audio/pcm;rate=N`, else 16000 [ai.google.dev live-api guide]
 * @throws Refusal for another mime type, an unsupported rate or an odd number of bytes
 */
export function readAudio({ data = "", mimeType = "" }: Blob) {
  const [kind, ...parameters] = mimeType.toLowerCase().split(/\s*;\s*/);
  const rates = parameters.filter((parameter) => parameter.startsWith("rate="));
  const rate = rates[0] ? Number(rates[0].slice("rate=".length)) : INPUT_RATE;
  const pcm = Buffer.from(data, "base64");
  if (kind?.trim() !== "audio/pcm" || !sampleRates.includes(rate) || pcm.length % 2) throw invalidArgument();
  return { pcm, rate };
}

/** Resamples one audio stream, whose rate may change, to 16 kHz. */
export class InputResampler {
  #rate = INPUT_RATE;
  #resampler?: Resampler;

  /** @param pcm PCM16 LE mono at `rate` Hz @returns the audio at 16 kHz, except a short rest that comes with the next call */
  convert(pcm: Buffer, rate: number): Buffer {
    const before = rate === this.#rate ? Buffer.alloc(0) : this.flush();
    this.#rate = rate;
    if (rate === INPUT_RATE) return Buffer.concat([before, pcm]);
    this.#resampler ??= new Resampler(rate, INPUT_RATE);
    return Buffer.concat([before, this.#resampler.process(pcm)]);
  }

  /** Ends the stream. @returns its rest at 16 kHz */
  flush(): Buffer {
    const rest = this.#resampler?.flush() ?? Buffer.alloc(0);
    this.free();
    return rest;
  }

  /** Frees the memory of the resampler. */
  free() {
    this.#resampler?.free();
    this.#resampler = undefined;
  }
}
