import assert from "node:assert/strict";
import { once } from "node:events";
import type { Conversation } from "../../live/conversation";
import { ConversationPool } from "../../live/conversation-pool";
import type { ConversationEvent } from "../../live/events";
import { TestClock } from "../clock";
import { acceptSetup, type FarEnd, startFarEnd } from "../far-end";
import { Inbox } from "../inbox";
import { optionsFor } from "./talk";

describe("the conversations of a session node", () => {
  let farEnd: FarEnd;
  let clock: TestClock;
  let conversations: ConversationPool;
  let events: Inbox<{ key: string; event: ConversationEvent }>;
  let others: ConversationPool | undefined;
  let open: Set<Conversation>;

  beforeEach(async () => {
    farEnd = await startFarEnd(acceptSetup());
    clock = new TestClock();
    events = new Inbox();
    open = new Set();
    others = undefined;
    conversations = create({ maxConversations: 2, idleTimeoutMs: 60_000, open });
  });
  afterEach(async () => {
    conversations.close();
    await farEnd.close();
    assert.equal(clock.waiting, 0, "a timer was left");
  });
  const create = (limits: ConstructorParameters<typeof ConversationPool>[1]) =>
    new ConversationPool(optionsFor(farEnd.url, clock), limits, undefined, (conversation, event) =>
      events.push({ key: keyOf(conversation), event }),
    );
  const keys = ["kitchen", "hall", "cellar", "a", "b", "device 29"];
  const keyOf = (conversation: Conversation) =>
    keys.find((key) => [conversations, others].some((each) => each?.find(key) === conversation)) ?? "";
  const connected = (key: string) =>
    clock.during(
      events.next((e) => e.key === key && e.event.type === "state" && e.event.state === "connected"),
    );
  const text = { kind: "text", text: "hello", turnComplete: true } as const;
  const say = (key: string) =>
    clock.during(new Promise<Error | undefined>((resolve) => conversations.get(key).send(text, resolve)));

  it("are one for each key, each with a connection of its own", async () => {
    assert.equal(await say("kitchen"), undefined);
    assert.equal(await say("hall"), undefined);
    assert.equal(farEnd.requests.length, 2);
    assert.notEqual(conversations.find("kitchen"), conversations.find("hall"));
    assert.equal(conversations.find("cellar"), undefined);
  });

  it("are no more than the limit: one too many is refused with an error and an event, and the others go on", async () => {
    await say("kitchen");
    await say("hall");
    assert.match(String(await say("cellar")), /allows 2 open conversations/);
    assert.ok(events.items.some(({ key, event }) => key === "cellar" && event.type === "refused"));
    assert.equal(await say("kitchen"), undefined);
    assert.equal(farEnd.requests.length, 2);
  });

  it("share the limit with the other nodes of the connection", async () => {
    others = create({ maxConversations: 2, idleTimeoutMs: 0, open });
    others.get("a").connect();
    await connected("a");
    others.get("b").connect();
    await connected("b");
    assert.match(String(await say("kitchen")), /allows 2 open conversations/);
    others.close();
    assert.equal(await say("kitchen"), undefined);
  });

  it("make room when one ends", async () => {
    await say("kitchen");
    await say("hall");
    conversations.find("hall")!.disconnect();
    assert.equal(await say("cellar"), undefined);
  });

  it("end when nothing came or went for the idle time, and open again with the next message", async () => {
    await say("kitchen");
    clock.advance(59_000);
    assert.deepEqual(conversations.states(), ["connected"]);
    clock.advance(2_000);
    assert.deepEqual(conversations.states(), ["closed"]);
    assert.equal(await say("kitchen"), undefined);
    assert.equal(farEnd.requests.length, 2);
  });

  it("are forgotten a minute after they ended, and then need no timer", async () => {
    await say("kitchen");
    conversations.find("kitchen")!.end();
    clock.advance(61_000);
    assert.deepEqual(conversations.states(), []);
    assert.equal(clock.waiting, 0);
  });

  it("begin afresh after the idle time: nothing of the handle is left, and sound opens the next one", async () => {
    await say("kitchen");
    await connected("kitchen");
    farEnd.sockets[0]!.send(JSON.stringify({ sessionResumptionUpdate: { newHandle: "h", resumable: true } }));
    farEnd.sockets[0]!.ping();
    await once(farEnd.sockets[0]!, "pong");
    clock.advance(61_000);
    assert.deepEqual(conversations.states(), ["closed"]);
    conversations
      .get("kitchen")
      .send({ kind: "sound", pcm: Buffer.alloc(640), sampleRate: 16_000 }, () => {});
    await connected("kitchen");
    const setups = (farEnd.frames as { setup?: { sessionResumption?: object } }[]).flatMap(
      ({ setup }) => setup ?? [],
    );
    assert.deepEqual(
      setups.map(({ sessionResumption }) => sessionResumption),
      [{}, {}],
    );
  });

  it("stay closed to sound for hours when the flow has ended them, until a text comes", async () => {
    await say("kitchen");
    conversations.find("kitchen")!.disconnect();
    const speak = () =>
      conversations
        .get("kitchen")
        .send({ kind: "sound", pcm: Buffer.alloc(640), sampleRate: 16_000 }, () => {});
    for (let minute = 0; minute < 180; minute++) {
      clock.advance(60_000);
      speak();
    }
    assert.deepEqual(conversations.states(), ["closed"]);
    assert.equal(farEnd.requests.length, 1);
    assert.equal(await say("kitchen"), undefined);
    assert.equal(farEnd.requests.length, 2);
  });

  it("of clients that are gone do not add up without bound", () => {
    for (let n = 0; n < 1_200; n++) {
      conversations.get(`client ${n}`).disconnect();
      clock.advance(1);
    }
    clock.advance(61_000);
    assert.equal(conversations.states().length, 1_000);
    assert.equal(conversations.find("client 0"), undefined);
    assert.ok(conversations.find("client 1199"));
  });

  it("make room at the limit: the one unused longest, for 30 s at least, ends for the new one, with event and warning", async () => {
    await say("kitchen");
    clock.advance(20_000);
    await say("hall");
    clock.advance(9_000);
    assert.match(String(await say("cellar")), /allows 2 open conversations, and all are in use/);
    clock.advance(2_000);
    assert.equal(await say("cellar"), undefined);
    assert.equal(conversations.find("kitchen")!.state, "closed");
    assert.equal(conversations.find("hall")!.state, "connected");
    const closed = events.items.find(
      ({ key, event }) => key === "kitchen" && event.type === "state" && event.state === "closed",
    );
    assert.match(JSON.stringify(closed), /ended for another conversation/);
    assert.ok(
      events.items.some(({ event }) => event.type === "warning" && /ended for a new one/.test(event.warning)),
    );
  });

  it("share one timer, however many they are", async () => {
    conversations = create({ maxConversations: 50, idleTimeoutMs: 60_000, open });
    for (let i = 0; i < 30; i++) conversations.get(`device ${i}`).connect();
    await connected("device 29");
    await clock.during(
      (async () => {
        while (conversations.states().includes("connecting"))
          await new Promise((resolve) => setImmediate(resolve));
      })(),
    );
    assert.equal(clock.waiting, 1);
  });

  it("tell nothing more once the node is closed", async () => {
    await say("kitchen");
    const told = events.items.length;
    conversations.close();
    assert.equal(events.items.length, told);
    assert.equal(open.size, 0);
  });
});
