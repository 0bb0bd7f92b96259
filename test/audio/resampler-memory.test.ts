// The native memory of the resampler, measured in a WebAssembly module that this test loads for itself.

import assert from "node:assert/strict";
import { fresh } from "../fresh";
import { tone } from "./tone";

interface Memory {
  buffer: ArrayBuffer;
}
interface Wasm {
  Memory: new (...parameters: never[]) => Memory;
  instantiate(...parameters: unknown[]): Promise<{ instance: { exports: Record<string, unknown> } }>;
}

it("free() frees the native memory", async () => {
  const { loadResampler, Resampler } = fresh<typeof import("../../audio/resampler")>("audio/resampler");
  const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;
  const instantiate = wasm.instantiate;
  let memory: Memory | undefined;
  wasm.instantiate = async (...parameters) => {
    const result = await instantiate(...parameters);
    memory = Object.values(result.instance.exports).find((value) => value instanceof wasm.Memory);
    return result;
  };
  await loadResampler();
  wasm.instantiate = instantiate;
  const size = () => memory!.buffer.byteLength;

  const sound = tone(1013, 44100, 882);
  const before = size();
  for (let i = 0; i < 20000; i++) {
    const resampler = new Resampler(i % 2 ? 44100 : 48000, 16000);
    resampler.process(sound);
    if (i % 3) resampler.flush();
    resampler.free();
  }
  assert.equal(size(), before);

  // The measurement works: resamplers that are not freed let the memory grow, and still convert correctly.
  const first = new Resampler(44100, 16000);
  const expected = first.process(sound);
  first.reset();
  const kept = Array.from({ length: 2000 }, () => new Resampler(44100, 16000));
  assert.ok(size() > before);
  assert.deepEqual(first.process(sound), expected);
  assert.deepEqual(kept.at(-1)!.process(sound), expected);
  for (const resampler of [first, ...kept]) resampler.free();
});
