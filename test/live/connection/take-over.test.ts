// What a conversation takes along when another process takes it over, and what that process makes of a server that refuses it.

import assert from "node:assert/strict";
import { accept, answer, begin, Exchange, type Line, type Script } from "../exchange";
import { continuity, settings, type TalkOptions } from "../talk";
import { sharedStore } from "./shared-store";

const WHO = "who am I";
const GONE = "BidiGenerateContent session not found";

describe("a conversation that another process takes over", () => {
  let handles: ReturnType<typeof sharedStore>;

  beforeEach(() => {
    handles = sharedStore();
  });

  const start = (script: Script, options: Partial<TalkOptions> = {}) =>
    Exchange.start({ text: answer, ...script }, { handles, ...options });

  /** The first process has an answer to "hello". */
  const greet = async (options: Partial<TalkOptions> = {}, script: Script = {}) => {
    const exchange = await start(script, options);
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    await exchange.settled();
    return exchange;
  };

  const refuse = (code: number, reason: string) => (line: Line) =>
    line.number === 1 ? line.socket.close(code, reason) : accept(line);

  it("begins anew with what was said where conversations are not resumed, and the flow is told", async () => {
    const options = { continuity: { ...continuity, onConnectionLoss: "restart" as const } };
    await greet(options);
    const next = await start({}, options);
    await next.talk.say(WHO);
    await next.seen(`1 text user: ${WHO}`);
    assert.deepEqual(next.lines(/./), [
      "1 setup plain",
      "1 context user: hello | model: Well, yes",
      `1 text user: ${WHO}`,
    ]);
    assert.equal((await next.talk.next("resumed")).remembered, false);
    assert.ok((await next.talk.next("gap")).pauseMs >= 2_500);
  });

  it("tells the flow of the gap also with a model that remembers nothing", async () => {
    const options = { settings: { ...settings, model: "gemini-3.5-transcribe-live" } };
    const first = await start({}, options);
    first.talk.conversation.connect();
    await first.talk.enters("connected");
    await first.settled();
    const next = await start({}, options);
    next.talk.conversation.connect();
    assert.ok((await next.talk.next("gap")).pauseMs >= 2_500);
  });

  it("does not use a handle that is stored where conversations are not resumed any more", async () => {
    await greet();
    const next = await start({}, { continuity: { ...continuity, onConnectionLoss: "restart" } });
    next.talk.conversation.connect();
    await next.seen("1 context user: hello | model: Well, yes");
    assert.deepEqual(next.lines(/setup/), ["1 setup plain"]);
  });

  it("keeps its handle when the server refuses the key of the other process", async () => {
    await greet();
    const next = await start({ setup: refuse(1007, "API key not valid. Please pass a valid API key.") });
    await assert.rejects(next.talk.say(WHO), /the API key was refused/);
    assert.deepEqual(next.lines(/setup/), ["1 setup handle 1"]);
    const third = await start({});
    await third.talk.say(WHO);
    assert.deepEqual(third.lines(/setup/), ["1 setup handle 1"]);
  });

  it("keeps its handle when the quota is used up, for example because the server still counts the conversations of the dead process", async () => {
    await greet();
    const reason = "You exceeded your current quota, please check your plan and billing details.";
    const next = await start({
      setup: (line) => (line.number <= 4 ? line.socket.close(1011, reason) : accept(line)),
    });
    await assert.rejects(next.talk.say(WHO), /quota/);
    await next.talk.say(WHO);
    assert.deepEqual(new Set(next.lines(/setup/).map((line) => line.slice(2))), new Set(["setup handle 1"]));
    assert.equal((await next.talk.next("resumed")).remembered, true);
  });

  it("keeps what was said when the server refuses its handle, also when that process dies before a new session is open", async () => {
    await greet();
    const second = await start({
      setup: ({ number, socket }) => number === 1 && socket.close(1008, GONE),
    });
    second.talk.conversation.connect();
    await second.seen("2 setup new");
    const third = await start({});
    third.talk.conversation.connect();
    await third.seen("1 context user: hello | model: Well, yes");
    assert.deepEqual(third.lines(/setup/), ["1 setup new"]);
  });

  it("is told again what a new session got as context, which its model forgets when it is resumed", async () => {
    await greet();
    const second = await start({ setup: refuse(1008, GONE) });
    await second.talk.say(WHO);
    await second.talk.next("turnComplete");
    await second.settled();
    const third = await start({});
    third.talk.conversation.connect();
    await third.seen("1 context user: hello | model: Well, yes");
    assert.deepEqual(third.lines(/setup/), ["1 setup handle 2"]);
  });

  it("takes no images along, but the texts with which they came", async () => {
    const first = await greet();
    const image = { inlineData: { mimeType: "image/jpeg" as const, data: "AN-IMAGE" } };
    const text = "what is this";
    first.talk.conversation.send(
      { kind: "text", text, parts: [{ text }, image], turnComplete: true },
      () => {},
    );
    await first.talk.next("turnComplete");
    await first.settled();
    assert.match(handles.stored(), /what is this/);
    assert.doesNotMatch(handles.stored(), /AN-IMAGE/);
  });

  it("is not asked to begin once more by a live session whose model speaks first", async () => {
    const options = { settings: { ...settings, speaksFirst: true } };
    const first = await start({}, options);
    first.talk.conversation.connect();
    await first.talk.next("turnComplete");
    await first.settled();
    const next = await start({ setup: refuse(1008, GONE) }, options);
    next.talk.conversation.connect();
    await next.seen("2 context model: Well, yes");
    await next.settled();
    assert.deepEqual(next.lines(/text user/), []);
  });

  it("counts on with its turns: the first one in the other process has a number of its own, also after an answer that was cut", async () => {
    const first = await greet();
    await first.talk.say("go on");
    await first.talk.next("turnComplete");
    await first.settled();
    const second = await start({ text: begin });
    await second.talk.say(WHO);
    assert.equal((await second.talk.next("audio")).turn, 3);
    await second.settled();
    const third = await start({});
    await third.talk.say(WHO);
    assert.equal((await third.talk.next("audio")).turn, 4);
  });

  it("has the instruction that was changed during an answer", async () => {
    const first = await start({ text: begin });
    await first.talk.say("hello");
    await first.talk.next("audio");
    await first.talk.instruct("Rhyme.");
    await first.settled();
    const next = await start({});
    next.talk.conversation.connect();
    await next.talk.next("resumed");
    assert.deepEqual(next.setups[0]!.systemInstruction!.parts, [{ text: "Rhyme." }]);
  });

  it("is left without another connection when the server announces the end of this one during an answer", async () => {
    const first = await start({ text: begin });
    await first.talk.say("hello");
    await first.talk.next("audio");
    let left = 0;
    first.talk.conversation.leave(60_000, () => {
      left += 1;
      first.talk.conversation.close("leaves", true);
    });
    first.reply({ goAway: { timeLeft: "10s" } });
    await first.talk.next("goAway");
    await first.pass(10_000);
    assert.equal(left, 1);
    assert.deepEqual(first.lines(/setup/), ["1 setup new"]);
  });
});
