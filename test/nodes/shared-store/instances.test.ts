// Two instances of Node-RED, processes of their own, with one Redis and one simulator of the Live server.

import assert from "node:assert/strict";
import { startRedis } from "../../redis-server";
import { describeWithPrograms } from "../../sound-programs";
import { isAnswer, isClosed, isEvent, LONG, startTwo, type Two } from "./node-reds";

describeWithPrograms(["redis-server"], "two instances with a shared store", () => {
  let { redis, simulator, first, second, speak, assertSaid, assertContinues } = {} as Two;

  beforeEach(async () => {
    ({ redis, simulator, first, second, speak, assertSaid, assertContinues } = await startTwo());
  });

  it("hand a conversation over at its next idle moment: the answer is spoken to its end", async () => {
    await speak();
    await second.say("where am I");
    await first.sends(isAnswer("ten"), "the end of the answer");
    await first.sends(isClosed, "the end of the conversation here");
    const resumed = await second.sends(isEvent("resumed"), "resumed");
    assert.equal((resumed.payload as { remembered: unknown }).remembered, true);
    await second.sends(isAnswer("where am I"), "the answer of the second instance");
    assertSaid(LONG, "where am I");
    assert.match(JSON.stringify(simulator.conversations[0]!.setup), /Puck/);
  });

  it("hand a conversation over after 5 s when it has no idle moment, such as during a tool call", async () => {
    await first.say("call get_weather");
    await first.sends(({ toolCall }) => toolCall !== undefined, "a tool call");
    const asked = performance.now();
    await second.say("where am I");
    await first.sends(isClosed, "the end of the conversation here");
    const ms = performance.now() - asked;
    assert.ok(ms > 4_000, `handed over after ${ms} ms`);
    await second.sends(isEvent("resumed"), "resumed");
  });

  it("leave a conversation where it is when only an end of sound or speech, an interrupt, or the end of a page that is away comes to the other one", async () => {
    for (const action of ["audioStreamEnd", "activityEnd", "interrupt"]) await second.say(undefined, action);
    await second.say(undefined, "disconnect", { type: "gemini-browser", id: "page" });
    await first.say("where am I");
    await first.sends(isAnswer("where am I"), "an answer of the first instance");
    assertSaid("where am I");
    assert.equal(simulator.conversations[0]!.connections, 1);
  });

  it("lose no conversation when one is killed while the model talks: the other one continues it", async () => {
    await speak();
    first.kill();
    await second.say("are you still there");
    await second.sends(isEvent("resumed"), "resumed");
    await second.sends(isAnswer("are you still there"), "the answer of the second instance");
    assertSaid(LONG, "are you still there");
  });

  it("lose no text that waited for the end of an answer when one is killed, and send none twice", async () => {
    await speak();
    await first.sayWhenIdle("by the way");
    // Redis has the text by the time that it has answered the claims of these, which are refused only afterwards.
    for (const session of ["hall", "attic"]) {
      await first.talk(session, "");
      await first.sends(({ outcome }) => outcome !== undefined, "the error of an empty text");
    }
    first.kill();
    await second.say("are you still there");
    await second.sends(isAnswer("by the way"), "the answer to the text that waited");
    await second.sends(isEvent("turnComplete"), "its end");
    assertSaid(LONG, "are you still there", "by the way");
  });

  it("continue at once what one has left that was stopped", async () => {
    const isStopped = first.stop();
    await assertContinues("are you still there");
    assertSaid("are you still there");
    await isStopped;
  });

  it("never both have a conversation: one that hung, and comes back, lets it go", async () => {
    first.pause();
    await second.say("are you still there");
    await second.sends(({ payload }) => JSON.stringify(payload).includes('"attempt":2'), "a refused attempt");
    assertSaid();
    first.continue();
    await first.sends(isClosed, "the end of the conversation here");
    await second.sends(isAnswer("are you still there"), "the answer of the second instance");
    assertSaid("are you still there");
  });

  it("go on talking without the store, which one warning and the badge say, and keep conversations again when it is back", async () => {
    const port = Number(new URL(redis.url).port);
    await redis.stop();
    await first.badges.next(({ text }) => text === "connected, not kept");
    await first.say("can you hear me");
    await first.sends(isAnswer("can you hear me"), "an answer without the store");
    await startRedis([], port);
    await first.badges.next(({ text }) => text === "connected");
    assert.equal(first.output().match(/Conversations are not kept in the shared store/g)?.length, 1);
    first.kill();
    await second.say("and now");
    await second.sends(isAnswer("and now"), "the answer of the second instance");
    assertSaid("can you hear me", "and now");
  });
});
