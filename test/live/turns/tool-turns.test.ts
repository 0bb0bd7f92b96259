// The turns around blocking tool calls, when frames come in the order that clients of the real server report (docs/live-api.md 1.5).

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { Exchange, finish } from "../exchange";
import { continuity, settings } from "../talk";

const tool: ServedTool = {
  declaration: {
    name: "get_weather",
    description: "get_weather",
    behavior: "BLOCKING",
  } as ServedTool["declaration"],
  server: "the get_weather node",
  timeoutMs: 60_000,
  check: () => undefined,
};

/** An open conversation in which a silence of 5 s is a stall. */
async function start(model = settings.model, singleTurn = false) {
  const exchange = await Exchange.start(
    {},
    {
      tools: () => [tool],
      settings: { ...settings, model, singleTurn },
      continuity: { ...continuity, stallTimeoutMs: 5_000 },
    },
  );
  exchange.talk.conversation.connect();
  await exchange.talk.enters("connected");
  return exchange;
}

const sound = {
  serverContent: {
    modelTurn: { parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000", data: "AAAA" } }] },
  },
};
const toolCall = { toolCall: { functionCalls: [{ id: "1", name: "get_weather", args: {} }] } };

describe("audio that comes after the blocking call before which it was said", () => {
  for (const model of ["gemini-3.8-live", "gemini-3.1-flash-live-preview"])
    it(`is played, and a slow tool is no stall (${model})`, async () => {
      const exchange = await start(model);
      for (const frame of [sound, toolCall, sound]) exchange.reply(frame);
      await exchange.talk.next("toolCall");
      await exchange.pass(30_000);
      assert.equal(exchange.talk.all("audio").length, 2);
      assert.deepEqual(exchange.talk.all("stall"), []);
    });

  it("is not the answer to the response: a single turn ends after that answer", async () => {
    const exchange = await start("gemini-3.8-live", true);
    for (const frame of [sound, toolCall, sound]) exchange.reply(frame);
    await exchange.talk.next("toolCall");
    await exchange.settled();
    await exchange.talk.respond("1", "sunny");
    exchange.reply(sound);
    finish(exchange.line());
    await exchange.talk.enters("closed");
  });

  it("can end the turn of the call: a single turn waits for the answer to the response", async () => {
    const exchange = await start("gemini-2.5-flash-native-audio-preview-12-2025", true);
    for (const frame of [
      sound,
      toolCall,
      { serverContent: { outputTranscription: { finished: true } } },
      sound,
    ])
      exchange.reply(frame);
    finish(exchange.line(), "");
    await exchange.talk.next("turnComplete");
    await exchange.pass(30_000);
    await exchange.talk.respond("1", "sunny");
    exchange.reply(sound);
    finish(exchange.line());
    await exchange.talk.next("text", ({ final, text }) => final && text === "yes");
    await exchange.talk.enters("closed");
    assert.deepEqual(exchange.talk.all("stall"), []);
  });
});

describe("a blocking call that the user interrupts", () => {
  it("gets its late response, of which the model says nothing, and that is no stall", async () => {
    const exchange = await start();
    exchange.reply(toolCall);
    exchange.userSpeaks(true);
    exchange.reply({ serverContent: { interrupted: true } });
    exchange.reply({ serverContent: { turnComplete: true } });
    exchange.userSpeaks(false);
    exchange.reply(sound);
    finish(exchange.line());
    await exchange.talk.next("turnComplete", ({ turn }) => turn === 2);
    await exchange.talk.respond("1", "sunny");
    assert.equal((await exchange.response()).id, "1");
    await exchange.pass(30_000);
    assert.deepEqual(exchange.talk.all("stall"), []);
    await exchange.talk.sayWhenIdle("Are you idle?", false);
    await exchange.seen("1 context user: Are you idle?");
  });
});
