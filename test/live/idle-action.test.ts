// What a conversation does when it becomes idle: it ends, changes over, or sends the texts that wait for that moment.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ServedTool } from "../../live/tools/tool-dispatch";
import { answer, begin, Exchange, finish } from "./exchange";
import { continuity, settings } from "./talk";

const tool = (name = "lookup", more: Partial<ServedTool> = {}): ServedTool => ({
  declaration: { name, description: name },
  server: `${name} node`,
  timeoutMs: 5_000,
  check: () => undefined,
  ...more,
});
const functionCall = { toolCall: { functionCalls: [{ id: "1", name: "lookup", args: {} }] } };
/** Calls the tool without blocking: the turn ends with the call (docs/live-api.md 1.5). */
const callTool = (exchange: Exchange) => {
  exchange.reply(functionCall);
  exchange.reply({ serverContent: { generationComplete: true, turnComplete: true } });
};

describe("texts that wait until the conversation is idle", () => {
  it("are sent after the answer that is running", async () => {
    const exchange = await Exchange.start({
      text: (line, text) => (text === "a question" ? begin(line) : answer(line)),
    });
    await exchange.talk.say("a question");
    const sent = exchange.talk.sayWhenIdle("the laundry is done");
    await exchange.talk.next("text");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/laundry/), []);
    finish(exchange.line());
    await sent;
    await exchange.seen("1 text user: the laundry is done");
    assert.equal(exchange.talk.all("turnComplete")[0]!.turn, 1);
  });

  it("are sent after a SILENT tool response, which the server does not answer", async () => {
    const exchange = await Exchange.start({}, { tools: () => [tool()] });
    await exchange.talk.say("hello", false);
    callTool(exchange);
    await exchange.talk.next("turnComplete");
    const sent = exchange.talk.sayWhenIdle("the washing machine is done");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/1 text/), []);
    await exchange.talk.respond("1", "ok", { scheduling: "SILENT" });
    await sent;
    await exchange.seen("1 text user: the washing machine is done");
  });

  it("are sent after the answer to a tool response that came before the turn of the call was complete", async () => {
    const exchange = await Exchange.start({}, { tools: () => [tool()] });
    await exchange.talk.say("hello", false);
    exchange.reply(functionCall);
    await exchange.talk.next("toolCall");
    await exchange.talk.respond("1", "ok");
    const sent = exchange.talk.sayWhenIdle("news");
    exchange.reply({ serverContent: { generationComplete: true } });
    exchange.reply({ serverContent: { turnComplete: true } });
    await exchange.talk.next("turnComplete");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/news/), []);
    answer(exchange.line());
    await sent;
  });

  it("are sent after the answer to a tool response that came during another answer", async () => {
    const exchange = await Exchange.start({ text: begin }, { tools: () => [tool()] });
    await exchange.talk.say("hello", false);
    callTool(exchange);
    await exchange.talk.next("turnComplete");
    await exchange.talk.say("a question");
    await exchange.talk.next("audio");
    await exchange.talk.respond("1", "ok");
    const sent = exchange.talk.sayWhenIdle("news");
    finish(exchange.line());
    await exchange.talk.next("turnComplete");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/news/), []);
    answer(exchange.line());
    await sent;
  });

  it("are sent after the model's answer to a tool timeout", async () => {
    const exchange = await Exchange.start({}, { tools: () => [tool()] });
    await exchange.talk.say("hello", false);
    callTool(exchange);
    await exchange.talk.next("toolCall");
    const sent = exchange.talk.sayWhenIdle("news");
    await exchange.pass(5_000);
    await exchange.seen("1 response 1");
    assert.deepEqual(exchange.lines(/news/), []);
    answer(exchange.line());
    await sent;
  });

  it("are sent after a stall that is only reported", async () => {
    const exchange = await Exchange.start({}, { continuity: { ...continuity, stallTimeoutMs: 5_000 } });
    await exchange.talk.say("hello");
    const sent = exchange.talk.sayWhenIdle("news");
    await exchange.pass(4_000);
    assert.deepEqual(exchange.lines(/news/), []);
    await exchange.pass(2_000);
    await sent;
  });

  it("are sent 3 s after an interrupt that the server never confirms", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("tell me a story");
    await exchange.talk.next("audio");
    exchange.talk.conversation.interrupt();
    const sent = exchange.talk.sayWhenIdle("news");
    await exchange.pass(4_000);
    await sent;
  });

  it("are sent in order, each after the answer to the previous one", async () => {
    const exchange = await Exchange.start({ text: answer });
    await exchange.talk.say("hello", false);
    await Promise.all(["one", "two", "three"].map((text) => exchange.talk.sayWhenIdle(text)));
    await exchange.seen("1 text user: three");
    assert.deepEqual(exchange.lines(/1 text/), [
      "1 text user: one",
      "1 text user: two",
      "1 text user: three",
    ]);
  });

  it("are sent at once, one after the other, when they are context only", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    const sent = Promise.all(["fact one", "fact two"].map((text) => exchange.talk.sayWhenIdle(text, false)));
    finish(exchange.line());
    await sent;
    await exchange.seen("1 context user: fact two");
  });

  it("are at most 100: one more is rejected with an error", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    for (let n = 0; n < 100; n++) exchange.talk.sayWhenIdle(`text ${n}`).catch(() => {});
    await assert.rejects(exchange.talk.sayWhenIdle("one more"), /100 texts already wait/);
  });

  it("rejects a text with images when those that wait are 16 MB", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    const data = "A".repeat(6 * 1024 * 1024);
    const parts = [{ inlineData: { mimeType: "image/png" as const, data } }];
    const errors: (string | undefined)[] = [];
    for (let n = 0; n < 3; n++)
      exchange.talk.conversation.send(
        { kind: "text", text: "look", parts, turnComplete: true, whenIdle: true },
        (error) => errors.push(error?.message),
      );
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /16 MB already wait until the conversation is idle/);
  });
});

describe("a conversation that becomes idle", () => {
  it("changes over to a new setup after a SILENT tool response", async () => {
    let tools = [tool()];
    const exchange = await Exchange.start({}, { tools: () => tools });
    await exchange.talk.say("hello", false);
    callTool(exchange);
    await exchange.talk.next("turnComplete");
    tools = [...tools, tool("another")];
    exchange.talk.conversation.updateTools();
    await exchange.settled();
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new"]);
    await exchange.talk.respond("1", "ok", { scheduling: "SILENT" });
    await exchange.seen("2 setup handle 1");
    assert.deepEqual(exchange.lines(/response/), ["1 response 1"], "the response goes out before");
  });

  it("is not idle while an extended-thinking model works in the background", async () => {
    const exchange = await Exchange.start(
      {
        text: (line) => {
          begin(line);
          line.reply({ serverContent: { turnComplete: true }, interactionStatus: "IN_PROGRESS" });
        },
      },
      { settings: { ...settings, model: "gemini-3.8-live-extended-thinking", singleTurn: true } },
    );
    await exchange.talk.say("think hard");
    assert.equal((await exchange.talk.next("thinking")).thinking, true);
    assert.equal(exchange.talk.conversation.state, "connected");
    begin(exchange.line());
    exchange.reply({ serverContent: { turnComplete: true, interactionStatus: "IDLE" } });
    assert.equal((await exchange.talk.next("thinking")).thinking, false);
    assert.equal(exchange.talk.conversation.state, "closed");
  });

  it("is idle after a turn that ends without an interactionStatus", async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        begin(line);
        line.reply({ serverContent: { turnComplete: true }, interactionStatus: "IN_PROGRESS" });
      },
    });
    await exchange.talk.say("think hard");
    await exchange.talk.next("thinking");
    const sent = exchange.talk.sayWhenIdle("news");
    answer(exchange.line());
    assert.equal((await exchange.talk.next("thinking")).thinking, false);
    await sent;
  });
});

describe("a single-turn conversation", () => {
  const singleTurn = { settings: { ...settings, singleTurn: true } };

  it("closes after its answer; the next one starts without handle and history", async () => {
    const exchange = await Exchange.start({ text: answer }, singleTurn);
    for (const text of ["first", "second"]) {
      await exchange.talk.say(text);
      assert.equal((await exchange.talk.next("turnComplete")).turn, 1);
      await exchange.talk.enters("closed");
    }
    assert.deepEqual(exchange.lines(/setup|text/), [
      "1 setup plain",
      "1 text user: first",
      "2 setup plain",
      "2 text user: second",
    ]);
  });

  it("closes after a SILENT tool response, not while the tool call is open", async () => {
    const exchange = await Exchange.start(
      { text: ({ reply }) => reply(functionCall) },
      { tools: () => [tool()], ...singleTurn },
    );
    await exchange.talk.say("note this down");
    await exchange.talk.next("toolCall");
    exchange.reply({ serverContent: { generationComplete: true, turnComplete: true } });
    await exchange.talk.next("turnComplete");
    assert.equal(exchange.talk.conversation.state, "connected");
    await exchange.talk.respond("1", "ok", { scheduling: "SILENT" });
    assert.equal(exchange.talk.conversation.state, "closed");
  });
});

describe("a token budget", () => {
  it("ends the conversation after the answer that uses it up; later texts are rejected until a reset", async () => {
    const usageMetadata = { totalTokenCount: 60, promptTokenCount: 40, responseTokenCount: 20 };
    const exchange = await Exchange.start(
      {
        text: (line) => {
          begin(line);
          line.reply({ serverContent: { generationComplete: true } });
          line.reply({ serverContent: { turnComplete: true }, usageMetadata });
        },
      },
      { continuity: { ...continuity, tokenBudget: 120 } },
    );
    const { talk } = exchange;
    for (const text of ["first", "second"]) {
      await talk.say(text);
      await talk.next("turnComplete");
    }
    assert.match((await talk.next("refused")).why, /has used 120 tokens of its budget of 120/);
    assert.equal(talk.conversation.state, "closed");
    await assert.rejects(talk.say("third"), /has used 120 tokens.*reset/);
    talk.conversation.connect();
    talk.speak(Buffer.alloc(640));
    await talk.signal("audioStreamEnd");
    assert.equal(talk.conversation.state, "closed", "nothing but a reset opens it");
    talk.conversation.reset();
    await talk.say("fourth");
    await talk.next("turnComplete");
    assert.deepEqual(exchange.lines(/sound/), [], "sound that came in between is not sent");
    assert.deepEqual(
      talk.all("usage").map(({ usage }) => [usage.turn.total, usage.conversation.total, usage.context]),
      [
        [60, 60, { tokens: 60, window: 131_072, percent: 0 }],
        [60, 120, { tokens: 60, window: 131_072, percent: 0 }],
        [60, 60, { tokens: 60, window: 131_072, percent: 0 }],
      ],
    );
  });

  it("that is used up makes each press of push to talk an error; release and sound are ignored", async () => {
    const usageMetadata = { totalTokenCount: 60, promptTokenCount: 40, responseTokenCount: 20 };
    const exchange = await Exchange.start(
      { text: ({ reply }) => reply({ serverContent: { turnComplete: true }, usageMetadata }) },
      {
        settings: { ...settings, turnDetection: "manual" },
        continuity: { ...continuity, tokenBudget: 60 },
      },
    );
    const { talk } = exchange;
    await talk.say("hello");
    await talk.next("refused");
    for (let press = 1; press <= 2; press++) {
      await assert.rejects(talk.signal("activityStart"), /has used 60 tokens of its budget of 60.*reset/);
      talk.speak(Buffer.alloc(640));
      await talk.signal("activityEnd");
    }
    assert.equal(talk.conversation.state, "closed");
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new"]);
  });
});
