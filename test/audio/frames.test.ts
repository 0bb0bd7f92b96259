// The duration of PCM.

import assert from "node:assert/strict";
import { durationMs } from "../../audio/frames";

describe("durationMs()", () => {
  it("returns the milliseconds that mono PCM16 plays at a sample rate", () => {
    assert.equal(durationMs(Buffer.alloc(640), 16_000), 20);
    assert.equal(durationMs(Buffer.alloc(960), 24_000), 20);
    assert.equal(durationMs({ length: 2 }, 8_000), 0.125);
    assert.equal(durationMs(Buffer.alloc(0), 8_000), 0);
  });
});
