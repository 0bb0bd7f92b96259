// A conversation of two hours: ten-minute connections, changed over and resumed.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { startSimulated } from "../simulated";
import { continuity } from "../talk";

describe("a conversation of two hours over connections of ten minutes, with losses in between", () => {
  it("stays one conversation: nothing is lost, and each pause is reported in a gap event", async () => {
    const { simulator, talk, clock } = await startSimulated({
      continuity: { ...continuity, reconnectAttempts: 8 },
    });
    /** Moves the time in steps of a second while connected, and until it is connected again while not. */
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        while (talk.conversation.state !== "connected") await talk.enters("connected");
        clock.advance(1_000);
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const MINUTES = 120;
    const EVERY = 4;
    for (let minute = 0; minute < MINUTES; minute += EVERY) {
      if (minute % 28 === 24) simulator.order({ at: "now", do: "cut" });
      await talk.say(`This is minute ${minute}.`);
      assert.equal((await talk.next("turnComplete")).reason, undefined);
      await pass(EVERY * 60_000);
    }
    const spoken = talk.all("text").filter(({ final, role }) => final && role === "model");
    assert.equal(spoken.length, MINUTES / EVERY);
    assert.equal(talk.all("failed").length, 0);
    assert.equal(simulator.conversations.length, 1, "one conversation for the server, too");
    const remembered = JSON.stringify(simulator.conversations[0]!.context);
    for (let minute = 0; minute < MINUTES; minute += EVERY)
      assert.match(remembered, new RegExp(`is minute ${minute}\\.`));
    assert.ok(talk.all("goAway").length >= 8, "the server announced the ends of its connections");
    const gaps = talk.all("gap");
    assert.equal(gaps.length, talk.all("resumed").length);
    assert.ok(talk.all("resumed").every((event) => event.remembered));
    assert.equal(
      gaps.reduce((sum, { lostSoundMs }) => sum + lostSoundMs, 0),
      0,
    );
  });
});
