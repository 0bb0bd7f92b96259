// The duration of PCM, and frames without a length.

import assert from "node:assert/strict";
import { durationMs, Framer } from "../../audio/frames";

describe("durationMs()", () => {
  it("returns the milliseconds that mono PCM16 plays at a sample rate", () => {
    assert.equal(durationMs(Buffer.alloc(640), 16_000), 20);
    assert.equal(durationMs(Buffer.alloc(960), 24_000), 20);
    assert.equal(durationMs({ length: 2 }, 8_000), 0.125);
    assert.equal(durationMs(Buffer.alloc(0), 8_000), 0);
  });
});

describe("a stream without a frame length", () => {
  it("has each chunk that is pushed as a frame, without a copy", () => {
    const framer = new Framer(24_000, undefined);
    const chunks = [Buffer.alloc(11_520), Buffer.alloc(2)];
    assert.deepEqual(
      chunks.map((chunk) => framer.push(chunk)[0] === chunk),
      [true, true],
    );
    assert.deepEqual(framer.push(Buffer.alloc(0)), []);
    assert.equal(framer.restBytes, 0);
  });
});
