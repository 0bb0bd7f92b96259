// The idle moment at which a conversation leaves its connection: on models that issue handles often, the one that covers the last answer
// comes up to 1.2 s after the end of its turn (docs/live-api.md 1.5).

import assert from "node:assert/strict";
import { begin, Exchange, finish } from "../exchange";
import type { TalkOptions } from "../talk";

const stale = { sessionResumptionUpdate: { resumable: false } };
const fresh = { sessionResumptionUpdate: { newHandle: "fresh", resumable: true } };

describe("a conversation whose handle does not cover the last answer yet", () => {
  /** The answer is spoken, and its turn is over when `finish` is called. */
  const start = async (options: Partial<TalkOptions> = {}) => {
    const exchange = await Exchange.start({ text: begin }, options);
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    exchange.reply(stale);
    return exchange;
  };

  const end = async (exchange: Exchange) => {
    finish(exchange.line());
    await exchange.settled();
  };

  it("changes over when the handle has come, and loses nothing", async () => {
    const exchange = await start();
    exchange.reply({ goAway: { timeLeft: "50s" } });
    await end(exchange);
    assert.deepEqual(exchange.lines(/closed/), []);
    exchange.reply(fresh);
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
    assert.deepEqual(exchange.lines(/2 setup/), ["2 setup fresh"]);
  });

  it("changes over without it after two seconds", async () => {
    const exchange = await start();
    exchange.reply({ goAway: { timeLeft: "50s" } });
    await end(exchange);
    exchange.talk.clock.advance(1_999);
    await exchange.settled();
    assert.deepEqual(exchange.lines(/closed/), []);
    exchange.talk.clock.advance(1);
    assert.equal((await exchange.talk.next("resumed")).remembered, "partly");
  });

  it("takes a new instruction when the handle has come", async () => {
    const exchange = await start();
    await exchange.talk.instruct("Rhyme.");
    await end(exchange);
    exchange.reply(fresh);
    await exchange.seen("2 setup fresh");
  });

  it("is left to another process when the handle has come, or the time for that is over", async () => {
    const exchange = await start();
    const { conversation, clock } = exchange.talk;
    let left = 0;
    conversation.leave(5_000, () => left++);
    await end(exchange);
    assert.equal(left, 0);
    exchange.reply(fresh);
    await exchange.settled();
    assert.equal(left, 1);
    await exchange.talk.say("hello");
    await exchange.talk.next("audio");
    exchange.reply(stale);
    await end(exchange);
    conversation.leave(500, () => left++);
    clock.advance(500);
    assert.equal(left, 2);
  });

  it("sends a text that waited for an idle moment at once", async () => {
    const exchange = await start();
    const isSent = exchange.talk.sayWhenIdle("by the way");
    await end(exchange);
    await isSent;
    await exchange.seen("1 text user: by the way");
  });
});
