// Debian's ffmpeg as the microphone or the loudspeaker of a device.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cleanUp } from "../clean-up";

/** Parameters of an input that plays 16 kHz mono PCM16 from standard input in real time. */
export const MICROPHONE = ["-re", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "pipe:0"];

/** Parameters before the input of a loudspeaker: without a small probe it examines the sound for seconds before it plays it. */
export const AT_ONCE = ["-probesize", "32"];

/**
 * Runs ffmpeg until it ends, or the running test does. `closed` is fulfilled when it has, and `output()` is what it has written to
 * its standard output so far.
 */
export function ffmpeg(parameters: string[]) {
  const program: ChildProcess = spawn("ffmpeg", ["-hide_banner", "-loglevel", "error", "-y", ...parameters], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  program.stdout!.on("data", (chunk) => chunks.push(chunk));
  program.stdin!.on("error", () => {}); // It may end before it has read everything.
  const closed = once(program, "close");
  cleanUp(async () => {
    program.kill("SIGKILL");
    await closed;
  });
  return { program, closed, output: () => Buffer.concat(chunks) };
}
