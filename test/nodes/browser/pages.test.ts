// What browser in makes of a page's messages, and how long a page keeps its conversation.

import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { systemClock } from "../../../audio/clock";
import { clients } from "../../../nodes/browser-in/clients";
import { replace } from "../../clean-up";
import { TestClock } from "../../clock";
import { instance, node, subflow } from "../../flow-node";
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

  it("ignores whatever a page says about its _session, its session, its topic and its settings", async () => {
    const { flow, page } = await startPageFlow();
    const { client } = await openPage(page);
    client.tell({ type: "text", text: "Hello" });
    const id = idIn(await flow.at("flow").next());
    const forged = { _session: { type: "gemini-browser", id: "other" }, session: "other", topic: "other" };
    client.tell({ type: "text", text: "Hello", ...forged } as never);
    client.tell({ type: "action", action: "connect", payload: { model: "another" }, ...forged } as never);
    for (let n = 0; n < 2; n++) {
      const msg = await flow.at("flow").next();
      assert.equal(idIn(msg), id);
      assert.ok(!("session" in msg) && !("topic" in msg) && typeof msg.payload !== "object");
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

  it("takes a text once that the page sends again after a lost connection, and each text without an id", async () => {
    const { flow, page } = await startPageFlow();
    const { client, resume } = await openPage(page);
    const text = { type: "text", text: "Hello", id: "1" } as const;
    client.tell(text);
    await flow.at("flow").next(({ payload }) => payload === "Hello");
    await client.leave();
    const again = await openPage(page, resume);
    for (const message of [
      text,
      { ...text, id: "2" },
      { type: "text", text: "x" },
      { type: "text", text: "x" },
    ] as const)
      again.client.tell(message);
    again.client.tell({ type: "text", text: "last" });
    await flow.at("flow").next(({ payload }) => payload === "last");
    const texts = flow.at("flow").items.map(({ payload }) => payload);
    assert.deepEqual(texts, ["Hello", "Hello", "x", "x", "last"]);
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

  it("gives another login in the same tab a conversation of its own", async () => {
    const { flow, page, login } = await startPageFlow();
    const ids: string[] = [];
    let resume: string | undefined;
    for (const user of ["anna", "bob", "anna"]) {
      login.user = user;
      const opened = await openPage(page, resume);
      resume = opened.resume;
      opened.client.tell({ type: "text", text: "Hello" });
      const { _session } = await flow.at("flow").next(({ payload }) => payload === "Hello");
      assert.equal((_session as { user?: string }).user, user);
      ids.push(idIn({ _session }));
      await opened.client.leave();
    }
    assert.notEqual(ids[0], ids[1]);
    assert.equal(ids[0], ids[2], "the first one may come back");
  });

  it("lets a page in whose own lost socket still counts, although no more pages may be open", async () => {
    const { flow, page } = await startPageFlow({ maxPages: 1 });
    const badges = flow.badges("in");
    const { client, resume } = await openPage(page);
    client.tell({ type: "text", text: "before" });
    const id = idIn(await flow.at("flow").next());
    // It does not notice that the page has gone.
    client.socket.pause();
    const again = await openPage(page, resume);
    again.client.tell({ type: "text", text: "after" });
    assert.equal(idIn(await flow.at("flow").next()), id);
    const stranger = new PageClient(page, await ticketOf(page));
    const refused = stranger.closeCode();
    await once(stranger.socket, "open");
    stranger.tell({ type: "start", rate: 16_000, language: "en" });
    assert.equal(await refused, 4002);
    await again.client.settled();
    assert.deepEqual(
      badges.items.slice(1).map(({ text }) => text),
      ["1 page open", "1 page open"],
    );
  });

  it("holds no more than twice as many sockets as pages may be open, also when they say nothing", async () => {
    const { page } = await startPageFlow({ maxPages: 1 });
    for (let n = 0; n < 2; n++) await once(new PageClient(page, await ticketOf(page)).socket, "open");
    assert.equal(await new PageClient(page, await ticketOf(page)).closeCode(), 4002);
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

  for (const [where, of] of [
    ["a subflow", "inner"],
    ["a subflow in a subflow", "outer"],
  ] as const)
    it(`ends them when it is in ${where} that is deleted, and closes and forgets its pages`, async () => {
      const {
        flow,
        page,
        nodes: all,
      } = await startPageFlow({}, [
        ...subflow("inner", [], [node("deep", "gemini-browser-in", { path: "/deep" }, [])], ["deep"]),
        ...subflow("outer", [], [instance("nested", "inner", [])], ["nested"]),
        instance("instance", of, ["flow"]),
      ]);
      const { client, resume } = await openPage(page.replace("talk", "deep"));
      client.tell({ type: "text", text: "Hello" });
      const id = idIn(await flow.at("flow").next());
      await flow.deploy(all.map((node) => (node.id === "deep" ? { ...node, title: "Deployed" } : node)));
      const again = await openPage(page.replace("talk", "deep"), resume);
      assert.ok(clients.get(id)?.isOpen, "a deploy of the subflow does not end them");
      const closed = again.client.closeCode();
      await flow.deploy(all.filter((node) => node.id !== "instance"));
      assert.equal(await closed, 1001);
      await flow.at("flow").next((msg) => msg.action === "disconnect" && idIn(msg) === id);
      assert.deepEqual([...clients.keys()], []);
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

  it("does not wait for a page that ignores that its socket is closed", async () => {
    const clock = new TestClock();
    replace(systemClock, "after", clock.after.bind(clock));
    const { page } = await startPageFlow();
    const request = get(`${page}/socket?ticket=${await ticketOf(page)}`, {
      headers: {
        origin: new URL(page).origin,
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      },
    });
    const [, socket, head] = (await once(request, "upgrade")) as [IncomingMessage, Socket, Buffer];
    const received = [head];
    socket.on("data", (data) => received.push(data));
    const ended = once(socket, "end");
    // It never says how it sounds.
    clock.advance(10_000);
    while (Buffer.concat(received).length < 4) await once(socket, "data");
    assert.deepEqual(Buffer.concat(received), Buffer.from([0x88, 2, 4003 >> 8, 4003 & 0xff]));
    clock.advance(9_900);
    assert.equal(socket.readableEnded, false);
    clock.advance(100);
    await ended;
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

  it("refuses a path that another browser in uses with an error on the second, and one that is no path", async () => {
    const second = (id: string, path: string) => node(id, "gemini-browser-in", { path });
    const { flow } = await startPageFlow({}, [
      second("equal", "talk/"),
      second("ticket", "/talk/ticket"),
      second("script", "/talk/app.js"),
      second("invalid", "/a b"),
      second("below", "/talk/more"),
      second("socket", "/kitchen/socket"),
      second("above", "/kitchen"),
    ]);
    const badge = async (id: string) => (await flow.badges(id).next()).text!;
    for (const id of ["equal", "ticket", "script"])
      assert.match(await badge(id), /conflicts with \/talk of another browser in node/, id);
    assert.match(await badge("above"), /conflicts with \/kitchen\/socket of another/);
    assert.match(await badge("invalid"), /path must consist of names/);
    for (const id of ["below", "socket"]) assert.equal(await badge(id), "0 pages open", id);
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
