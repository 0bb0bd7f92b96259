// What browser in makes of a page's messages, and how long a page keeps its conversation.

import assert from "node:assert/strict";
import { once } from "node:events";
import { systemClock } from "../../../audio/clock";
import { replace } from "../../clean-up";
import { TestClock } from "../../clock";
import { openPage, PageClient, ticketOf } from "../../page-client";
import type { Msg } from "../flow";
import { startPageFlow } from "./page-flow";

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3]);
const idIn = ({ _session }: Msg) => (_session as { id: string }).id;

describe("browser in", () => {
  it("sends sound, texts, pictures and actions of a page to the flow, each with the page's _session", async () => {
    const { flow, page } = await startPageFlow();
    const { client } = await openPage(page);
    client.tell({ type: "start", rate: 48_000, language: "de-DE" });
    client.tell({ type: "action", action: "connect" });
    client.socket.send(Buffer.alloc(1_920, 1));
    client.tell({ type: "text", text: "Hello" });
    client.tell({ type: "picture", data: JPEG.toString("base64") });
    client.tell({ type: "played", turn: 3 });
    const got: Msg[] = [];
    for (let n = 0; n < 5; n++) got.push(await flow.at("flow").next());
    const id = idIn(got[0]!);
    assert.match(id, /^[\da-f]{32}$/);
    for (const { _session } of got) assert.deepEqual(_session, { type: "gemini-browser", id });
    assert.deepEqual(
      got.map(({ _msgid, _session, ...msg }) => msg),
      [
        { action: "connect", language: "de-DE" },
        { payload: Buffer.alloc(1_920, 1), mimeType: "audio/pcm;rate=48000" },
        { payload: "Hello", mimeType: "text/plain" },
        { payload: JPEG, mimeType: "image/jpeg" },
        { event: "played", turn: 3 },
      ],
    );
    assert.equal(new Set(got.map(({ _session }) => _session)).size, 5, "no two messages share an object");
  });

  it("gives two pages two conversations, and shows how many are open", async () => {
    const { flow, page } = await startPageFlow();
    const badges = flow.badges("in");
    const [first, second] = [await openPage(page), await openPage(page)];
    await badges.next(({ text }) => text === "2 pages open");
    for (const { client } of [first, second]) client.tell({ type: "text", text: "Hello" });
    const ids = [idIn(await flow.at("flow").next()), idIn(await flow.at("flow").next())];
    assert.notEqual(ids[0], ids[1]);
    await first.client.leave();
    await badges.next(({ text }) => text === "1 page open");
  });

  it("ignores whatever a page says about its _session, its session and its topic", async () => {
    const { flow, page } = await startPageFlow();
    const { client } = await openPage(page);
    client.tell({ type: "text", text: "Hello" });
    const id = idIn(await flow.at("flow").next());
    const forged = { _session: { type: "gemini-browser", id: "other" }, session: "other", topic: "other" };
    client.tell({ type: "text", text: "Hello", ...forged } as never);
    client.tell({ type: "action", action: "connect", ...forged } as never);
    for (let n = 0; n < 2; n++) {
      const msg = await flow.at("flow").next();
      assert.equal(idIn(msg), id);
      assert.ok(!("session" in msg) && !("topic" in msg));
    }
  });

  it("continues the conversation of a page that comes back, and tells it its state", async () => {
    const { flow, page } = await startPageFlow();
    const { client, resume } = await openPage(page);
    client.tell({ type: "text", text: "before" });
    const { _session } = await flow.at("flow").next();
    flow.send("out", { _session, event: "state", payload: { state: "connected", server: "simulator" } });
    await client.next("state");
    await client.leave();
    const again = await openPage(page, resume);
    assert.equal(again.resume, resume);
    assert.deepEqual(await again.client.next("state"), {
      type: "state",
      state: "connected",
      server: "simulator",
    });
    again.client.tell({ type: "text", text: "after" });
    assert.deepEqual((await flow.at("flow").next())._session, _session);
  });

  it("continues it also after a state that JSON cannot hold", async () => {
    const { flow, page } = await startPageFlow();
    const { client, resume } = await openPage(page);
    client.tell({ type: "text", text: "before" });
    const { _session } = await flow.at("flow").next();
    const state: Record<string, unknown> = {};
    state.state = state;
    flow.send("out", { _session, event: "state", payload: state });
    assert.match((await flow.nextError()).message, /circular structure/);
    await client.leave();
    await (await openPage(page, resume)).client.settled();
  });

  it("continues it after a deploy of the node, and after a restart: the id follows from the page's token", async () => {
    const { flow, page, nodes } = await startPageFlow();
    const { client, resume } = await openPage(page);
    client.tell({ type: "text", text: "before" });
    const id = idIn(await flow.at("flow").next());
    const closed = client.closeCode();
    await flow.deploy(nodes.map((node) => (node.id === "in" ? { ...node, title: "Deployed" } : node)));
    assert.equal(await closed, 1001);
    const again = await openPage(page, resume);
    again.client.tell({ type: "text", text: "after" });
    assert.equal(idIn(await flow.at("flow").next()), id);
    await flow.stop();
    const restarted = await startPageFlow();
    const last = await openPage(restarted.page, resume);
    last.client.tell({ type: "text", text: "last" });
    assert.equal(idIn(await restarted.flow.at("flow").next()), id);
  });

  it("gives a conversation to the newest of two pages with the same token, and says so to the other", async () => {
    const { page } = await startPageFlow();
    const { client, resume } = await openPage(page);
    const closed = client.closeCode();
    await openPage(page, resume);
    assert.equal(await closed, 4004);
  });

  it("makes a new token of one that no page has", async () => {
    const { page } = await startPageFlow();
    for (const forged of ["", "x", "0".repeat(32), "a".repeat(44), "../../../etc"])
      assert.notEqual((await openPage(page, forged)).resume, forged);
  });

  it("ends the conversation of a page that has been away for 30 s, and no sooner", async () => {
    const clock = new TestClock();
    replace(systemClock, "after", clock.after.bind(clock));
    replace(systemClock, "now", clock.now.bind(clock));
    const { flow, page } = await startPageFlow();
    const { client, resume } = await openPage(page);
    client.tell({ type: "text", text: "Hello" });
    const { _session } = await flow.at("flow").next();
    const gone = flow.badges("in");
    await client.leave();
    await gone.next(({ text }) => text === "0 pages open");
    clock.advance(29_900);
    const again = await openPage(page, resume);
    clock.advance(10_000);
    await again.client.leave();
    await gone.next(({ text }) => text === "0 pages open");
    clock.advance(29_900);
    // Pages of other tests have been away, too.
    const isEnd = (msg: Msg) => msg.action === "disconnect" && idIn(msg) === idIn({ _session });
    assert.ok(!flow.at("flow").items.some(isEnd));
    clock.advance(200);
    await flow.at("flow").next(isEnd);
  });

  it("keeps no more conversations than the setting allows pages: those that are away for longest end", async () => {
    const { flow, page } = await startPageFlow({ maxPages: 2 });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { client } = await openPage(page);
      client.tell({ type: "text", text: "Hello" });
      ids.push(idIn(await flow.at("flow").next(({ payload }) => payload === "Hello")));
      await client.leave();
    }
    const ended = flow.at("flow").items.filter(({ action }) => action === "disconnect");
    assert.deepEqual(ended.map(idIn), [ids[0]]);
  });

  it("ends the conversations of its pages when the node is deleted", async () => {
    const { flow, page, nodes } = await startPageFlow();
    const { client } = await openPage(page);
    client.tell({ type: "text", text: "Hello" });
    const id = idIn(await flow.at("flow").next());
    const closed = client.closeCode();
    await flow.deploy(nodes.filter((node) => node.id !== "in"));
    assert.equal(await closed, 1001);
    await flow.at("flow").next((msg) => msg.action === "disconnect" && idIn(msg) === id);
  });

  it("ends them after 30 s when it can no longer serve its page", async () => {
    const clock = new TestClock();
    replace(systemClock, "after", clock.after.bind(clock));
    const { flow, page, nodes } = await startPageFlow();
    const { client } = await openPage(page);
    client.tell({ type: "text", text: "Hello" });
    const id = idIn(await flow.at("flow").next());
    await flow.deploy(nodes.map((node) => (node.id === "in" ? { ...node, path: "/a b" } : node)));
    clock.advance(30_000);
    await flow.at("flow").next((msg) => msg.action === "disconnect" && idIn(msg) === id);
  });

  it("ends what a page has begun when it is lost: an activity, or else its sound", async () => {
    const { flow, page } = await startPageFlow();
    const { client, resume } = await openPage(page);
    client.tell({ type: "action", action: "activityStart" });
    client.socket.send(Buffer.alloc(640));
    await client.settled();
    client.socket.terminate();
    await flow.at("flow").next(({ action }) => action === "activityEnd");
    const { client: second } = await openPage(page, resume);
    second.socket.send(Buffer.alloc(640));
    await second.settled();
    second.socket.terminate();
    await flow.at("flow").next(({ action }) => action === "audioStreamEnd");
  });

  it("ends the sound of a lost page only once", async () => {
    const { flow, page } = await startPageFlow();
    const { client, resume } = await openPage(page);
    client.socket.send(Buffer.alloc(640));
    client.tell({ type: "action", action: "audioStreamEnd" });
    await client.leave();
    const again = await openPage(page, resume);
    again.client.tell({ type: "text", text: "last" });
    await flow.at("flow").next(({ payload }) => payload === "last");
    const ends = flow.at("flow").items.filter(({ action }) => action === "audioStreamEnd");
    assert.equal(ends.length, 1);
  });

  it("ends the conversation of a page that does not come back after a deploy of the node", async () => {
    const clock = new TestClock();
    replace(systemClock, "after", clock.after.bind(clock));
    replace(systemClock, "now", clock.now.bind(clock));
    const { flow, page, nodes } = await startPageFlow();
    const { client } = await openPage(page);
    client.tell({ type: "text", text: "Hello" });
    const id = idIn(await flow.at("flow").next());
    await flow.deploy(nodes.map((node) => (node.id === "in" ? { ...node, title: "Deployed" } : node)));
    clock.advance(30_100);
    await flow.at("flow").next((msg) => msg.action === "disconnect" && idIn(msg) === id);
  });

  it("disconnects a page that gives no sign of life, or never says how it sounds", async () => {
    const clock = new TestClock();
    replace(systemClock, "after", clock.after.bind(clock));
    const { page } = await startPageFlow();
    const silent = new PageClient(page, await ticketOf(page));
    await once(silent.socket, "open");
    const refused = silent.closeCode();
    clock.advance(10_000);
    assert.equal(await refused, 4003);
    const { client } = await openPage(page);
    // It no longer answers pings.
    client.socket.pause();
    clock.advance(15_000);
    clock.advance(15_000);
    client.socket.resume();
    assert.equal(await client.closeCode(), 1006);
  });

  it("keeps a page that still sends, although what it receives comes late", async () => {
    const clock = new TestClock();
    replace(systemClock, "after", clock.after.bind(clock));
    const { flow, page } = await startPageFlow();
    const { client } = await openPage(page);
    client.socket.pause();
    for (let n = 0; n < 3; n++) {
      client.socket.send(Buffer.alloc(640));
      await flow.at("flow").next();
      clock.advance(15_000);
    }
    client.socket.resume();
    await client.settled();
  });

  it("refuses the path of another browser in with an error on the second, and one that is no path", async () => {
    const node = { type: "gemini-browser-in", z: "tab", x: 0, y: 0, wires: [] };
    const { flow } = await startPageFlow({}, [
      { ...node, id: "second", path: "talk/" },
      { ...node, id: "third", path: "/a b" },
    ]);
    assert.match((await flow.badges("second").next()).text!, /has the path \/talk\. Give this one a path/);
    assert.match((await flow.badges("third").next()).text!, /path must consist of names/);
    assert.equal((await flow.badges("in").next()).text, "0 pages open");
  });

  it("leaves no listener behind, however often it is deployed", async () => {
    const { flow, nodes, server } = await startPageFlow();
    for (let n = 0; n < 12; n++)
      await flow.deploy(nodes.map((node) => (node.id === "in" ? { ...node, title: `${n}` } : node)));
    assert.equal(server.listenerCount("upgrade"), 1);
    await flow.stop();
    assert.equal(server.listenerCount("upgrade"), 0);
  });
});
