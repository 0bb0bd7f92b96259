// Input while there is no connection: what waits, what is rejected, and what opens the conversation.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { silence } from "../../speech";
import { accept, answer, cut, Exchange, type Line } from "../exchange";
import { continuity } from "../talk";

const image = (name: string) => ({ kind: "image", data: Buffer.from(name), mimeType: "image/png" }) as const;

/** A far end that accepts the setup only when `accept()` is called. */
async function startConnecting(options: Parameters<typeof Exchange.start>[1] = {}) {
  const waiting: Line[] = [];
  const exchange = await Exchange.start(
    {
      setup: (line) => {
        waiting.push(line);
      },
      text: answer,
    },
    options,
  );
  return { exchange, talk: exchange.talk, accept: () => accept(waiting[0]!) };
}

describe("input while connecting", () => {
  it("is sent once connected, in order, and each done is called when its message was sent", async () => {
    const { exchange, talk, accept } = await startConnecting();
    const sent: string[] = [];
    for (const text of ["one", "two", "three"])
      talk.conversation.send({ kind: "text", text, turnComplete: false }, () => sent.push(text));
    const last = talk.say("four");
    await exchange.seen("1 setup new");
    assert.deepEqual(sent, []);
    accept();
    await last;
    assert.deepEqual(sent, ["one", "two", "three"]);
    await exchange.seen("1 text user: four");
    assert.deepEqual(exchange.lines(/context/), [
      "1 context user: one",
      "1 context user: two",
      "1 context user: three",
    ]);
  });

  it("reports in a gap event how much sound the offline audio buffer dropped", async () => {
    const { exchange, talk, accept } = await startConnecting({ waiting: { messages: 100, soundMs: 1_000 } });
    talk.speak(silence(2_500));
    await exchange.seen("1 setup new");
    accept();
    assert.equal((await talk.next("gap")).lostSoundMs, 1_500);
  });

  it("rejects the message that exceeds the offline message queue, and sends the others", async () => {
    const { exchange, talk, accept } = await startConnecting({ waiting: { messages: 2, soundMs: 1_000 } });
    const outcomes: (string | undefined)[] = [];
    for (const text of ["one", "two", "three"])
      talk.conversation.send({ kind: "text", text, turnComplete: false }, (error) =>
        outcomes.push(error?.message),
      );
    assert.match(outcomes[0]!, /2 messages already wait/);
    await exchange.seen("1 setup new");
    accept();
    await exchange.seen("1 context user: two");
    assert.deepEqual(outcomes.slice(1), [undefined, undefined]);
  });

  it("keeps one image, the newest: 100 images leave room for texts", async () => {
    const { exchange, talk, accept } = await startConnecting();
    const images = Array.from({ length: 100 }, (_, n) => talk.send(image(`number ${n}`)));
    const text = talk.say("hello", false);
    await exchange.seen("1 setup new");
    accept();
    await Promise.all([...images, text]);
    await exchange.settled();
    assert.deepEqual(exchange.lines(/image/), ["1 image number 99"]);
  });

  it("rejects texts on interrupt, those for an idle moment included, and keeps context", async () => {
    const { exchange, talk, accept } = await startConnecting();
    const stopped = [talk.say("hello"), talk.sayWhenIdle("news")].map((sent) =>
      assert.rejects(sent, /stopped before it was sent/),
    );
    const context = talk.say("The door is open.", false);
    await exchange.seen("1 setup new");
    talk.conversation.interrupt();
    accept();
    await Promise.all([...stopped, context]);
    await exchange.settled();
    assert.deepEqual(exchange.lines(/text|context/), ["1 context user: The door is open."]);
  });

  it("keeps context in its place when an interrupt rejects the other texts", async () => {
    const { exchange, talk, accept } = await startConnecting();
    const context = talk.say("The door is open.", false);
    const stopped = assert.rejects(talk.say("hello"), /stopped before it was sent/);
    talk.speak(Buffer.alloc(640));
    await exchange.seen("1 setup new");
    talk.conversation.interrupt();
    accept();
    await Promise.all([stopped, context]);
    await exchange.seen("1 sound 20");
    assert.deepEqual(exchange.lines(/context|sound/), ["1 context user: The door is open.", "1 sound 20"]);
  });

  it("is rejected by a disconnect", async () => {
    const { talk } = await startConnecting();
    const waiting = [talk.say("hello"), talk.sayWhenIdle("news")];
    talk.conversation.disconnect();
    for (const sent of waiting) await assert.rejects(sent, /ended before this could be sent/);
    assert.deepEqual(talk.states(), ["connecting", "closed"]);
  });
});

describe("history", () => {
  it("that was sent once is part of every later restart with context, once", async () => {
    const exchange = await Exchange.start({}, { continuity: { ...continuity, onConnectionLoss: "restart" } });
    const { talk } = exchange;
    await talk.say("first", false);
    cut(exchange.line());
    await talk.enters("connecting");
    await talk.send({ kind: "history", turns: [{ role: "user", text: "second" }] });
    await exchange.seen("2 context user: first | user: second");
    cut(exchange.line());
    await exchange.seen("3 context user: first | user: second");
  });
});

describe("a signal", () => {
  it("does not open a conversation", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.signal("audioStreamEnd");
    assert.equal(exchange.talk.conversation.state, "disconnected");
  });
});
