// What is kept for each session key is bounded, and freed.

import assert from "node:assert/strict";
import { MAX_KEPT, PerSession } from "../../../nodes/sound/per-session";
import { TestClock } from "../../clock";

describe("what a node keeps for each session key", () => {
  let clock: TestClock;
  let kept: PerSession<string>;
  let log: string[];
  const busy = new Set<string>();
  beforeEach(() => {
    clock = new TestClock();
    log = [];
    busy.clear();
    kept = new PerSession<string>({
      clock,
      sweepMs: 50,
      unusedMs: 1_000,
      isBusy: (value) => busy.has(value),
      end: (value) => log.push(`end ${value}`),
      free: (value) => log.push(`free ${value}`),
    });
  });
  const fill = () => {
    for (let i = 0; i < MAX_KEPT; i++) kept.use(`${i}`, `${i}`);
  };

  it("ends when it is not used for a while, and leaves no timer", () => {
    kept.use("a", "a");
    clock.advance(400);
    kept.use("b", "b");
    clock.advance(400);
    kept.use("a", kept.get("a")!);
    clock.advance(600);
    assert.deepEqual(log, ["end b", "free b"]);
    assert.equal(kept.get("b"), undefined);
    clock.advance(400);
    assert.deepEqual(log, ["end b", "free b", "end a", "free a"]);
    assert.equal(clock.waiting, 0);
  });

  it("does not end while it is busy", () => {
    kept.use("a", "a");
    kept.use("b", "b");
    busy.add("a");
    clock.advance(5_000);
    assert.deepEqual(log, ["end b", "free b"]);
    busy.clear();
    clock.advance(50);
    assert.equal(kept.get("a"), undefined);
  });

  it("is bounded: one too many ends the one that has not been used for longest", () => {
    fill();
    clock.advance(1);
    kept.use("0", "0");
    for (let i = 0; i < 20_000; i++) kept.use(`new ${i}`, `new ${i}`);
    assert.equal(log.length, 2 * 20_000);
    assert.deepEqual(log.slice(0, 2), ["end 1", "free 1"]);
    assert.deepEqual(log.slice(2 * MAX_KEPT - 2, 2 * MAX_KEPT), ["end 0", "free 0"]);
  });

  it("is bounded: one that is busy stays, unless all are", () => {
    fill();
    busy.add("0");
    kept.use("new", "new");
    assert.deepEqual(log, ["end 1", "free 1"]);
    for (let i = 0; i < MAX_KEPT; i++) busy.add(`${i}`);
    busy.add("new");
    kept.use("newer", "newer");
    assert.deepEqual(log.slice(2), ["end 0", "free 0"]);
  });

  it("is freed without an end when it is deleted, or when the node closes", () => {
    for (const key of ["a", "b"]) kept.use(key, key);
    kept.delete("a");
    kept.delete("unknown");
    kept.close();
    assert.deepEqual(log, ["free a", "free b"]);
    assert.equal(clock.waiting, 0);
  });
});
