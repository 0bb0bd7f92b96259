// Resumed conversations that never answer, and history that a resume loses (docs/live-api.md 2).

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { silence, speech } from "../../speech";
import { accept, answer, cut, Exchange } from "../exchange";
import { startSimulated } from "../simulated";
import { continuity, settings } from "../talk";

const seed = (exchange: Exchange) =>
  exchange.talk.send({ kind: "history", turns: [{ role: "user", text: "My name is Ada." }] });

describe("a resumed conversation", () => {
  it("restarts with context when it does not answer, and sends the text again", async () => {
    const exchange = await Exchange.start(
      { text: (line) => line.number !== 2 && answer(line) },
      { continuity: { ...continuity, stallTimeoutMs: 5_000, onStall: "report" } },
    );
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    cut(exchange.line());
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
    await exchange.talk.say("Are you there?");
    await exchange.seen("2 text user: Are you there?");
    await exchange.pass(6_000);
    assert.equal((await exchange.talk.next("resumed")).remembered, false);
    await exchange.talk.next("turnComplete", ({ reason }) => reason === undefined);
    assert.deepEqual(exchange.lines(/setup|3 /), [
      "1 setup new",
      "2 setup handle 1",
      "3 setup new",
      "3 context user: hello | model: Well, yes",
      "3 text user: Are you there?",
    ]);
    assert.deepEqual(
      exchange.talk.all("stall").map(({ cure }) => cure),
      ["restart"],
    );
  });

  for (const [what, frames] of [
    ["nothing", []],
    ["generationComplete", [{ serverContent: { generationComplete: true } }]],
    ["interrupted", [{ serverContent: { interrupted: true } }]],
  ] as const)
    it(`restarts with context when a text that was sent again gets ${what}: the text is lost, belongs to the context, and is named`, async () => {
      const exchange = await Exchange.start(
        { text: (line, text) => text !== "Are you there?" && answer(line) },
        { continuity: { ...continuity, stallTimeoutMs: 5_000, onStall: "report" } },
      );
      await exchange.talk.say("hello");
      await exchange.talk.next("turnComplete");
      await exchange.talk.say("Are you there?");
      await exchange.seen("1 text user: Are you there?");
      cut(exchange.line());
      assert.equal((await exchange.talk.next("resumed")).remembered, true);
      await exchange.seen("2 text user: Are you there?");
      for (const frame of frames) exchange.reply(frame);
      await exchange.settled();
      await exchange.pass(6_000);
      const { reason, texts } = await exchange.talk.next("turnComplete");
      assert.deepEqual([reason, texts], ["CONNECTION_LOST", ["Are you there?"]]);
      assert.equal((await exchange.talk.next("resumed")).remembered, false);
      await exchange.talk.say("And now?");
      await exchange.talk.next("turnComplete");
      assert.deepEqual(exchange.lines(/3 (context|text)/), [
        "3 context user: hello | model: Well, yes | user: Are you there?",
        "3 text user: And now?",
      ]);
    });

  for (const [what, frames] of [
    ["interrupted", [{ serverContent: { interrupted: true } }]],
    [
      "an interrupted turn",
      [{ serverContent: { interrupted: true } }, { serverContent: { turnComplete: true } }],
    ],
  ] as const)
    it(`restarts with context when it answers a text with nothing but ${what}, and sends the text again`, async () => {
      const exchange = await Exchange.start(
        {
          text: (line) => {
            if (line.number !== 2) return answer(line);
            for (const frame of frames) line.reply(frame);
          },
        },
        { continuity: { ...continuity, stallTimeoutMs: 5_000, onStall: "report" } },
      );
      await exchange.talk.say("hello");
      await exchange.talk.next("turnComplete");
      cut(exchange.line());
      await exchange.talk.next("resumed");
      await exchange.talk.say("Are you there?");
      await exchange.talk.next("interrupted");
      await exchange.pass(6_000);
      await exchange.seen("3 text user: Are you there?");
      assert.equal((await exchange.talk.next("resumed")).remembered, false);
    });

  it("restarts with context when it transcribes speech, and does not answer it", async () => {
    const { simulator, talk, clock } = await startSimulated(
      { continuity: { ...continuity, stallTimeoutMs: 5_000, onStall: "report" } },
      { script: [{ at: "ready", resumed: true, do: "mute" }] },
    );
    await talk.say("hello");
    await talk.next("turnComplete");
    simulator.order({ at: "now", do: "cut" });
    assert.equal((await talk.next("resumed")).remembered, true);
    talk.speak(Buffer.concat([speech, silence(1_000)]));
    await talk.next("text", ({ role, text }) => role === "user" && /seconds of speech/.test(text));
    clock.after(6_000, () => talk.conversation.watch());
    assert.equal((await talk.next("resumed")).remembered, false);
    await talk.say("and now?");
    await talk.next("text", ({ final, text }) => final && /and now\?$/.test(text));
  });

  it("is not restarted once it has answered: a later stall is only reported", async () => {
    const exchange = await Exchange.start(
      { text: (line, text) => text !== "last" && answer(line) },
      { continuity: { ...continuity, stallTimeoutMs: 5_000, onStall: "report" } },
    );
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.talk.say("again");
    await exchange.talk.next("turnComplete");
    await exchange.talk.say("last");
    await exchange.pass(6_000);
    assert.deepEqual(
      exchange.talk.all("stall").map(({ cure }) => cure),
      ["report"],
    );
    assert.equal(exchange.lines(/setup/).length, 2);
  });

  it("gets the history again on 3.8, which was measured to forget it, and not on other models", async () => {
    for (const [model, wanted] of [
      ["gemini-3.8-live", ["1 context user: My name is Ada.", "2 context user: My name is Ada."]],
      ["gemini-2.5-flash-native-audio-preview-12-2025", ["1 context user: My name is Ada."]],
    ] as const) {
      const exchange = await Exchange.start({}, { settings: { ...settings, model } });
      await seed(exchange);
      await exchange.talk.say("Hi.", false);
      await exchange.settled();
      cut(exchange.line());
      await exchange.talk.next("resumed");
      await exchange.talk.say("Who am I?", false);
      await exchange.seen("2 context user: Who am I?");
      assert.deepEqual(exchange.lines(/Ada/), wanted);
    }
  });

  it("gets the history once on 3.8, also after several restarts with context", async () => {
    const refuse = { number: 2, code: 1008, reason: "BidiGenerateContent session not found" };
    const exchange = await Exchange.start({
      setup: (line) => {
        if (line.number === refuse.number) line.socket.close(refuse.code, refuse.reason);
        else accept(line);
      },
    });
    await seed(exchange);
    await exchange.settled();
    cut(exchange.line());
    assert.equal((await exchange.talk.next("resumed")).remembered, false);
    await exchange.seen("3 context user: My name is Ada.");
    await exchange.settled();
    cut(exchange.line());
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
    await exchange.talk.say("Who am I?", false);
    await exchange.seen("4 context user: Who am I?");
    assert.deepEqual(exchange.lines(/4 context/), [
      "4 context user: My name is Ada.",
      "4 context user: Who am I?",
    ]);
  });
});
