// Sound made by sox and ffmpeg, as a reference that the code under test did not make. Tests that need one of them are skipped where it
// is not installed (Debian: apt-get install sox ffmpeg), but not in CI.

import { spawnSync } from "node:child_process";
import type { Context } from "mocha";

type Program = "sox" | "ffmpeg";

const installed = new Map<Program, boolean>();

/** Skips the test, with a line that says why, where the program is not installed. */
export function requireProgram(test: Context, program: Program) {
  if (!installed.has(program))
    installed.set(program, spawnSync(program, [program === "sox" ? "--version" : "-version"]).status === 0);
  if (installed.get(program) || process.env.CI) return;
  console.log(`        skipped: ${program} is not installed`);
  test.skip();
}

/** Runs the program with sound on its standard input, and returns its standard output. */
export function run(program: Program, parameters: string[], input: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync(program, parameters, { input, maxBuffer: 1e8 });
  if (status !== 0) throw new Error(`${program} ${parameters.join(" ")}: ${stderr}`);
  return stdout;
}
