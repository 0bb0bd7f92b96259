import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { HandleStore } from "../../../live/connection/resumption-handle";
import { answer, begin, cut, Exchange } from "../exchange";
import { continuity, settings } from "../talk";

const setups = (exchange: Exchange) => exchange.lines(/setup/).length;

describe("attempts to connect", () => {
  it("end when a server accepts every setup and then closes with 1011: the waits grow, and one error comes", async () => {
    const exchange = await Exchange.start({
      setup: ({ reply, socket }) => {
        reply({ setupComplete: {} });
        socket.close(1011, "Internal error encountered.");
      },
    });
    exchange.talk.conversation.connect();
    await exchange.talk.next("failed");
    const waits = exchange.talk
      .all("state")
      .flatMap(({ attempt }) => (attempt?.waitMs ? [attempt.waitMs] : []));
    assert.deepEqual(waits, [500, 1_000, 2_000, 4_000]);
    assert.equal(setups(exchange), 1 + continuity.reconnectAttempts);
    await exchange.pass(120_000);
    assert.equal(setups(exchange), 1 + continuity.reconnectAttempts, "nothing is tried after that");
    assert.equal(exchange.talk.all("failed").length, 1);
  });

  it("start anew after a completed turn", async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        answer(line);
        cut(line);
      },
    });
    for (let n = 1; n <= 2 * continuity.reconnectAttempts; n++) {
      await exchange.talk.say(`text ${n}`);
      await exchange.talk.next("resumed");
    }
    const waits = exchange.talk
      .all("state")
      .flatMap(({ attempt }) => (attempt?.waitMs ? [attempt.waitMs] : []));
    assert.ok(
      waits.every((ms) => ms === 500),
      String(waits),
    );
  });

  it("start anew after 10 s of life", async () => {
    const exchange = await Exchange.start();
    exchange.talk.conversation.connect();
    for (let n = 1; n <= 2 * continuity.reconnectAttempts; n++) {
      await exchange.seen(n === 1 ? "1 setup new" : `${n} setup handle ${n - 1}`);
      await exchange.settled();
      await exchange.pass(11_000);
      cut(exchange.line());
      await exchange.talk.next("resumed");
    }
    assert.equal(exchange.talk.all("failed").length, 0);
  });

  it('are one with "report only", whatever reconnect attempts say', async () => {
    const exchange = await Exchange.start(
      { setup: ({ socket }) => socket.close(1011, "") },
      { continuity: { ...continuity, onConnectionLoss: "report", reconnectAttempts: 8 } },
    );
    await assert.rejects(exchange.talk.say("hello"), /internal error/);
    await exchange.pass(60_000);
    assert.equal(setups(exchange), 1);
  });

  it("by sound alone come 5 s after a failure, then 10 s, then 20 s", async () => {
    const times: number[] = [];
    const exchange = await Exchange.start(
      {
        setup: ({ socket }) => {
          times.push(exchange.talk.clock.now());
          socket.close(1011, "");
        },
      },
      { continuity: { ...continuity, reconnectAttempts: 1 } },
    );
    for (let second = 0; second < 40; second++) {
      exchange.talk.conversation.send(
        { kind: "sound", pcm: Buffer.alloc(640), sampleRate: 16_000 },
        () => {},
      );
      await exchange.settled();
      if (exchange.talk.conversation.state === "connecting") {
        await exchange.talk.next("state", ({ state }) => state === "closed");
      }
      exchange.talk.clock.advance(1_000);
    }
    const gaps = times.slice(1).map((time, n) => Math.round((time - times[n]!) / 1_000));
    assert.equal(gaps.length, 3);
    for (const [n, wanted] of [5, 10, 20].entries())
      assert.ok(Math.abs(gaps[n]! - wanted) <= 2, `${gaps} against 5, 10, 20`);
  });
});

describe("a stored handle", () => {
  const stored = (): HandleStore & { saved: (string | undefined)[] } => {
    const saved: (string | undefined)[] = [];
    return { saved, load: async () => "stored handle", save: (handle) => void saved.push(handle) };
  };

  it("resumes the conversation", async () => {
    const exchange = await Exchange.start({}, { handles: stored() });
    exchange.talk.conversation.connect();
    assert.equal((await exchange.talk.next("resumed")).remembered, true);
    assert.deepEqual(exchange.lines(/setup/), ["1 setup stored handle"]);
  });

  for (const [what, options] of [
    ["restart with context", { continuity: { ...continuity, onConnectionLoss: "restart" } }],
    ["report only", { continuity: { ...continuity, onConnectionLoss: "report" } }],
    ["single turn", { settings: { ...settings, singleTurn: true } }],
  ] as const)
    it(`is neither used nor kept with ${what}: the conversation begins with its history`, async () => {
      const handles = stored();
      const exchange = await Exchange.start({}, { ...options, handles });
      await exchange.talk.send({ kind: "history", turns: [{ role: "user", text: "My name is Ada." }] });
      await exchange.seen("1 context user: My name is Ada.");
      assert.deepEqual(exchange.lines(/setup/), ["1 setup plain"]);
      assert.equal(exchange.talk.all("resumed").length, 0);
      assert.deepEqual(handles.saved.filter(Boolean), []);
    });
});

describe("a handle before an answer that was not finished", () => {
  it("still resumes the conversation, and says that a part may be lost", async () => {
    const exchange = await Exchange.start({
      text: (line) => {
        if (line.number === 2) return answer(line);
        line.reply({ sessionResumptionUpdate: { newHandle: "", resumable: false } });
        begin(line);
        cut(line);
      },
    });
    await exchange.talk.say("Tell me a story.");
    assert.equal((await exchange.talk.next("resumed")).remembered, "partly");
    assert.deepEqual(exchange.lines(/setup/), ["1 setup new", "2 setup handle 1"]);
    await exchange.talk.say("Go on.");
    await exchange.talk.next("turnComplete");
  });
});
