// Stalls: the server sends nothing although it should.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { answer, begin, Exchange } from "../exchange";
import { continuity, settings } from "../talk";

const stallTimeout = { continuity: { ...continuity, stallTimeoutMs: 10_000 } };

describe("a stall", () => {
  it("is reported once when the server sends nothing for the stall timeout although an answer is due", async () => {
    const exchange = await Exchange.start({}, stallTimeout);
    await exchange.talk.say("hello");
    exchange.talk.clock.advance(9_000);
    exchange.talk.conversation.watch();
    assert.equal(exchange.talk.all("stall").length, 0);
    exchange.talk.clock.advance(1_000);
    exchange.talk.conversation.watch();
    exchange.talk.conversation.watch();
    assert.deepEqual(
      exchange.talk.all("stall").map(({ ms, cure }) => [ms >= 10_000, cure]),
      [[true, "report"]],
    );
  });

  it("resumes with on stall: resume, and sends the unanswered text again", async () => {
    const exchange = await Exchange.start(
      { text: (line) => line.number === 2 && answer(line) },
      { continuity: { ...stallTimeout.continuity, onStall: "resume" } },
    );
    await exchange.talk.say("hello");
    exchange.talk.clock.advance(10_000);
    exchange.talk.conversation.watch();
    await exchange.talk.next("turnComplete");
    assert.deepEqual(exchange.lines(/text|setup/), [
      "1 setup new",
      "1 text user: hello",
      "2 setup handle 1",
      "2 text user: hello",
    ]);
  });

  for (const [what, options] of [
    ["with report only", { continuity: { ...continuity, onConnectionLoss: "report" } }],
    ["in a single-turn conversation", { settings: { ...settings, singleTurn: true } }],
  ] as const)
    it(`is only reported ${what}, which cannot resume`, async () => {
      const care = { ...continuity, ...("continuity" in options && options.continuity) };
      const exchange = await Exchange.start(
        {},
        { ...options, continuity: { ...care, stallTimeoutMs: 10_000, onStall: "resume" } },
      );
      await exchange.talk.say("hello");
      await exchange.pass(11_000);
      assert.deepEqual(
        exchange.talk.all("stall").map(({ cure }) => cure),
        ["report"],
      );
      assert.equal(exchange.lines(/setup/).length, 1);
    });

  it("is reported although sound keeps coming from the user", async () => {
    const exchange = await Exchange.start({}, stallTimeout);
    await exchange.talk.say("hello");
    for (let second = 0; second < 11; second++) {
      exchange.talk.speak(Buffer.alloc(640));
      await exchange.pass(1_000);
    }
    assert.equal(exchange.talk.all("stall").length, 1);
  });

  it("is not reported while the server still sends", async () => {
    const exchange = await Exchange.start({}, stallTimeout);
    await exchange.talk.say("hello");
    for (let count = 0; count < 5; count++) {
      await exchange.pass(9_000);
      begin(exchange.line());
      await exchange.settled();
    }
    assert.equal(exchange.talk.all("stall").length, 0);
  });

  it("is not reported when no answer is due, however long", async () => {
    const exchange = await Exchange.start({ text: answer }, stallTimeout);
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    await exchange.pass(100_000);
    exchange.userSpeaks(true);
    await exchange.settled();
    await exchange.pass(100_000);
    assert.equal(exchange.talk.all("stall").length, 0);
  });

  it("is not reported while another blocking call has no response", async () => {
    const tool = {
      declaration: { name: "lookup", description: "Looks something up." },
      server: "the lookup node",
      timeoutMs: 600_000,
      check: () => undefined,
    };
    const exchange = await Exchange.start(
      {},
      {
        ...stallTimeout,
        tools: () => [tool],
        settings: { ...settings, model: "gemini-3.1-flash-live-preview" },
      },
    );
    await exchange.talk.say("hello");
    const functionCalls = ["1", "2"].map((id) => ({ id, name: "lookup" }));
    exchange.reply({ toolCall: { functionCalls } });
    await exchange.talk.next("toolCall", ({ call }) => call.id === "2");
    await exchange.talk.respond("1", "half of it");
    await exchange.pass(60_000);
    assert.equal(exchange.talk.all("stall").length, 0);
    await exchange.talk.respond("2", "the rest");
    await exchange.pass(11_000);
    assert.equal(exchange.talk.all("stall").length, 1);
  });

  it("is not reported while the sound of any answer may still play, the first or a later one", async () => {
    const exchange = await Exchange.start({}, stallTimeout);
    const mimeType = "audio/pcm;rate=24000";
    const data = Buffer.alloc(48 * 20_000).toString("base64");
    for (const turn of [1, 2]) {
      await exchange.talk.say("hello");
      exchange.reply({ serverContent: { modelTurn: { parts: [{ inlineData: { mimeType, data } }] } } });
      exchange.reply({ serverContent: { generationComplete: true } });
      await exchange.settled();
      await exchange.pass(25_000);
      exchange.reply({ serverContent: { turnComplete: true } });
      await exchange.talk.next("turnComplete", (event) => event.turn === turn);
    }
    assert.equal(exchange.talk.all("stall").length, 0);
  });

  it("is never reported with a stall timeout of 0", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello");
    await exchange.pass(100_000);
    assert.equal(exchange.talk.all("stall").length, 0);
  });
});
