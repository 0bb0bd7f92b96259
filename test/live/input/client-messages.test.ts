// Input as a 3.1 model accepts it.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { cut, Exchange } from "../exchange";
import { settings } from "../talk";

const model31 = { settings: { ...settings, model: "gemini-3.1-flash-live-preview" } };
const history = { kind: "history", turns: [{ role: "user", text: "My name is Ada." }] } as const;

describe("a 3.1 model", () => {
  it("gets history only at the start, announced in the setup, and texts as realtimeInput", async () => {
    const exchange = await Exchange.start({}, model31);
    const { talk } = exchange;
    await talk.send({ ...history, turns: [...history.turns] });
    await talk.say("hello");
    await exchange.seen("1 realtimeText hello");
    assert.deepEqual(exchange.setups[0]!.historyConfig, { initialHistoryInClientContent: true });
    assert.deepEqual(exchange.lines(/user|realtime/), [
      "1 text user: My name is Ada.",
      "1 realtimeText hello",
    ]);
    await assert.rejects(talk.say("by the way", false), /no context in an open conversation/);
    await assert.rejects(talk.send({ kind: "history", turns: [] }), /only before a conversation begins/);
  });

  it("gets no history again when the conversation is resumed", async () => {
    const exchange = await Exchange.start({}, model31);
    await exchange.talk.send({ ...history, turns: [...history.turns] });
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.settled();
    assert.equal(exchange.setups[1]!.historyConfig, undefined);
    assert.deepEqual(exchange.lines(/^2/), ["2 setup handle 1"]);
  });

  it("gets no clientContent on interrupt, which it would refuse: the answer is dropped here", async () => {
    const exchange = await Exchange.start({}, model31);
    await exchange.talk.say("hello");
    await exchange.settled();
    exchange.talk.conversation.interrupt();
    await exchange.settled();
    assert.equal(exchange.talk.all("interrupted").length, 1);
    assert.deepEqual(exchange.lines(/context|text/), []);
  });
});
