// The sound of answers: a chime, a tone for each word, and the user's own speech. All of it 24 kHz PCM16 LE mono.

import { Resampler } from "../../audio/resampler";
import { INPUT_RATE } from "../input/speech-detection";

/** The sample rate of the server's audio, in Hz. */
export const OUTPUT_RATE = 24000;
/** The length of {@link chime}, in ms. */
export const CHIME_MS = 400;

/** A tone with a short attack that fades out. @param frequency in Hz @param ms duration @param level peak, 0 to 1 */
function tone(frequency: number, ms: number, level: number) {
  const samples = Math.round((OUTPUT_RATE * ms) / 1000);
  const pcm = Buffer.alloc(samples * 2);
  for (let n = 0; n < samples; n++) {
    const attack = Math.min(1, n / (OUTPUT_RATE * 0.005));
    const fade = (1 - n / samples) ** 2;
    const wave = Math.sin((2 * Math.PI * frequency * n) / OUTPUT_RATE);
    pcm.writeInt16LE(Math.round(32767 * level * attack * fade * wave), n * 2);
  }
  return pcm;
}

const silence = (ms: number) => Buffer.alloc(Math.round((OUTPUT_RATE * ms) / 1000) * 2);

/** Two notes and a short pause that start every answer. */
export const chime = () => Buffer.concat([tone(659, 140, 0.25), tone(880, 160, 0.25), silence(100)]);

/** One tone for each word, longer for longer words; at most 100. The simulator has no text-to-speech. */
export function toneForEachWord(text: string) {
  const words = text.split(/\s+/).filter(Boolean).slice(0, 100);
  return Buffer.concat(
    words.flatMap((word, index) => [
      tone([392, 440, 494, 587][index % 4]!, 120 + 20 * Math.min(word.length, 10), 0.12),
      silence(60),
    ]),
  );
}

/** The user's own speech at the output rate. @param pcm 16 kHz PCM16 LE mono */
export function ownSpeech(pcm: Buffer) {
  const resampler = new Resampler(INPUT_RATE, OUTPUT_RATE);
  try {
    return Buffer.concat([resampler.process(pcm), resampler.flush()]);
  } finally {
    resampler.free();
  }
}
