// What the server is told in the setup, and how a changed instruction or changed tools reach a running conversation.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { accept, answer, Exchange } from "../exchange";
import { continuity } from "../talk";

const tool = (name: string): ServedTool => ({
  declaration: { name, description: name },
  server: `the ${name} node`,
  timeoutMs: 30_000,
  check: () => undefined,
});
const toolNames = ({ setups }: Exchange) =>
  setups.map(({ tools }) => tools?.[0]?.functionDeclarations?.map(({ name }) => name) ?? []);
const instructions = ({ setups }: Exchange) =>
  setups.map(({ systemInstruction }) => systemInstruction?.parts[0]?.text);

describe("a changed instruction", () => {
  it("takes effect at the next idle moment: the conversation resumes with it", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    await exchange.settled();
    await exchange.talk.instruct("Speak like a pirate.");
    await exchange.talk.next("resumed");
    assert.deepEqual(instructions(exchange), [undefined, "Speak like a pirate."]);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new", "2 setup handle 1"]);
  });

  it("takes effect once connected when it comes while connecting", async () => {
    const exchange = await Exchange.start({
      setup: (line) => {
        if (line.number === 1) exchange.talk.conversation.instruct("Be brief.");
        accept(line);
      },
    });
    exchange.talk.conversation.connect();
    await exchange.talk.next("resumed");
    assert.deepEqual(instructions(exchange), [undefined, "Be brief."]);
  });

  it("is in the first setup when it comes before the conversation opens, and is kept for over an hour", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.instruct("Be brief.");
    assert.ok(exchange.talk.conversation.keepUntil > 60 * 60_000);
    await exchange.talk.say("hello", false);
    assert.deepEqual(instructions(exchange), ["Be brief."]);
  });

  it("does not outlive its conversation: after a reset the configured instruction counts", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.instruct("Be brief.");
    await exchange.talk.say("hello", false);
    exchange.talk.conversation.reset();
    await exchange.talk.say("hello again", false);
    assert.deepEqual(instructions(exchange), ["Be brief.", undefined]);
  });

  it('is rejected for an open conversation with "report only": the error says to disconnect first', async () => {
    const exchange = await Exchange.start({}, { continuity: { ...continuity, onConnectionLoss: "report" } });
    await exchange.talk.say("hello", false);
    await assert.rejects(exchange.talk.instruct("Be brief."), /"report only".*"disconnect"/);
    await exchange.settled();
    assert.deepEqual(exchange.lines(/setup/), ["1 setup plain"]);
  });
});

describe("changed tools", () => {
  it("reach a running conversation at its next idle moment: it resumes with them", async () => {
    let tools = [tool("get_weather")];
    const exchange = await Exchange.start({}, { tools: () => tools });
    await exchange.talk.say("hello", false);
    await exchange.settled();
    exchange.reply({ toolCall: { functionCalls: [{ id: "1", name: "get_weather" }] } });
    await exchange.talk.next("toolCall");
    tools = [...tools, tool("get_time")];
    exchange.talk.conversation.updateTools();
    assert.equal(exchange.talk.conversation.state, "connected");
    await exchange.talk.respond("1", "sunny");
    await exchange.seen("1 response 1");
    answer(exchange.line());
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
    assert.deepEqual(toolNames(exchange), [["get_weather"], ["get_weather", "get_time"]]);
  });

  it("reach a conversation that is connecting", async () => {
    let tools: ServedTool[] = [];
    let first = true;
    const exchange = await Exchange.start(
      {
        setup: (line) => {
          if (first) {
            first = false;
            tools = [tool("get_time")];
            exchange.talk.conversation.updateTools();
          }
          accept(line);
        },
      },
      { tools: () => tools },
    );
    exchange.talk.conversation.connect();
    await exchange.talk.next("resumed");
    assert.deepEqual(toolNames(exchange), [[], ["get_time"]]);
  });

  it("cause no new connection when only the node that serves them has changed", async () => {
    let tools = [tool("get_weather")];
    const exchange = await Exchange.start({}, { tools: () => tools });
    await exchange.talk.say("hello", false);
    tools = [{ ...tool("get_weather"), server: "another node" }];
    exchange.talk.conversation.updateTools();
    await exchange.settled();
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new"]);
    exchange.reply({ toolCall: { functionCalls: [{ id: "1", name: "get_weather" }] } });
    assert.equal((await exchange.talk.next("toolCall")).call.server, "another node");
  });
});
