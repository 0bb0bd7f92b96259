// The sound of a page under test: what its microphone hears, and what its loudspeaker plays.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { cleanUp } from "../clean-up";
import { DEADLINE_MS } from "../inbox";
import { correlation, SPEECH_WAV, silence, speech } from "../speech";

declare global {
  interface Window {
    /** What went to the loudspeaker, tapped by the test: samples of -1 to 1. */
    played: number[];
    playedRate: number;
  }
}

/** Taps every loudspeaker of the page: what reaches a destination is also kept in window.played. */
export function tapLoudspeakers() {
  window.played = [];
  const connect = AudioNode.prototype.connect as (target: AudioNode) => AudioNode;
  AudioNode.prototype.connect = function (this: AudioNode, target: AudioNode) {
    if (target instanceof AudioDestinationNode) {
      window.playedRate = target.context.sampleRate;
      const tap = (target.context as AudioContext).createScriptProcessor(1024, 1, 1);
      tap.onaudioprocess = ({ inputBuffer }) => window.played.push(...inputBuffer.getChannelData(0));
      connect.call(this, tap);
      connect.call(tap, target);
    }
    return connect.call(this, target);
  } as typeof AudioNode.prototype.connect;
}

/** Milliseconds of sound louder than a whisper among the samples from `from` on. */
export const loudSince = (page: Page, from: number) =>
  page.evaluate(
    (start) =>
      (window.played.slice(start).filter((sample) => Math.abs(sample) > 0.01).length / window.playedRate) *
      1000,
    from,
  );

/** What went to the loudspeaker so far, mono PCM16 of 24 kHz. */
export async function playedIn(page: Page): Promise<Buffer> {
  const played = await page.evaluate(() =>
    window.played.map((sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32767)),
  );
  return Buffer.from(Int16Array.from(played).buffer);
}

/** Waits until the speech of the microphone has come from the loudspeaker: the last of it plays after its turn is complete. */
export async function speechPlayedIn(page: Page) {
  const deadline = Date.now() + DEADLINE_MS;
  while (correlation(speech, 16_000, await playedIn(page), 24_000) <= 0.5)
    if (Date.now() > deadline) throw new Error("The speech was not played.");
    else await page.waitForTimeout(200);
}

/** A recording to play into a microphone over and over: the speech, and a pause of `pauseMs`. */
export function recording(pauseMs: number): string {
  const folder = mkdtempSync(join(tmpdir(), "talk-"));
  cleanUp(() => rmSync(folder, { recursive: true }));
  const pause = silence(pauseMs);
  const header = Buffer.from(readFileSync(SPEECH_WAV).subarray(0, 44));
  header.writeUInt32LE(36 + speech.length + pause.length, 4);
  header.writeUInt32LE(speech.length + pause.length, 40);
  const wav = join(folder, `${pauseMs}.wav`);
  writeFileSync(wav, Buffer.concat([header, speech, pause]));
  return wav;
}
