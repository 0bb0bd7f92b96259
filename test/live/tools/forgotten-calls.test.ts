// Tool calls that the server's session does not know, because it was resumed with a handle from before them: a response would have no
// effect there (docs/live-api.md 1.5).

import assert from "node:assert/strict";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { sharedStore } from "../connection/shared-store";
import { accept, cut, Exchange, type Script } from "../exchange";
import { settings, type TalkOptions } from "../talk";

const weather: ServedTool = {
  declaration: { name: "get_weather" },
  server: "weather",
  timeoutMs: 60_000,
  check: () => undefined,
};
const model = "gemini-3.1-flash-live-preview";
const RESULT = 'You have called the tool get_weather with {"city":"Rome"}. Its response: {"output":"sunny"}';

describe("a tool call that came after a resumption handle", () => {
  /** A conversation whose model has called the tool, and issues no handle since. */
  const call = async (options: Partial<TalkOptions> = {}, script: Script = {}) => {
    const exchange = await Exchange.start(script, {
      tools: () => [weather],
      settings: { ...settings, model },
      ...options,
    });
    exchange.talk.conversation.connect();
    await exchange.talk.enters("connected");
    exchange.reply({ sessionResumptionUpdate: { resumable: false } });
    const functionCalls = [{ id: "call 1", name: "get_weather", args: { city: "Rome" } }];
    exchange.reply({ toolCall: { functionCalls } });
    await exchange.talk.next("toolCall");
    return exchange;
  };

  it("is answered with a text after a resume, to which the model speaks", async () => {
    const exchange = await call();
    cut(exchange.line());
    assert.equal((await exchange.talk.next("resumed")).remembered, "partly");
    await exchange.talk.respond("call 1", "sunny");
    await exchange.seen(`2 realtimeText ${RESULT}`);
    assert.deepEqual(exchange.lines(/^. response/), []);
  });

  it("does not hold up the user's sound after a resume, as a call would for which the model waits", async () => {
    const exchange = await call();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    exchange.talk.speak(Buffer.alloc(640));
    await exchange.settled();
    assert.deepEqual(exchange.lines(/sound/), ["2 sound 20"]);
  });

  it("is answered with a text when the response came while the connection was away", async () => {
    let setups = 0;
    const exchange = await call({}, { setup: (line) => ++setups !== 2 && accept(line) });
    cut(exchange.line());
    await exchange.seen("2 setup handle 1");
    const isSent = exchange.talk.respond("call 1", "sunny");
    cut(exchange.line());
    await isSent;
    await exchange.seen(`3 realtimeText ${RESULT}`);
    assert.deepEqual(exchange.lines(/^. response/), []);
  });

  it("is answered with a text by the process that continues the conversation", async () => {
    const handles = sharedStore();
    const first = await call({ handles });
    await first.settled();
    const next = await Exchange.start(
      {},
      { handles, tools: () => [weather], settings: { ...settings, model } },
    );
    next.talk.conversation.connect();
    await next.talk.next("resumed");
    await next.talk.respond("call 1", "sunny");
    await next.seen(`1 realtimeText ${RESULT}`);
  });

  it("is told as context when its response is to be silent", async () => {
    const exchange = await call({
      settings: { ...settings, model: "gemini-2.5-flash-native-audio-preview-12-2025" },
    });
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.talk.respond("call 1", "sunny", { scheduling: "SILENT" });
    await exchange.seen(`2 context user: ${RESULT}`);
  });

  it("is answered with a response when another handle has come since, although that is stale by now", async () => {
    const exchange = await call({ settings });
    exchange.reply({ sessionResumptionUpdate: { newHandle: "later", resumable: true } });
    exchange.reply({ sessionResumptionUpdate: { resumable: false } });
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.talk.respond("call 1", "sunny");
    await exchange.seen("2 response call 1");
  });
});
