// The model speaks without a text of the user: at the beginning of a conversation, or when the flow asks for it.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { promptFor } from "../../../live/input/input";
import { silence, speech } from "../../speech";
import { accept, answer, begin, cut, Exchange, finish } from "../exchange";
import { startSimulated } from "../simulated";
import { continuity, settings, type TalkOptions } from "../talk";

const greets = { settings: { ...settings, speaksFirst: true } };
const restarts = { ...greets, continuity: { ...continuity, onConnectionLoss: "restart" } } as const;
const withModel = (model: string): TalkOptions => ({ settings: { ...greets.settings, model } });
const GREETING = `user: ${promptFor().text}`;

/** A conversation in which the model was asked to speak, and has. */
async function startGreeted(options: TalkOptions = greets) {
  const exchange = await Exchange.start({ text: answer }, options);
  exchange.talk.conversation.connect();
  await exchange.talk.next("turnComplete");
  return exchange;
}

describe("a model that speaks first", () => {
  it("is asked to speak as soon as the conversation opens", async () => {
    const exchange = await startGreeted();
    assert.deepEqual(exchange.lines(/^1/), ["1 setup new", `1 text ${GREETING}`]);
  });

  it("is asked by realtimeInput on 3.1, and before the sound that opens the conversation", async () => {
    const exchange = await Exchange.start({}, withModel("gemini-3.1-flash-live-preview"));
    exchange.talk.speak(silence(20));
    await exchange.seen("1 sound 20");
    assert.deepEqual(exchange.lines(/^1/), [
      "1 setup new",
      `1 realtimeText ${promptFor().text}`,
      "1 sound 20",
    ]);
  });

  it("has no text of the user in the end of a greeting that a lost connection cuts", async () => {
    const exchange = await Exchange.start(
      {
        text: (line) => {
          begin(line);
          cut(line);
        },
      },
      greets,
    );
    exchange.talk.conversation.connect();
    const { reason, texts } = await exchange.talk.next("turnComplete");
    assert.deepEqual([reason, texts], ["CONNECTION_LOST", undefined]);
  });

  it("is not asked when a text opens the conversation", async () => {
    const exchange = await Exchange.start({ text: answer }, greets);
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(exchange.lines(/text/), ["1 text user: hello"]);
  });

  for (const [model, kind] of [
    ["gemini-3.8-live", "context"],
    ["gemini-3.1-flash-live-preview", "text"],
  ] as const)
    it(`gets the history first, on ${model}`, async () => {
      const exchange = await Exchange.start({}, withModel(model));
      const greeted = exchange.seen(
        model === "gemini-3.8-live" ? `1 text ${GREETING}` : `1 realtimeText ${promptFor().text}`,
      );
      await exchange.talk.send({ kind: "history", turns: [{ role: "user", text: "I am Ada." }] });
      await greeted;
      assert.equal(exchange.log.items[1], `1 ${kind} user: I am Ada.`);
    });

  for (const [what, options] of [
    ["a resume", greets],
    ["a restart with context", restarts],
  ] as const)
    it(`does not speak first again after ${what}`, async () => {
      const exchange = await startGreeted(options);
      cut(exchange.line());
      await exchange.talk.next("resumed");
      await exchange.settled();
      assert.deepEqual(exchange.lines(/^2 text/), []);
    });

  it("speaks first again after a reset", async () => {
    const exchange = await startGreeted();
    exchange.talk.conversation.reset();
    await exchange.seen(`2 text ${GREETING}`);
  });

  it("does not speak first in a conversation that was stored before a restart", async () => {
    const handles = { load: async () => ({ handle: "stored", unanswered: [] }), save() {} };
    const exchange = await Exchange.start({}, { ...greets, handles });
    exchange.talk.conversation.connect();
    await exchange.talk.next("resumed");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/^1/), ["1 setup stored"]);
  });

  for (const [what, options] of [
    ["resumes", greets],
    ["restarts with context", restarts],
  ] as const)
    it(`is asked once more when the connection breaks before it speaks and the conversation ${what}`, async () => {
      const exchange = await Exchange.start({}, options);
      exchange.talk.conversation.connect();
      for (const number of [1, 2]) {
        await exchange.seen(`${number} text ${GREETING}`);
        cut(exchange.line());
      }
      await exchange.talk.next("resumed", ({ attempts }) => attempts > 0);
      await exchange.seen(`3 setup ${options === greets ? "handle 2" : "plain"}`);
      await exchange.settled();
      assert.deepEqual(exchange.lines(/^3 text/), []);
    });

  it("is not asked when it takes no texts", async () => {
    const exchange = await Exchange.start({}, withModel("gemini-3.5-live-translate-preview"));
    exchange.talk.conversation.connect();
    await exchange.talk.enters("connected");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/^1/), ["1 setup new"]);
  });

  it("greets, and the user's speech interrupts it", async () => {
    const { talk } = await startSimulated(greets);
    talk.conversation.connect();
    await talk.next("turnComplete");
    assert.match(talk.all("text").find(({ final }) => final)!.text, /Hello!/);
    talk.conversation.reset();
    await talk.next("audio");
    talk.speak(Buffer.concat([speech, silence(1_000)]));
    await talk.next("interrupted");
    await talk.next("text", ({ final, role, text }) => final && role === "model" && /Echo/.test(text));
  });
});

describe("a reply that the flow asks for", () => {
  const reply = (exchange: Exchange, instruction?: string, more: object = {}) =>
    exchange.talk.send({ ...promptFor(instruction), ...more });

  it("is asked for with the instruction, and is done when that was sent", async () => {
    const exchange = await Exchange.start({ text: answer });
    await reply(exchange, "Say that the washing machine is done.");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(exchange.lines(/text/), ["1 text user: Say that the washing machine is done."]);
  });

  it("is part of the history without what asked for it", async () => {
    const exchange = await Exchange.start({ text: answer }, { continuity: restarts.continuity });
    await reply(exchange, "Say hello.");
    await exchange.talk.next("turnComplete");
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/^2 (text|context)/), ["2 context model: Well, yes"]);
  });

  it("is awaited: what waits for an idle moment comes after it", async () => {
    const exchange = await Exchange.start();
    await reply(exchange);
    const news = exchange.talk.sayWhenIdle("The door is open.", false);
    await exchange.settled();
    assert.deepEqual(exchange.lines(/context/), []);
    finish(exchange.line());
    await news;
    await exchange.seen("1 context user: The door is open.");
  });

  it("waits itself for an idle moment with whenIdle", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello");
    const waiting = reply(exchange, "Say goodbye.", { whenIdle: true });
    await exchange.settled();
    assert.deepEqual(exchange.lines(/goodbye/), []);
    finish(exchange.line());
    await waiting;
    await exchange.seen("1 text user: Say goodbye.");
  });

  it("that does not come is a stall", async () => {
    const exchange = await Exchange.start({}, { continuity: { ...continuity, stallTimeoutMs: 15_000 } });
    await reply(exchange);
    await exchange.pass(16_000);
    assert.equal(exchange.talk.all("stall").length, 1);
  });

  it("is rejected by interrupt while it waits for the connection", async () => {
    let open = () => {};
    const exchange = await Exchange.start({
      setup: (line) => {
        open = () => accept(line);
      },
    });
    const stopped = assert.rejects(reply(exchange, "Say hello."), /stopped before it was sent/);
    await exchange.seen("1 setup new");
    exchange.talk.conversation.interrupt();
    open();
    await stopped;
    await exchange.settled();
    assert.deepEqual(exchange.lines(/text/), []);
  });

  it("is an error on a model that takes no texts, and opens nothing", async () => {
    const exchange = await Exchange.start({}, withModel("gemini-3.5-transcribe-live"));
    await assert.rejects(reply(exchange), /transcribe-live cannot be asked to speak.*another model/);
    assert.equal(exchange.talk.conversation.state, "disconnected");
  });
});
