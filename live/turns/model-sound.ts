// The sound in a part of an answer.

import type { Blob } from "@google/genai";
import { durationMs } from "../../audio/frames";

/** Hz of PCM for which the server names no rate (docs/live-api.md 1.3). Devices would take it for 16 kHz. */
const DEFAULT_RATE = 24_000;

/** Returns the sound, whose `mimeType` names its rate when it is PCM, with its length in milliseconds; undefined: it is none. */
export function soundIn({ data = "", mimeType = "" }: Blob) {
  if (!/^audio\//i.test(mimeType)) return undefined;
  const pcm = Buffer.from(data, "base64");
  const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1]) || DEFAULT_RATE;
  const isNamed = !/^audio\/pcm(?!.*rate=)/i.test(mimeType);
  return { pcm, mimeType: isNamed ? mimeType : `audio/pcm;rate=${DEFAULT_RATE}`, ms: durationMs(pcm, rate) };
}
