// The clock of the machine.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { systemClock } from "../../audio/clock";

describe("the clock of the machine", () => {
  it("does not call back at once for a time beyond the longest timer of Node.js", async () => {
    let early = 0;
    const cancel = systemClock.after(2 ** 31, () => {
      early += 1;
    });
    // Node.js turns a longer time into one millisecond.
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    cancel();
    assert.equal(early, 0);
  });
});
