// How much the fuzz tests try, and how they measure a stall.
//   FUZZ_RUNS=20 tries twenty times as much; FUZZ_SEED=7 tries something else. A failure prints the seed and the smallest case.

import assert from "node:assert/strict";
import type { Parameters } from "fast-check";

const factor = Number(process.env.FUZZ_RUNS ?? 1);

/** @param runs how often, unless FUZZ_RUNS says more */
export const runs = (runs: number): Parameters<unknown> => ({
  numRuns: Math.ceil(runs * factor),
  seed: Number(process.env.FUZZ_SEED ?? 20261130),
  endOnFailure: factor > 1, // What takes long to try takes longer to make small.
});

/** Milliseconds of CPU that one input may take. */
const STALL_MS = 50;

/**
 * Does something, and asserts that it is no stall. It is measured in CPU time, because other processes run on the machine, and
 * counts only if it is as slow a third time, because the first time compiles it.
 */
export async function withoutStall(what: () => string, work: () => unknown) {
  let ms = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3 && ms > STALL_MS; n++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    ms = (user + system) / 1_000;
  }
  assert.ok(ms <= STALL_MS, `${what()} takes ${Math.round(ms)} ms`);
}
