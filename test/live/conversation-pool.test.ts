// The conversations of a session node: one per session key, limited in number, ended when idle.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "mocha";
import type { Conversation } from "../../live/conversation";
import { type ConversationLimits, ConversationPool, type SharedOptions } from "../../live/conversation-pool";
import type { ConversationEvent } from "../../live/events";
import { cleanUp } from "../clean-up";
import { TestClock } from "../clock";
import { acceptResumable, startFarEnd } from "../far-end";
import { Inbox } from "../inbox";
import { optionsFor, settings } from "./talk";

const text = { kind: "text", text: "hello", turnComplete: true } as const;
const sound = { kind: "sound", pcm: Buffer.alloc(640), sampleRate: 16_000 } as const;
const KEYS = ["kitchen", "hall", "cellar", "device 29"];

/** A server, and pools of conversations with it that share one limit; all end with the test, which must leave no timer. */
async function start() {
  const farEnd = await startFarEnd(acceptResumable());
  const clock = new TestClock();
  const open = new Set<Conversation>();
  cleanUp(async () => {
    await farEnd.close();
    assert.equal(clock.waiting, 0, "a timer was left");
  });
  const create = (limits: Partial<ConversationLimits> = {}, options: Partial<SharedOptions> = {}) => {
    const events = new Inbox<{ key: string; event: ConversationEvent }>();
    const keyOf = (conversation: Conversation) =>
      KEYS.find((key) => pool.find(key) === conversation) ?? "another";
    const pool: ConversationPool = new ConversationPool(
      { ...optionsFor(farEnd.url, clock), settingsFor: () => settings, ...options },
      { maxConversations: 2, idleTimeoutMs: 40_000, open, ...limits },
      (conversation, event) => events.push({ key: keyOf(conversation), event }),
    );
    cleanUp(() => pool.close());
    return {
      pool,
      events,
      connected: (key: string) =>
        clock.during(
          events.next((e) => e.key === key && e.event.type === "state" && e.event.state === "connected"),
        ),
      /** Sends a text; resolves to the error, if there is one. */
      say: (key: string) =>
        clock.during(new Promise<Error | undefined>((resolve) => pool.get(key).send(text, resolve))),
      speak: (key: string) => pool.get(key).send(sound, () => {}),
    };
  };
  return { farEnd, clock, open, create };
}

describe("the conversations of a session node", () => {
  it("may continue in another process once they were not open for a minute, and are then opened from what is stored", async () => {
    const { clock, create } = await start();
    const unused = new Set<string>();
    const { pool, say } = create({}, { onUnused: (key) => unused.add(key) });
    for (const key of ["kitchen", "hall"]) await say(key);
    pool.disconnect("hall");
    clock.advance(30_000);
    await say("kitchen");
    assert.deepEqual([...unused], []);
    clock.advance(35_000);
    assert.deepEqual([...unused], ["hall"]);
    const open = pool.find("kitchen");
    for (const key of ["kitchen", "hall"]) pool.forgetClosed(key);
    assert.deepEqual([pool.find("kitchen"), pool.find("hall")], [open, undefined]);
  });

  it("are one per session key, each with its own connection", async () => {
    const { farEnd, create } = await start();
    const { pool, say } = create();
    assert.equal(await say("kitchen"), undefined);
    assert.equal(await say("hall"), undefined);
    assert.equal(farEnd.requests.length, 2);
    assert.notEqual(pool.find("kitchen"), pool.find("hall"));
    assert.equal(pool.find("cellar"), undefined);
  });

  it("get changed tools all at once", async () => {
    const { farEnd, create } = await start();
    const tool = (name: string) => ({
      declaration: { name, description: name },
      server: "a node",
      timeoutMs: 1_000,
      check: () => undefined,
    });
    let tools = [tool("get_weather")];
    const { pool, say, connected } = create({}, { tools: () => tools });
    for (const key of ["kitchen", "hall"]) {
      pool.get(key).connect();
      await connected(key);
      await say(key);
      farEnd.sockets.at(-1)!.send(JSON.stringify({ serverContent: { turnComplete: true } }));
      farEnd.sockets.at(-1)!.ping();
      await once(farEnd.sockets.at(-1)!, "pong");
    }
    tools = [...tools, tool("get_time")];
    pool.updateTools();
    for (const key of ["kitchen", "hall"]) assert.equal(pool.find(key)!.state, "connecting", key);
  });

  it("share one timer, however many they are", async () => {
    const { clock, create } = await start();
    const { pool, connected } = create({ maxConversations: 50 });
    for (let n = 0; n < 30; n++) pool.get(`device ${n}`).connect();
    await connected("device 29");
    await clock.during(
      (async () => {
        while (pool.states().includes("connecting")) await new Promise((resolve) => setImmediate(resolve));
      })(),
    );
    assert.equal(clock.waiting, 1);
  });

  it("report only that turns have ended when the node is closed", async () => {
    const { open, create } = await start();
    const { pool, events, say } = create();
    await say("kitchen");
    const reported = events.items.length;
    pool.close();
    assert.deepEqual(
      events.items.slice(reported).map(({ event }) => event.type),
      ["turnComplete"],
    );
    assert.equal(open.size, 0);
  });
});

describe("max conversations", () => {
  it("rejects one too many with an error and an event; the others continue", async () => {
    const { farEnd, create } = await start();
    const { events, say } = create();
    await say("kitchen");
    await say("hall");
    assert.match(String(await say("cellar")), /allows 2 open conversations, and all are in use/);
    assert.ok(events.items.some(({ key, event }) => key === "cellar" && event.type === "refused"));
    assert.equal(await say("kitchen"), undefined);
    assert.equal(farEnd.requests.length, 2);
  });

  it("counts the conversations of all nodes of the connection", async () => {
    const { create } = await start();
    const { say } = create();
    const others = create({ idleTimeoutMs: 0 });
    for (const key of ["kitchen", "hall"]) {
      others.pool.get(key).connect();
      await others.connected(key);
    }
    assert.match(String(await say("cellar")), /allows 2 open conversations/);
    others.pool.close();
    assert.equal(await say("cellar"), undefined);
  });

  it("has room again when a conversation ends", async () => {
    const { create } = await start();
    const { pool, say } = create();
    await say("kitchen");
    await say("hall");
    pool.find("hall")!.disconnect();
    assert.equal(await say("cellar"), undefined);
  });

  it("does not count a conversation twice that reconnects", async () => {
    const { farEnd, create } = await start();
    const { pool, say, connected } = create();
    await say("kitchen");
    await connected("kitchen");
    await say("hall");
    farEnd.sockets[0]!.terminate();
    await connected("kitchen");
    assert.deepEqual(pool.states(), ["connected", "connected"]);
  });

  it("ends the conversation that was idle longest, for 30 s at least, for a new one, with event and warning", async () => {
    const { clock, create } = await start();
    const { pool, events, say } = create({ idleTimeoutMs: 0 });
    await say("kitchen");
    clock.advance(20_000);
    await say("hall");
    clock.advance(9_000);
    assert.match(String(await say("cellar")), /allows 2 open conversations, and all are in use/);
    clock.advance(2_000);
    assert.equal(await say("cellar"), undefined);
    assert.equal(pool.find("kitchen")!.state, "closed");
    assert.equal(pool.find("hall")!.state, "connected");
    const closed = events.items.find(
      ({ key, event }) => key === "kitchen" && event.type === "state" && event.state === "closed",
    );
    assert.match(JSON.stringify(closed), /ended for another conversation/);
    assert.ok(
      events.items.some(({ event }) => event.type === "warning" && /ended for a new one/.test(event.warning)),
    );
  });
});

describe("max conversations in all processes", () => {
  /** Two places, of which another process has some. */
  const placesWith = (taken: string[]) => {
    const places = new Set(taken);
    const release = (key: string) => void places.delete(key);
    return {
      places,
      take: async (key: string) => places.has(key) || (places.size < 2 && Boolean(places.add(key))),
      release,
      leave: release,
    };
  };

  it("refuses one too many, also when this process has only one, until a place is free", async () => {
    const { create } = await start();
    const places = placesWith(["elsewhere"]);
    const { pool, say } = create({}, { places });
    assert.equal(await say("kitchen"), undefined);
    assert.match(
      String(await say("hall")),
      /allows 2 open conversations in all instances of Node-RED, and all/,
    );
    pool.disconnect("kitchen");
    assert.deepEqual([...places.places], ["elsewhere"]);
    assert.equal(await say("hall"), undefined);
  });

  it("ends the conversation of this process that was idle longest, for 30 s at least, for a new one", async () => {
    const { clock, create } = await start();
    const places = placesWith(["elsewhere"]);
    const { pool, say } = create({}, { places });
    await say("kitchen");
    clock.advance(31_000);
    assert.equal(await say("hall"), undefined);
    assert.equal(pool.find("kitchen")!.state, "closed");
    assert.deepEqual([...places.places], ["elsewhere", "hall"]);
  });

  it("is that of this process alone when the others cannot be counted", async () => {
    const { create } = await start();
    const { say } = create({}, { places: { take: async () => undefined, release() {}, leave() {} } });
    await say("kitchen");
    await say("hall");
    assert.match(String(await say("cellar")), /allows 2 open conversations, and all are in use/);
  });

  it("counts no conversation that was ended before it had a place", async () => {
    const { open, clock, create } = await start();
    const places = placesWith([]);
    const { pool, say } = create({}, { places });
    const isSent = say("kitchen");
    pool.disconnect("kitchen");
    assert.match(String(await isSent), /ended before this could be sent/);
    await clock.during(new Promise((resolve) => setImmediate(resolve)));
    assert.deepEqual([open.size, places.places.size], [0, 0]);
  });
});

describe("the idle timeout", () => {
  it("ends a conversation that nothing came to or from; the next message opens it again", async () => {
    const { farEnd, clock, create } = await start();
    const { pool, say } = create();
    await say("kitchen");
    clock.advance(39_000);
    assert.deepEqual(pool.states(), ["connected"]);
    clock.advance(2_000);
    assert.deepEqual(pool.states(), ["closed"]);
    assert.equal(await say("kitchen"), undefined);
    assert.equal(farEnd.requests.length, 2);
  });

  it("deletes the handle; sound opens a new conversation", async () => {
    const { farEnd, clock, create } = await start();
    const { pool, say, speak, connected } = create();
    await say("kitchen");
    await connected("kitchen");
    const [socket] = farEnd.sockets;
    socket!.send(JSON.stringify({ sessionResumptionUpdate: { newHandle: "h", resumable: true } }));
    socket!.ping();
    await once(socket!, "pong");
    clock.advance(41_000);
    assert.deepEqual(pool.states(), ["closed"]);
    speak("kitchen");
    await connected("kitchen");
    const setups = (farEnd.frames as { setup?: { sessionResumption?: object } }[]).flatMap(
      ({ setup }) => setup ?? [],
    );
    assert.deepEqual(
      setups.map(({ sessionResumption }) => sessionResumption),
      [{}, {}],
    );
  });

  it("of 0 ends no conversation", async () => {
    const { clock, create } = await start();
    const { pool, say } = create({ idleTimeoutMs: 0 });
    await say("kitchen");
    clock.advance(60 * 60_000);
    assert.deepEqual(pool.states(), ["connected"]);
  });
});

describe("a conversation that has ended", () => {
  it("is deleted after a minute, and needs no timer then", async () => {
    const { clock, create } = await start();
    const { pool, say } = create();
    await say("kitchen");
    pool.find("kitchen")!.end();
    clock.advance(62_000);
    assert.deepEqual(pool.states(), []);
    assert.equal(clock.waiting, 0);
  });

  it("by the flow is not opened by sound, even after hours, but by a text", async () => {
    const { farEnd, clock, create } = await start();
    const { pool, say, speak } = create();
    await say("kitchen");
    pool.find("kitchen")!.disconnect();
    for (let minute = 0; minute < 180; minute++) {
      clock.advance(60_000);
      speak("kitchen");
    }
    assert.deepEqual(pool.states(), ["closed"]);
    assert.equal(farEnd.requests.length, 1);
    assert.equal(await say("kitchen"), undefined);
    assert.equal(farEnd.requests.length, 2);
  });

  it("by the flow is kept among the 1,000 that were used last", async () => {
    const { clock, create } = await start();
    const { pool } = create();
    for (let n = 0; n < 1_200; n++) {
      pool.get(`client ${n}`).disconnect();
      clock.advance(1);
    }
    clock.advance(62_000);
    assert.equal(pool.states().length, 1_000);
    assert.equal(pool.find("client 0"), undefined);
    assert.ok(pool.find("client 1199"));
  });
});

describe("a conversation with settings of its own", () => {
  const own = { ...settings, voice: "Puck", own: { voice: "Puck" } };

  it("that has ended has them again for two hours after it was used last", async () => {
    const { clock, create } = await start();
    const { pool, say } = create();
    pool.configure("kitchen", own);
    await say("kitchen");
    clock.advance(60 * 60_000);
    assert.deepEqual(pool.states(), ["closed"]);
    assert.equal(pool.get("kitchen").settings.voice, "Puck");
    clock.advance(60 * 60_000);
    assert.equal(pool.get("kitchen").settings.voice, "");
  });

  it("is kept among the 1,000 that were used last", async () => {
    const { clock, create } = await start();
    const { pool } = create();
    for (let n = 0; n < 1_200; n++) {
      pool.configure(`client ${n}`, own);
      clock.advance(1);
    }
    clock.advance(62_000);
    assert.equal(pool.states().length, 1_000);
    clock.stall(2 * 60 * 60_000);
    assert.equal(pool.states().length, 0);
  });

  it("that the flow disconnects loses them, and counts as disconnected", async () => {
    const { farEnd, create } = await start();
    const { pool, say, speak } = create();
    pool.configure("kitchen", own);
    await say("kitchen");
    pool.disconnect("kitchen");
    speak("kitchen");
    assert.deepEqual(pool.states(), ["disconnected"]);
    assert.equal(pool.get("kitchen").settings.voice, "");
    assert.equal(farEnd.requests.length, 1);
  });

  it("makes room for the new conversation when it gets another model at the maximum", async () => {
    const { farEnd, create } = await start();
    const { pool, say, connected } = create();
    await say("kitchen");
    await say("hall");
    await connected("hall");
    pool.configure("hall", { ...own, model: "another model" });
    pool.get("hall").connect();
    await connected("hall");
    assert.equal(farEnd.requests.length, 3);
  });
});

describe("the timer of a session node", () => {
  it("reports stalls and tool timeouts of its conversations", async () => {
    const { clock, create } = await start();
    const { continuity } = optionsFor("");
    const { events, say } = create({}, { continuity: { ...continuity, stallTimeoutMs: 5_000 } });
    await say("kitchen");
    clock.advance(7_000);
    assert.deepEqual(
      events.items.filter(({ event }) => event.type === "stall").map(({ key }) => key),
      ["kitchen"],
    );
  });
});
