// Which handle a conversation resumes with: the newest, a stale one, or none.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { accept, answer, begin, cut, Exchange, type Line } from "../exchange";
import { continuity } from "../talk";

const notFound = "BidiGenerateContent session not found";

describe("a resumption handle", () => {
  for (const [code, reason] of [
    [1008, notFound],
    [1007, "Invalid session handle"],
    [1007, "Request contains an invalid argument."],
  ] as const)
    it(`is dropped when the server refuses it with ${code} "${reason}": a new conversation starts at once`, async () => {
      const exchange = await Exchange.start({
        setup: (line) => (line.number === 2 ? line.socket.close(code, reason) : accept(line)),
        text: (line) => (line.number === 1 ? cut(line) : answer(line)),
      });
      await exchange.talk.say("hello");
      await exchange.talk.next("turnComplete");
      assert.deepEqual(exchange.lines(/setup/), ["1 setup new", "2 setup handle 1", "3 setup new"]);
      assert.deepEqual(exchange.lines(/text/), ["1 text user: hello", "3 text user: hello"]);
      assert.deepEqual(exchange.talk.waits(), [500], "no wait before the new one");
    });

  it("is retried after 1011, and dropped after the fourth in a row", async () => {
    const exchange = await Exchange.start({
      setup: (line) =>
        line.number > 1 && line.number < 6
          ? line.socket.close(1011, "Internal error encountered.")
          : accept(line),
      text: (line) => (line.number === 1 ? cut(line) : answer(line)),
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(exchange.lines(/setup/), [
      "1 setup new",
      "2 setup handle 1",
      "3 setup handle 1",
      "4 setup handle 1",
      "5 setup handle 1",
      "6 setup new",
    ]);
  });

  it("is not dropped for refusals before the last successful resume", async () => {
    const exchange = await Exchange.start({
      setup: (line) =>
        [2, 3, 5, 6].includes(line.number) ? line.socket.close(1011, "Internal error") : accept(line),
      text: answer,
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("turnComplete");
    for (const handle of ["4 setup handle 1", "7 setup handle 4"]) {
      cut(exchange.line());
      await exchange.seen(handle);
      await exchange.talk.next("resumed");
      await exchange.settled();
      await exchange.pass(11_000);
    }
    assert.equal(exchange.lines(/setup new/).length, 1);
  });

  it("is kept however often the network fails during a resume", async () => {
    const exchange = await Exchange.start(
      { setup: (line) => (line.number > 1 && line.number < 8 ? cut(line) : accept(line)) },
      { continuity: { ...continuity, reconnectAttempts: 8 } },
    );
    await exchange.talk.say("hello", false);
    await exchange.settled();
    cut(exchange.line());
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
    assert.equal(exchange.lines(/setup/).at(-1), "8 setup handle 1");
  });

  it("is not used more than two hours after its connection ended", async () => {
    const exchange = await Exchange.start(
      { setup: (line) => ([2, 3].includes(line.number) ? line.socket.close(1011, "") : accept(line)) },
      { continuity: { ...continuity, reconnectAttempts: 2 } },
    );
    await exchange.talk.say("hello", false);
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("failed");
    exchange.talk.clock.advance(2 * 60 * 60_000 - 60_000);
    await exchange.talk.say("hello again", false);
    assert.deepEqual(exchange.lines(/setup/), [
      "1 setup new",
      "2 setup handle 1",
      "3 setup handle 1",
      "4 setup new",
    ]);
  });

  it("is valid for two hours from the end of a long connection, not from the day it was issued", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    await exchange.settled();
    await exchange.pass(3 * 60 * 60_000);
    cut(exchange.line());
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
  });

  it("resumes with the next message after all attempts have failed", async () => {
    const exchange = await Exchange.start(
      { setup: (line) => ([2, 3].includes(line.number) ? line.socket.close(1011, "") : accept(line)) },
      { continuity: { ...continuity, reconnectAttempts: 2 } },
    );
    await exchange.talk.say("hello", false);
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("failed");
    assert.ok(exchange.talk.conversation.keepUntil > exchange.talk.clock.now() + 60 * 60_000);
    await exchange.talk.say("are you there?", false);
    assert.equal(exchange.lines(/setup/).at(-1), "4 setup handle 1");
    assert.equal(exchange.talk.all("gap").length, 0, "it was closed, which is no gap");
  });

  it("is dropped after a permanent error in the middle of a conversation", async () => {
    const exchange = await Exchange.start({
      text: (line) =>
        line.number === 1 ? line.socket.close(1007, "Request contains an invalid argument.") : answer(line),
    });
    await exchange.talk.say("hello");
    await exchange.talk.next("failed");
    await exchange.talk.say("hello again");
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new", "2 setup new"]);
  });

  it("is dropped by disconnect and reset, with the history", async () => {
    const exchange = await Exchange.start({ text: answer });
    for (const action of ["disconnect", "reset"] as const) {
      await exchange.talk.say("hello");
      await exchange.talk.next("turnComplete");
      exchange.talk.conversation[action]();
    }
    await exchange.talk.say("again");
    assert.deepEqual(exchange.lines(/setup|context/), ["1 setup new", "2 setup new", "3 setup new"]);
  });
});

describe("a stale resumption handle (resumable: false followed it)", () => {
  const stale = { sessionResumptionUpdate: { newHandle: "", resumable: false } };
  const start = (breakOff: (line: Line) => void) =>
    Exchange.start({
      text: (line, text) => {
        if (line.number === 2 || text === "My name is Ada.") return answer(line);
        line.reply(stale);
        breakOff(line);
      },
    });

  it("resumes the conversation, remembered partly, when the answer had begun", async () => {
    const exchange = await start((line) => {
      begin(line);
      cut(line);
    });
    await exchange.talk.say("Tell me a story.");
    assert.equal((await exchange.talk.next("resumed")).remembered, "partly");
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new", "2 setup handle 1"]);
    await exchange.talk.say("What next?");
    await exchange.talk.next("turnComplete", ({ reason }) => !reason);
  });

  it("resumes the conversation, remembered partly, when the answer had not begun: the text is sent again", async () => {
    const exchange = await start(cut);
    await exchange.talk.say("My name is Ada.");
    await exchange.talk.next("turnComplete");
    await exchange.talk.say("Tell me a story.");
    assert.equal((await exchange.talk.next("resumed")).remembered, "partly");
    await exchange.talk.next("turnComplete");
    assert.deepEqual(exchange.lines(/setup|story/), [
      "1 setup new",
      "1 text user: Tell me a story.",
      "2 setup handle 1",
      "2 text user: Tell me a story.",
    ]);
  });

  it("is stale also when the update leaves out what is false or empty", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    exchange.reply({ sessionResumptionUpdate: {} });
    await exchange.settled();
    cut(exchange.line());
    assert.equal((await exchange.talk.next("resumed")).remembered, "partly");
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new", "2 setup handle 1"]);
  });

  it("is replaced by the next handle, with which everything is remembered", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("hello", false);
    exchange.reply(stale);
    exchange.reply({ sessionResumptionUpdate: { newHandle: "newer", resumable: true } });
    await exchange.settled();
    cut(exchange.line());
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new", "2 setup newer"]);
  });
});
