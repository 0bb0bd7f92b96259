// Tool calls: each goes to the flow once, and gets one response.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { silence } from "../../speech";
import { cut, Exchange } from "../exchange";
import { continuity, settings } from "../talk";

const tool = (name: string, more: Partial<ServedTool> = {}, behavior?: string): ServedTool => ({
  declaration: { name, description: name, ...(behavior && { behavior }) } as ServedTool["declaration"],
  server: `the ${name} node`,
  timeoutMs: 30_000,
  check: () => undefined,
  ...more,
});

/** A conversation that is open, with these tools. */
async function start(
  tools: readonly ServedTool[] = [tool("get_weather")],
  options: Parameters<typeof Exchange.start>[1] = {},
) {
  const exchange = await Exchange.start({}, { tools: () => tools, ...options });
  exchange.talk.conversation.connect();
  await exchange.talk.enters("connected");
  return exchange;
}

const call = (exchange: Exchange, ...functionCalls: { id?: string; name?: string; args?: object }[]) =>
  exchange.reply({ toolCall: { functionCalls } });
const noResponseWanted = /waits for no response/;

describe("the tools in the setup", () => {
  it("are the declarations, with Google Search beside them", async () => {
    const exchange = await start([tool("get_weather"), tool("switch_light", {}, "BLOCKING")], {
      settings: { ...settings, googleSearch: true },
    });
    assert.deepEqual(exchange.setups[0]!.tools, [
      {
        functionDeclarations: [
          { name: "get_weather", description: "get_weather" },
          { name: "switch_light", description: "switch_light", behavior: "BLOCKING" },
        ],
      },
      { googleSearch: {} },
    ]);
  });
});

describe("a tool call", () => {
  it("reaches the flow once, however often the server sends it, also when it has been answered", async () => {
    const exchange = await start();
    const weather = { id: "1", name: "get_weather" };
    call(exchange, weather, weather);
    call(exchange, weather);
    await exchange.settled();
    await exchange.talk.respond("1", "sunny");
    await exchange.seen("1 response 1");
    call(exchange, weather);
    await exchange.settled();
    assert.equal(exchange.talk.all("toolCall").length, 1);
    assert.deepEqual(exchange.lines(/response/), ["1 response 1"]);
  });

  it("reaches the flow again when the server sends it over a new connection: its response was lost", async () => {
    const exchange = await start();
    const weather = { id: "1", name: "get_weather" };
    call(exchange, weather);
    await exchange.talk.next("toolCall");
    await exchange.talk.respond("1", "sunny");
    cut(exchange.line());
    await exchange.talk.next("resumed");
    call(exchange, weather);
    await exchange.talk.next("toolCall");
    await exchange.talk.respond("1", "sunny");
    await exchange.seen("2 response 1");
  });

  it("reaches the flow with its arguments; several are answered in any order", async () => {
    const exchange = await start([tool("get_weather"), tool("get_time")]);
    const { talk } = exchange;
    call(exchange, { id: "1", name: "get_weather", args: { city: "Berlin" } }, { id: "2", name: "get_time" });
    const first = (await talk.next("toolCall")).call;
    const second = (await talk.next("toolCall")).call;
    assert.deepEqual(
      [first, second].map(({ id, name, args, server }) => [id, name, args, server]),
      [
        ["1", "get_weather", { city: "Berlin" }, "the get_weather node"],
        ["2", "get_time", {}, "the get_time node"],
      ],
    );
    await talk.respond("2", "noon");
    assert.deepEqual(await exchange.response(), { id: "2", name: "get_time", response: { output: "noon" } });
    await talk.respond("1", "sunny", { scheduling: "SILENT" });
    assert.equal((await exchange.response()).scheduling, "SILENT");
  });

  it("rejects duplicate and unknown tool responses with an error and sends nothing", async () => {
    const exchange = await start();
    const { talk } = exchange;
    call(exchange, { id: "1", name: "get_weather" });
    await talk.next("toolCall");
    await talk.respond("1", "sunny");
    await exchange.response();
    for (const id of ["1", "7"]) await assert.rejects(talk.respond(id, "rainy"), noResponseWanted);
    await exchange.settled();
    assert.deepEqual(exchange.lines(/response/), ["1 response 1"]);
  });

  it("takes several responses while each says willContinue, and one last response", async () => {
    const exchange = await start();
    const { talk } = exchange;
    call(exchange, { id: "1", name: "get_weather" });
    await talk.next("toolCall");
    await talk.respond("1", "looking", { willContinue: true });
    assert.equal((await exchange.response()).willContinue, true);
    await talk.respond("1", "sunny");
    assert.equal((await exchange.response()).willContinue, undefined);
    await assert.rejects(talk.respond("1", "rainy"), noResponseWanted);
  });

  it("with invalid arguments, or of an unknown tool, does not reach the flow: the model gets the reason", async () => {
    const exchange = await start([tool("get_weather", { check: () => "city must be a string" })]);
    call(exchange, { id: "1", name: "get_weather", args: { city: 7 } }, { id: "2", name: "unknown" });
    assert.deepEqual((await exchange.response()).response, { error: "city must be a string" });
    assert.deepEqual((await exchange.response()).response, { error: "There is no tool named unknown." });
    assert.equal(exchange.talk.all("toolCall").length, 0);
  });

  it("without an id or a name, which no server sends, is reported as an error; the calls beside it are made", async () => {
    const exchange = await start();
    call(exchange, { name: "get_weather" }, { id: "2" }, { id: "3", name: "get_weather" });
    assert.equal((await exchange.talk.next("toolCall")).call.id, "3");
    const errors = exchange.talk.all("failed").map(({ error }) => error.message);
    assert.match(errors[0]!, /without an id/);
    assert.match(errors[1]!, /without a name/);
    assert.equal(errors.length, 2);
  });

  it("times out: the flow and the model are told, and a late response is rejected", async () => {
    const exchange = await start([tool("get_weather", { timeoutMs: 5_000 })]);
    const { talk } = exchange;
    call(exchange, { id: "1", name: "get_weather" });
    const { calledAt } = (await talk.next("toolCall")).call;
    talk.clock.advance(calledAt + 4_990 - talk.clock.now());
    talk.conversation.watch();
    assert.equal(talk.all("toolCancelled").length, 0);
    talk.clock.advance(10);
    talk.conversation.watch();
    assert.equal((await talk.next("toolCancelled")).reason, "timeout");
    assert.match(String((await exchange.response()).response.error), /did not respond in time/);
    await assert.rejects(talk.respond("1", "late"), noResponseWanted);
  });

  it("that the server cancels is cancelled in the flow, and a late response is rejected", async () => {
    const exchange = await start();
    call(exchange, { id: "1", name: "get_weather" });
    await exchange.talk.next("toolCall");
    exchange.reply({ toolCallCancellation: { ids: ["1", "unknown"] } });
    const { call: cancelled, reason } = await exchange.talk.next("toolCancelled");
    assert.deepEqual([cancelled.id, reason], ["1", "cancelled"]);
    await assert.rejects(exchange.talk.respond("1", "late"), noResponseWanted);
  });

  it("stays open over a resume, and a response that came meanwhile is sent once", async () => {
    const exchange = await start();
    const { talk } = exchange;
    await exchange.settled();
    call(exchange, { id: "1", name: "get_weather" });
    await talk.next("toolCall");
    cut(exchange.line());
    await talk.enters("connecting");
    await talk.respond("1", "sunny");
    assert.deepEqual((await exchange.response()).response, { output: "sunny" });
    assert.deepEqual(exchange.lines(/response/), ["2 response 1"]);
    assert.equal(talk.all("toolCancelled").length, 0);
  });

  it("ends with its conversation: the flow gets a cancellation, and a waiting response an error", async () => {
    const exchange = await start(undefined, { continuity: { ...continuity, onConnectionLoss: "restart" } });
    const { talk } = exchange;
    call(exchange, { id: "1", name: "get_weather" }, { id: "2", name: "get_weather" });
    await talk.next("toolCall");
    cut(exchange.line());
    await talk.enters("connecting");
    await assert.rejects(talk.respond("1", "sunny"), /conversation that called the tool has ended/);
    assert.deepEqual(
      talk.all("toolCancelled").map(({ call: { id }, reason }) => [id, reason]),
      [["2", "lost"]],
    );
  });

  it("of a model without scheduling gets its response without it", async () => {
    const exchange = await start(undefined, {
      settings: { ...settings, model: "gemini-3.1-flash-live-preview" },
    });
    call(exchange, { id: "1", name: "get_weather" });
    await exchange.talk.next("toolCall");
    await exchange.talk.respond("1", "sunny", { scheduling: "WHEN_IDLE" });
    assert.equal((await exchange.response()).scheduling, undefined);
  });

  for (const [model, behavior, blocking] of [
    ["gemini-3.8-live", undefined, false],
    ["gemini-3.8-live", "BLOCKING", true],
    ["gemini-3.8-live-extended-thinking", "BLOCKING", false],
    ["gemini-3.1-flash-live-preview", "NON_BLOCKING", true],
  ] as const)
    it(`is ${blocking ? "blocking" : "non-blocking"} with ${model} and behavior ${behavior ?? "model default"}`, async () => {
      const exchange = await start([tool("get_weather", {}, behavior)], { settings: { ...settings, model } });
      call(exchange, { id: "1", name: "get_weather" });
      assert.equal((await exchange.talk.next("toolCall")).call.blocking, blocking);
    });
});

describe("sound during a blocking tool call of a 3.1 model, which would close the connection", () => {
  const startSilenced = async () => {
    const exchange = await start(undefined, {
      settings: { ...settings, model: "gemini-3.1-flash-live-preview" },
    });
    call(exchange, { id: "1", name: "get_weather" });
    await exchange.talk.next("toolCall");
    exchange.talk.speak(silence(100));
    return exchange;
  };

  it("waits for the tool response", async () => {
    const exchange = await startSilenced();
    exchange.talk.clock.advance(9_000);
    await exchange.talk.respond("1", "sunny");
    await exchange.response();
    assert.deepEqual(exchange.lines(/sound/), []);
    await exchange.seen("1 sound 20");
  });

  it("waits 10 s at most", async () => {
    const exchange = await startSilenced();
    await exchange.pass(9_000);
    assert.deepEqual(exchange.lines(/sound/), []);
    await exchange.pass(2_000);
    assert.equal(exchange.lines(/sound/).length, 5);
  });
});
