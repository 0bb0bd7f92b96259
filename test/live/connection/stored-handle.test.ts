// Handles that are stored, so that a conversation resumes after a deploy or a restart.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { HandleStore, StoredHandle } from "../../../live/connection/resumption-handle";
import { accept, answer, cut, Exchange } from "../exchange";
import { continuity, endWithTest, settings, Talk } from "../talk";

const question = (text: string) => ({ kind: "text", text, turnComplete: true }) as const;

describe("a stored resumption handle", () => {
  const storeOf = (...saved: (string | undefined)[]) => {
    const unanswered: StoredHandle["unanswered"][] = [];
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

  it("with a progress that cannot be read, as of another version, is ignored: a new conversation starts, and is stored", async () => {
    const odd = [
      { unanswered: 7 },
      { progress: {} },
      { progress: { history: [null], seeded: [], calls: [] } },
    ];
    for (const each of odd) {
      const saved: (StoredHandle | undefined)[] = [];
      const handles: HandleStore = {
        keepsProgress: true,
        load: async () => ({ handle: "stored handle", unanswered: [], ...each }) as unknown as StoredHandle,
        save: (stored) => void saved.push(stored),
      };
      const exchange = await Exchange.start({ text: answer }, { handles });
      await exchange.talk.say("hello");
      await exchange.talk.next("turnComplete");
      assert.deepEqual(exchange.lines(/setup/), ["1 setup new"]);
      assert.equal(saved.at(-1)!.handle, "handle 1");
    }
  });

  it("is stored with the unanswered texts, which are sent again when the conversation resumes", async () => {
    const handles = storeOf();
    const exchange = await Exchange.start({}, { handles });
    await exchange.talk.say("What time is it?");
    await exchange.settled();
    assert.equal(exchange.talk.conversation.close(), 0);
    assert.deepEqual(handles.unanswered.at(-1), [question("What time is it?")]);
    const next = await Exchange.start({ text: answer }, { handles });
    await next.talk.say("Are you there?", false);
    await next.talk.next("turnComplete");
    assert.deepEqual(next.lines(/setup|text/), [
      "1 setup handle 1",
      "1 text user: What time is it?",
      "1 context user: Are you there?",
    ]);
  });

  it("is stored without the unanswered texts once they are sent again, although the server issues no other handle", async () => {
    const handles = storeOf("stored handle");
    handles.unanswered.push([question("hello")]);
    const exchange = await Exchange.start(
      { setup: ({ reply }) => reply({ setupComplete: {} }), text: answer },
      { handles },
    );
    exchange.talk.conversation.connect();
    await exchange.talk.next("turnComplete");
    exchange.talk.conversation.close();
    assert.deepEqual(exchange.lines(/text/), ["1 text user: hello"]);
    assert.equal(handles.saved.at(-1), "stored handle");
    assert.deepEqual(handles.unanswered.at(-1), []);
  });

  it("is stored with a text that waits to be sent again after a lost connection", async () => {
    const handles = storeOf();
    const exchange = await Exchange.start({}, { handles });
    await exchange.talk.say("hello");
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("state", ({ attempt }) => !!attempt?.waitMs);
    assert.equal(exchange.talk.conversation.close(), 0);
    const next = await Exchange.start({ text: answer }, { handles });
    next.talk.conversation.connect();
    await next.talk.next("turnComplete");
    assert.deepEqual(next.lines(/setup|text/), ["1 setup handle 1", "1 text user: hello"]);
  });

  it("is stored without a text that was sent twice: close() counts it", async () => {
    const handles = storeOf();
    const exchange = await Exchange.start({ text: (line) => line.number === 1 && cut(line) }, { handles });
    await exchange.talk.say("hello");
    await exchange.seen("2 text user: hello");
    await exchange.talk.say("and again");
    await exchange.settled();
    assert.equal(exchange.talk.conversation.close(), 1);
    assert.deepEqual(handles.unanswered.at(-1), [question("and again")]);
  });

  it("is missing: close() counts the texts that wait to be sent again, without those that the flow has interrupted", async () => {
    for (const isInterrupted of [false, true]) {
      const exchange = await Exchange.start();
      await exchange.talk.say("hello");
      await exchange.settled();
      cut(exchange.line());
      await exchange.talk.next("state", ({ attempt }) => !!attempt?.waitMs);
      if (isInterrupted) exchange.talk.conversation.interrupt();
      assert.equal(exchange.talk.conversation.close(), isInterrupted ? 0 : 1);
    }
  });

  it("is missing: close() returns the number of unanswered texts", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("one");
    await exchange.talk.say("two");
    assert.equal(exchange.talk.conversation.close(), 2);
  });

  it("that is still being read is not used when the conversation ends meanwhile", async () => {
    let load!: (stored: StoredHandle) => void;
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
    load({ handle: "an old one", unanswered: [question("What time is it?")] });
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
      {
        setup: (line) =>
          line.number === 1 ? line.socket.close(1008, "BidiGenerateContent session not found") : accept(line),
      },
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
