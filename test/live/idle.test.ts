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
/** As the server ends a turn with a call that does not block (docs/live-api.md 1.5). */
const endOfCallTurn = { serverContent: { generationComplete: true, turnComplete: true } };

/** A text that waits for an idle moment; resolves when it was sent. */
const whenIdle = (exchange: Exchange, text: string, turnComplete = true) =>
  new Promise<void>((resolve, reject) =>
    exchange.talk.conversation.send({ kind: "text", text, turnComplete, whenIdle: true }, (error) =>
      error ? reject(error) : resolve(),
    ),
  );

describe("a conversation that becomes idle", () => {
  it("sends a waiting text after a silent tool response, though no other frame comes", async () => {
    const exchange = await Exchange.start({}, { tools: () => [tool()] });
    await exchange.talk.say("hello", false);
    exchange.reply(functionCall);
    exchange.reply(endOfCallTurn);
    await exchange.talk.next("turnComplete");
    const sent = whenIdle(exchange, "the washing machine is done");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/1 text/), []);
    exchange.talk.conversation.answer("1", { response: { output: "ok" }, scheduling: "SILENT" }, () => {});
    await sent;
    await exchange.seen("1 text user: the washing machine is done");
  });

  it("sends a waiting text after the answer to a tool that timed out", async () => {
    const exchange = await Exchange.start({}, { tools: () => [tool()] });
    await exchange.talk.say("hello", false);
    exchange.reply(functionCall);
    exchange.reply(endOfCallTurn);
    await exchange.talk.next("toolCall");
    const sent = whenIdle(exchange, "news");
    await exchange.pass(5_000);
    await exchange.seen("1 response 1");
    answer(exchange.line());
    await sent;
  });

  it("sends a waiting text after a stall that is only reported", async () => {
    const exchange = await Exchange.start({}, { continuity: { ...continuity, stallTimeoutMs: 5_000 } });
    await exchange.talk.say("hello");
    const sent = whenIdle(exchange, "news");
    await exchange.pass(4_000);
    assert.deepEqual(exchange.lines(/news/), []);
    await exchange.pass(2_000);
    await sent;
  });

  it("sends a waiting text after a stop that the server never confirms", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("tell me a story");
    await exchange.talk.next("audio");
    exchange.talk.conversation.interrupt();
    const sent = whenIdle(exchange, "news");
    await exchange.pass(4_000);
    await sent;
  });

  it("hears the next answer after a stop that the server never confirmed", async () => {
    const exchange = await Exchange.start({ text: (line, text) => text === "first" && begin(line) });
    await exchange.talk.say("first");
    await exchange.talk.next("audio");
    exchange.talk.conversation.interrupt();
    const before = exchange.talk.all("audio").length;
    begin(exchange.line());
    await exchange.settled();
    assert.equal(exchange.talk.all("audio").length, before, "what comes of a stopped answer is dropped");
    await exchange.pass(4_000);
    begin(exchange.line());
    await exchange.talk.next("audio");
  });

  it("sends every waiting text, in order: each after the answer to the one before", async () => {
    const exchange = await Exchange.start({ text: answer });
    await exchange.talk.say("hello", false);
    await Promise.all(["one", "two", "three"].map((text) => whenIdle(exchange, text)));
    await exchange.seen("1 text user: three");
    assert.deepEqual(exchange.lines(/1 text/), [
      "1 text user: one",
      "1 text user: two",
      "1 text user: three",
    ]);
  });

  it("sends waiting texts that want no answer one after the other", async () => {
    const exchange = await Exchange.start({ text: begin });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    const sent = Promise.all([whenIdle(exchange, "fact one", false), whenIdle(exchange, "fact two", false)]);
    finish(exchange.line());
    await sent;
    await exchange.seen("1 context user: fact two");
  });

  it("changes over to a changed setup at once when a silent tool response makes it idle", async () => {
    let tools = [tool()];
    const exchange = await Exchange.start({}, { tools: () => tools });
    await exchange.talk.say("hello", false);
    exchange.reply(functionCall);
    exchange.reply(endOfCallTurn);
    await exchange.talk.next("turnComplete");
    tools = [...tools, tool("another")];
    exchange.talk.conversation.updateTools();
    await exchange.settled();
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new"]);
    exchange.talk.conversation.answer("1", { response: {}, scheduling: "SILENT" }, () => {});
    await exchange.seen("2 setup handle 1");
    assert.deepEqual(exchange.lines(/response/), ["1 response 1"], "the response goes out before");
  });

  it("ends a single turn once its tool has responded silently", async () => {
    const exchange = await Exchange.start(
      { text: ({ reply }) => reply(functionCall) },
      { tools: () => [tool()], settings: { ...settings, singleTurn: true } },
    );
    await exchange.talk.say("note this down");
    await exchange.talk.next("toolCall");
    exchange.reply(endOfCallTurn);
    await exchange.talk.next("turnComplete");
    assert.equal(exchange.talk.conversation.state, "connected");
    exchange.talk.conversation.answer("1", { response: {}, scheduling: "SILENT" }, () => {});
    assert.equal(exchange.talk.conversation.state, "closed");
  });

  it("is not idle while an extended-thinking model works in the background", async () => {
    const exchange = await Exchange.start(
      {
        text: (line) => {
          begin(line);
          line.reply({ serverContent: { turnComplete: true }, interactionStatus: "IN_PROGRESS" });
        },
      },
      { settings: { ...settings, singleTurn: true } },
    );
    await exchange.talk.say("think hard");
    assert.equal((await exchange.talk.next("thinking")).thinking, true);
    assert.equal(exchange.talk.conversation.state, "connected");
    begin(exchange.line());
    exchange.reply({ serverContent: { turnComplete: true, interactionStatus: "IDLE" } });
    assert.equal((await exchange.talk.next("thinking")).thinking, false);
    assert.equal(exchange.talk.conversation.state, "closed");
  });

  it("is idle after a turn that ends without saying whether the model still works", async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        begin(line);
        line.reply({ serverContent: { turnComplete: true }, interactionStatus: "IN_PROGRESS" });
      },
    });
    await exchange.talk.say("think hard");
    await exchange.talk.next("thinking");
    const sent = whenIdle(exchange, "news");
    answer(exchange.line());
    assert.equal((await exchange.talk.next("thinking")).thinking, false);
    await sent;
  });
});

describe("the instruction of a conversation", () => {
  const instruct = (exchange: Exchange, instruction: string) =>
    new Promise<void>((resolve, reject) =>
      exchange.talk.conversation.instruct(instruction, (error) => (error ? reject(error) : resolve())),
    );
  const instructions = ({ farEnd }: Exchange) =>
    (farEnd.frames as { setup?: { systemInstruction?: { parts: { text: string }[] } } }[]).flatMap(
      ({ setup }) => (setup ? [setup.systemInstruction?.parts[0]?.text] : []),
    );

  it("that comes while connecting takes effect once connected", async () => {
    const exchange = await Exchange.start({
      setup: ({ number, reply }) => {
        if (number === 1) exchange.talk.conversation.instruct("Be brief.", () => {});
        reply({ setupComplete: {} });
        reply({ sessionResumptionUpdate: { newHandle: `handle ${number}`, resumable: true } });
      },
    });
    exchange.talk.conversation.connect();
    await exchange.talk.next("resumed");
    assert.deepEqual(instructions(exchange), [undefined, "Be brief."]);
  });

  it("that comes before the conversation is open is in its first setup", async () => {
    const exchange = await Exchange.start();
    await instruct(exchange, "Be brief.");
    assert.ok(exchange.talk.conversation.keepUntil > 60 * 60_000, "it is kept for more than an hour");
    await exchange.talk.say("hello", false);
    assert.deepEqual(instructions(exchange), ["Be brief."]);
  });

  it('cannot change with "report only" while the conversation is open: an error says what to do', async () => {
    const exchange = await Exchange.start({}, { continuity: { ...continuity, onConnectionLoss: "report" } });
    await exchange.talk.say("hello", false);
    await assert.rejects(instruct(exchange, "Be brief."), /"report only".*"disconnect"/);
    await exchange.settled();
    assert.deepEqual(exchange.lines(/setup/), ["1 setup plain"]);
  });
});
