import assert from "node:assert/strict";
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
    assert.match(String(await say("cellar")), /2 conversations are open.*limit/);
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
    assert.match(String(await say("kitchen")), /limit/);
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
    conversations.find("kitchen")!.disconnect();
    clock.advance(61_000);
    assert.deepEqual(conversations.states(), []);
    assert.equal(clock.waiting, 0);
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
