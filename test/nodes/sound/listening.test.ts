import assert from "node:assert/strict";
import { Listening } from "../../../nodes/sound/listening";
import { TestClock } from "../../clock";

describe("half duplex", () => {
  const start = () => {
    const clock = new TestClock();
    const listening = new Listening(clock, 300);
    return { clock, listening, on: (event: string, turn?: number) => listening.onEvent("hall", event, turn) };
  };

  it("does not listen until the last of several answers in a row has been played, and its tail", () => {
    const { clock, listening, on } = start();
    on("playing", 1);
    clock.advance(1_000);
    on("playing", 2);
    // The device has played the first answer only now: frames leave ahead of time.
    clock.advance(200);
    on("played", 1);
    clock.advance(5_000);
    assert.equal(listening.allows("hall"), false);
    on("played", 2);
    clock.advance(299);
    assert.equal(listening.allows("hall"), false);
    clock.advance(1);
    assert.equal(listening.allows("hall"), true);
  });

  it("listens again after a flush, whatever turn it is about", () => {
    const { clock, listening, on } = start();
    on("playing", 2);
    on("flush", 1);
    clock.advance(300);
    assert.equal(listening.allows("hall"), true);
  });

  it("knows sound without turns, and forgets a speech whose end is not reported after five minutes", () => {
    const { clock, listening, on } = start();
    on("playing");
    on("played");
    clock.advance(300);
    assert.equal(listening.allows("hall"), true);
    on("playing");
    clock.advance(299_999);
    assert.equal(listening.allows("hall"), false);
    clock.advance(1);
    assert.equal(listening.allows("hall"), true);
  });

  it("takes no notice of events about other devices, nor of an end without a beginning", () => {
    const { clock, listening, on } = start();
    listening.onEvent("kitchen", "playing", 1);
    on("played", 1);
    on("flush", 1);
    assert.equal(listening.allows("hall"), true);
    clock.advance(1_000);
    assert.equal(listening.allows("kitchen"), false);
  });
});
