// The constants of the shared store hold when an instance dies, in the simulation of the bench.

import assert from "node:assert/strict";
import { storm, WAITS } from "../../bench/storm";
import { CLAIM_AGAIN_MS } from "../../nodes/shared-store/shared-store";

const DEATH = { instances: 2, conversations: 100, handshakes: 1_000, againMs: CLAIM_AGAIN_MS };

describe("when one of three instances dies with 100 conversations", () => {
  for (const [wait, waitMs] of Object.entries(WAITS))
    it(`each continues within 5 s of its device's return, and other sound is less than 50 ms late: ${wait}`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const { max, lost, late } = storm({ ...DEATH, waitMs }, seed);
        assert.equal(lost, 0);
        assert.ok(max < 5_000, `${max} ms with seed ${seed}`);
        assert.ok(late < 50, `${late} ms with seed ${seed}`);
      }
    });

  it("none is lost when the Live server accepts 20 handshakes a second", () => {
    for (let seed = 1; seed <= 20; seed++)
      assert.equal(storm({ ...DEATH, waitMs: [250, 500], handshakes: 20 }, seed).lost, 0);
  });

  it("the same seed gives the same figures", () => {
    assert.deepEqual(storm({ ...DEATH, waitMs: [250, 500] }, 7), storm({ ...DEATH, waitMs: [250, 500] }, 7));
  });
});
