// A conversation that one process has begun, and another one continues from what the first has stored of it.

import assert from "node:assert/strict";
import type { HandleStore } from "../../../live/connection/resumption-handle";
import type { ServedTool } from "../../../live/tools/tool-dispatch";
import { TestClock } from "../../clock";
import { accept, answer, begin, cut, Exchange, finish, type Line } from "../exchange";
import { continuity, endWithTest, settings, Talk, type TalkOptions } from "../talk";
import { sharedStore } from "./shared-store";

const weather: ServedTool = {
  declaration: { name: "get_weather" },
  server: "weather",
  timeoutMs: 600_000,
  check: () => undefined,
};

describe("a conversation that continues in another process", () => {
  let handles: ReturnType<typeof sharedStore>;
  let exchange: Exchange;

  const start = async (text: (line: Line, text: string) => void, options: Partial<TalkOptions> = {}) => {
    handles = sharedStore();
    exchange = await Exchange.start({ text }, { handles, ...options });
  };
  /** The first process dies, which nobody is told of: it only stores nothing more. */
  const takeOver = async (options: Partial<TalkOptions> = {}) => {
    await exchange.settled();
    const { load } = handles;
    const stored = handles.stored();
    const next = {
      ...handles,
      load: async () => (stored ? { ...(await load()), ...JSON.parse(stored) } : undefined),
    };
    const talk = new Talk(exchange.farEnd.url, { handles: next, ...options }, new TestClock(3_600_000));
    endWithTest(talk, { close: async () => {} });
    return talk;
  };

  /** Sends a text that is never sent to the server from here. */
  const wait = (text: string, more: { whenIdle?: true } = {}) =>
    exchange.talk.conversation.send({ kind: "text", text, turnComplete: true, ...more }, () => {});

  it("is resumed with the handle, and the flow is told how long it was away", async () => {
    await start(answer);
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    const next = await takeOver();
    next.conversation.connect();
    const { remembered, attempts, pauseMs } = await next.next("resumed");
    assert.deepEqual([remembered, attempts], [true, 1]);
    assert.ok(pauseMs >= 2_500 && pauseMs < 5_000, `${pauseMs}`);
    assert.equal((await next.next("gap")).pauseMs, pauseMs);
    assert.deepEqual(exchange.lines(/setup|text/), ["1 setup new", "1 text user: hello", "2 setup handle 1"]);
  });

  it("is stored at once with the first handle and when a handle becomes stale; only a newer handle may wait", async () => {
    const waits: [string | undefined, boolean | undefined, boolean][] = [];
    const store = sharedStore();
    const save: HandleStore["save"] = (stored, mayWait) => {
      waits.push([stored?.handle, stored?.progress?.isStale, mayWait === true]);
      store.save(stored);
    };
    exchange = await Exchange.start(
      { setup: (line) => line.reply({ setupComplete: {} }) },
      { handles: { ...store, save } },
    );
    await exchange.talk.say("hello", false);
    const update = async (newHandle: string, resumable: boolean) => {
      waits.length = 0;
      exchange.reply({ sessionResumptionUpdate: { newHandle, resumable } });
      await exchange.settled();
      return waits;
    };
    assert.deepEqual(await update("one", true), [["one", false, false]]);
    assert.deepEqual(await update("two", true), [["two", false, true]]);
    assert.deepEqual(await update("", false), [["two", true, false]]);
    assert.deepEqual(await update("three", true), [["three", false, true]]);
  });

  it("asks a text again whose answer has not begun, and no other", async () => {
    await start((line, text) => text === "first" && answer(line));
    await exchange.talk.say("first");
    await exchange.talk.next("turnComplete");
    await exchange.talk.say("second");
    const next = await takeOver();
    next.conversation.connect();
    await exchange.seen("2 text user: second");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/^2 text/), ["2 text user: second"]);
  });

  it("asks no text again whose answer has begun", async () => {
    await start(begin);
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    const next = await takeOver();
    await next.say("are you there");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/^2 text/), ["2 text user: are you there"]);
  });

  it("sends texts that waited for the connection, once and before its own, and none that was stopped", async () => {
    await start(answer, { server: () => new Promise(() => {}) });
    wait("stopped");
    exchange.talk.conversation.interrupt();
    for (const text of ["first", "second"]) wait(text);
    await new Promise((resolve) => setImmediate(resolve));
    const next = await takeOver();
    await next.say("third");
    await exchange.seen("1 text user: third");
    assert.deepEqual(exchange.lines(/text/), [
      "1 text user: first",
      "1 text user: second",
      "1 text user: third",
    ]);
  });

  it("sends a text that waited for an idle moment, once, also when a third process continues", async () => {
    await start(begin);
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    wait("by the way", { whenIdle: true });
    const second = await takeOver();
    await second.say("are you there");
    await second.next("audio");
    const third = await takeOver();
    third.conversation.connect();
    await exchange.seen("3 text user: by the way");
    const fourth = await takeOver();
    await fourth.say("and now");
    await exchange.seen("4 text user: and now");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/by the way/).length, 1);
  });

  it("leaves texts that wait to the process that it is handed over to: their messages are done", async () => {
    await start(begin);
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    const isSent = exchange.talk.sayWhenIdle("by the way");
    exchange.talk.conversation.close("continues elsewhere", true);
    await isSent;
    const next = await takeOver();
    next.conversation.connect();
    await exchange.seen("2 text user: by the way");
  });

  it("leaves no text whose message has got an error", async () => {
    await start(begin);
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    const isSent = exchange.talk.sayWhenIdle("by the way");
    exchange.talk.conversation.close();
    await assert.rejects(isSent, /ended before this could be sent/);
    const next = await takeOver();
    await next.say("are you there");
    await exchange.seen("2 text user: are you there");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/^2 text/), ["2 text user: are you there"]);
  });

  it("says that a part is lost when the handle does not cover it", async () => {
    await start((line) => {
      begin(line);
      line.reply({ sessionResumptionUpdate: { resumable: false } });
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    const next = await takeOver();
    next.conversation.connect();
    assert.equal((await next.next("resumed")).remembered, "partly");
  });

  it("begins anew with what was said when the server refuses the handle", async () => {
    await start(answer);
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    const later = await Exchange.start(
      {
        text: answer,
        setup: (line) =>
          line.number === 1 ? line.socket.close(1008, "BidiGenerateContent session not found") : accept(line),
      },
      { handles },
    );
    await later.talk.say("who am I");
    await later.seen("2 text user: who am I");
    assert.deepEqual(later.lines(/setup|context|text/), [
      "1 setup handle 1",
      "2 setup new",
      "2 context user: hello | model: Well, yes",
      "2 text user: who am I",
    ]);
  });

  /** A conversation that continues 400 s after a tool call. */
  const continueCall = async () => {
    const options = { tools: () => [weather] };
    await start(
      ({ reply }) =>
        reply({
          toolCall: { functionCalls: [{ id: "call 1", name: "get_weather", args: { city: "Rome" } }] },
        }),
      options,
    );
    await exchange.talk.say("the weather");
    await exchange.talk.next("toolCall");
    exchange.talk.clock.advance(400_000);
    const next = await takeOver(options);
    next.clock.advance(400_000);
    next.conversation.connect();
    await next.next("resumed");
    return next;
  };

  it("waits for the response to an open tool call, which is not called again, and has the rest of its time", async () => {
    const next = await continueCall();
    next.conversation.watch();
    await next.respond("call 1", "sunny");
    await exchange.seen("2 response call 1");
    assert.deepEqual(next.all("toolCall"), []);
    await assert.rejects(next.respond("call 1", "sunny"), /waits for no response/);
  });

  it("gives an open tool call no more than the rest of its time", async () => {
    const next = await continueCall();
    next.clock.advance(300_000);
    next.conversation.watch();
    await next.next("toolCancelled");
  });

  it("still waits for a tool response that could not be sent before its process died", async () => {
    const options = { tools: () => [weather] };
    let setups = 0;
    handles = sharedStore();
    exchange = await Exchange.start(
      {
        text: ({ reply }) =>
          reply({ toolCall: { functionCalls: [{ id: "call 1", name: "get_weather", args: {} }] } }),
        setup: (line) => {
          setups += 1;
          if (setups !== 2) accept(line);
        },
      },
      { handles, ...options },
    );
    await exchange.talk.say("the weather");
    await exchange.talk.next("toolCall");
    cut(exchange.line());
    await exchange.seen("2 setup handle 1");
    exchange.talk.conversation.respond("call 1", { response: { output: "sunny" } }, () => {});
    const next = await takeOver(options);
    next.conversation.connect();
    await next.next("resumed");
    await next.respond("call 1", "sunny");
    await exchange.seen("3 response call 1");
    assert.equal(exchange.lines(/response/).length, 1);
  });

  it("keeps the token count, so that its budget holds", async () => {
    const options = { continuity: { ...continuity, tokenBudget: 100 } };
    await start((line) => {
      line.reply({ usageMetadata: { totalTokenCount: 60 } });
      answer(line);
    }, options);
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    const next = await takeOver(options);
    await next.say("hello again");
    assert.equal((await next.next("usage")).usage.conversation.total, 120);
    assert.match((await next.next("refused")).why, /120 tokens/);
  });

  it("keeps the instruction that the flow has changed", async () => {
    await start(answer, { settings: { ...settings, instruction: "Be brief." } });
    await exchange.talk.instruct("Rhyme.");
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    const next = await takeOver({ settings: { ...settings, instruction: "Be brief." } });
    next.conversation.connect();
    await next.next("resumed");
    assert.deepEqual(exchange.setups.at(-1)!.systemInstruction!.parts, [{ text: "Rhyme." }]);
  });

  it("is not continued after the flow has ended it", async () => {
    await start(answer);
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    exchange.talk.conversation.disconnect();
    await exchange.settled();
    assert.equal(handles.stored(), "");
  });

  it("is left at its next idle moment, or in the time that is given", async () => {
    await start(begin);
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    let left = 0;
    const { conversation, clock } = exchange.talk;
    conversation.leave(5_000, () => left++);
    await exchange.settled();
    assert.equal(left, 0);
    finish(exchange.line());
    await exchange.talk.next("turnComplete");
    assert.equal(left, 1);
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    conversation.leave(5_000, () => left++);
    clock.advance(4_999);
    assert.equal(left, 1);
    clock.advance(1);
    assert.equal(left, 2);
    conversation.close();
    conversation.leave(5_000, () => left++);
    assert.equal(left, 3);
  });

  it("is left in the shortest time of several that are given, and each is told", async () => {
    await start(begin);
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    const left: string[] = [];
    const { conversation, clock } = exchange.talk;
    conversation.leave(60_000, () => left.push("the flow"));
    conversation.leave(5_000, () => left.push("another process"));
    clock.advance(5_000);
    assert.deepEqual(left, ["another process", "the flow"]);
    clock.advance(60_000);
    assert.equal(left.length, 2);
  });
});
