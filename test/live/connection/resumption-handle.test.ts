// Which handle a conversation resumes with: the newest, a stale one, a stored one, or none.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { HandleStore } from "../../../live/connection/resumption-handle";
import { accept, answer, begin, cut, Exchange, type Line } from "../exchange";
import { continuity, endWithTest, settings, Talk } from "../talk";

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

describe("a stored resumption handle", () => {
  const storeOf = (...saved: (string | undefined)[]) => {
    const unanswered: (readonly string[])[] = [];
    const handles: HandleStore & { saved: typeof saved; unanswered: typeof unanswered } = {
      saved,
      unanswered,
      load: async () => {
        const handle = saved.at(-1);
        return handle === undefined ? undefined : { handle, unanswered: unanswered.at(-1) ?? [] };
      },
      save: (stored) => {
        saved.push(stored?.handle);
        unanswered.push(stored?.unanswered ?? []);
      },
    };
    return handles;
  };

  it("resumes the conversation when it is opened", async () => {
    const exchange = await Exchange.start({}, { handles: storeOf("stored handle") });
    exchange.talk.conversation.connect();
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup stored handle"]);
  });

  it("resumes in a later conversation of the same key, and is deleted by a disconnect", async () => {
    const handles = storeOf();
    const exchange = await Exchange.start({}, { handles });
    await exchange.talk.say("hello", false);
    await exchange.settled();
    exchange.talk.conversation.close();
    assert.deepEqual(handles.saved, ["handle 1"]);
    const later = new Talk(exchange.farEnd.url, { handles });
    endWithTest(later, { close: async () => {} });
    await later.say("I am back", false);
    assert.equal(later.all("resumed")[0]?.remembered, true);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new", "2 setup handle 1"]);
    later.conversation.disconnect();
    assert.equal(handles.saved.at(-1), undefined);
  });

  it("is saved once, however often the server repeats it", async () => {
    const handles = storeOf();
    const exchange = await Exchange.start({}, { handles });
    await exchange.talk.say("hello", false);
    exchange.reply({ sessionResumptionUpdate: { newHandle: "handle 1", resumable: true } });
    await exchange.settled();
    assert.deepEqual(handles.saved, ["handle 1"]);
  });

  it("is read once: a later connection uses the handle that the server issued", async () => {
    let read = 0;
    const handles: HandleStore = {
      load: async () => {
        read += 1;
        return { handle: "stored handle", unanswered: [] };
      },
      save() {},
    };
    const exchange = await Exchange.start({}, { handles });
    await exchange.talk.say("hello", false);
    await exchange.settled();
    exchange.talk.conversation.close();
    await exchange.talk.say("hello again", false);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup stored handle", "2 setup handle 1"]);
    assert.equal(read, 1);
  });

  it("that cannot be read is ignored: a new conversation starts", async () => {
    const handles: HandleStore = { load: () => Promise.reject(new Error("no disk")), save() {} };
    const exchange = await Exchange.start({}, { handles });
    await exchange.talk.say("hello", false);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new"]);
  });

  it("is stored with the unanswered texts, which are sent again when the conversation resumes", async () => {
    const handles = storeOf();
    const exchange = await Exchange.start({}, { handles });
    await exchange.talk.say("What time is it?");
    await exchange.settled();
    assert.equal(exchange.talk.conversation.close(), 0);
    assert.deepEqual(handles.unanswered.at(-1), ["What time is it?"]);
    const next = await Exchange.start({ text: answer }, { handles });
    await next.talk.say("Are you there?", false);
    await next.talk.next("turnComplete");
    assert.deepEqual(next.lines(/setup|text/), [
      "1 setup handle 1",
      "1 text user: What time is it?",
      "1 context user: Are you there?",
    ]);
  });

  it("is missing: close() returns the number of unanswered texts", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("one");
    await exchange.talk.say("two");
    assert.equal(exchange.talk.conversation.close(), 2);
  });

  it("that is still being read is not used when the conversation ends meanwhile", async () => {
    let load!: (stored: { handle: string; unanswered: string[] }) => void;
    const handles: HandleStore = {
      load: () =>
        new Promise((resolve) => {
          load = resolve;
        }),
      save() {},
    };
    const exchange = await Exchange.start({}, { handles });
    exchange.talk.conversation.connect();
    exchange.talk.conversation.reset();
    load({ handle: "an old one", unanswered: ["What time is it?"] });
    await exchange.talk.say("hello", false);
    await exchange.settled();
    assert.deepEqual(exchange.lines(/setup|text/), ["1 setup new", "1 context user: hello"]);
  });

  it("is not used after a reset", async () => {
    const exchange = await Exchange.start({}, { handles: storeOf("an old one") });
    exchange.talk.conversation.reset();
    await exchange.talk.say("hello", false);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new"]);
  });

  it("is deleted when the server refuses it", async () => {
    const handles = storeOf("an old one");
    const exchange = await Exchange.start(
      { setup: (line) => (line.number === 1 ? line.socket.close(1008, notFound) : accept(line)) },
      { handles },
    );
    await exchange.talk.say("hello", false);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup an old one", "2 setup new"]);
    assert.deepEqual(handles.saved.slice(0, 2), ["an old one", undefined]);
  });

  for (const [what, options] of [
    ["restart with context", { continuity: { ...continuity, onConnectionLoss: "restart" } }],
    ["report only", { continuity: { ...continuity, onConnectionLoss: "report" } }],
    ["single turn", { settings: { ...settings, singleTurn: true } }],
  ] as const)
    it(`is neither used nor saved with ${what}, and the history is sent`, async () => {
      const handles = storeOf("stored handle");
      const exchange = await Exchange.start({}, { ...options, handles });
      await exchange.talk.send({ kind: "history", turns: [{ role: "user", text: "My name is Ada." }] });
      await exchange.seen("1 context user: My name is Ada.");
      assert.deepEqual(exchange.lines(/setup/), ["1 setup plain"]);
      assert.equal(exchange.talk.all("resumed").length, 0);
      assert.deepEqual(handles.saved, ["stored handle"]);
    });
});
