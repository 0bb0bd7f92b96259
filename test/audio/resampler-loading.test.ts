import assert from "node:assert/strict";
import { fresh } from "../fresh";
import { hideFile } from "../missing-file";

describe("loading the sample rate converter", () => {
  let repair = () => {};
  afterEach(() => repair());

  it("rejects with an error that says what to do, and the next call loads it again", async () => {
    const { loadResampler, Resampler } = fresh<typeof import("../../audio/resampler")>("audio/resampler");
    repair = hideFile("speex-resampler-simd.wasm");
    for (let i = 0; i < 2; i++)
      await assert.rejects(loadResampler(), /cannot be loaded: .*no such file.* Install the package again/);
    assert.throws(() => new Resampler(8000, 16000), /not loaded/);
    repair();
    await loadResampler();
    new Resampler(8000, 16000).free();
  });
});
