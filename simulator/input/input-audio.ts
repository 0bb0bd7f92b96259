// Sound as clients send it, brought to the rate that the simulator hears at.

import { sampleRates } from "../../audio/formats";
import { Resampler } from "../../audio/resampler";
import type { Blob } from "../protocol/client-messages";
import { invalidArgument } from "../protocol/refusals";
import { INPUT_RATE } from "./speech-detection";

/**
 * Reads raw sound from a message.
 * @returns PCM16 LE mono and its rate in Hz: what `audio/pcm;rate=N` says, else 16000 [ai.google.dev live-api guide]
 * @throws Refusal for another kind of sound, an impossible rate or half a sample
 */
export function readAudio({ data = "", mimeType = "" }: Blob) {
  const [kind, ...parameters] = mimeType.toLowerCase().split(/\s*;\s*/);
  const rates = parameters.filter((parameter) => parameter.startsWith("rate="));
  const rate = rates[0] ? Number(rates[0].slice("rate=".length)) : INPUT_RATE;
  const pcm = Buffer.from(data, "base64");
  if (kind?.trim() !== "audio/pcm" || !sampleRates.includes(rate) || pcm.length % 2) throw invalidArgument();
  return { pcm, rate };
}

/** Converts one stream, whose rate may change, to 16 kHz. */
export class InputResampler {
  #rate = INPUT_RATE;
  #resampler?: Resampler;

  /** @param pcm PCM16 LE mono at `rate` Hz @returns the same at 16 kHz, a little of it with the next call */
  convert(pcm: Buffer, rate: number): Buffer {
    const before = rate === this.#rate ? Buffer.alloc(0) : this.flush();
    this.#rate = rate;
    if (rate === INPUT_RATE) return Buffer.concat([before, pcm]);
    this.#resampler ??= new Resampler(rate, INPUT_RATE);
    return Buffer.concat([before, this.#resampler.process(pcm)]);
  }

  /** Ends the stream and gives what is still inside; the next sound begins a new one. */
  flush(): Buffer {
    const rest = this.#resampler?.flush() ?? Buffer.alloc(0);
    this.free();
    return rest;
  }

  /** Lets the converter go. */
  free() {
    this.#resampler?.free();
    this.#resampler = undefined;
  }
}
