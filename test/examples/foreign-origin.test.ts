// Browsers let a page of any site open a socket of this machine. The examples serve their own pages only.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { type Caller, call, callWith, ticketOf } from "../caller";
import { deploy, type EditorNews, listenAsEditor, type NodeRed, startNodeRed } from "../node-red";
import { silence, speech } from "../speech";

interface FlowNode {
  id: string;
  type: string;
  name?: string;
}
const flow = JSON.parse(
  readFileSync(join(__dirname, "../../examples/talk in the browser.json"), "utf8"),
) as FlowNode[];
const session = flow.find(({ type }) => type === "gemini-live-session")!.id;

/** A question with a pause behind it, so that it is answered. */
const question = Buffer.concat([speech, silence(1_000)]);

describe("the socket of an example's page", () => {
  let nodeRed: NodeRed;
  let page: string;
  let news: EditorNews;
  const sockets: Caller["socket"][] = [];

  before(async () => {
    nodeRed = await startNodeRed();
    page = `${nodeRed.url}/talk`;
  });
  after(() => nodeRed.stop());
  beforeEach(async () => {
    news = await listenAsEditor(nodeRed.url);
    // What it shows from before.
    await news.badges.next(({ node }) => node === session);
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.terminate();
    news.close();
  });
  const kept = (caller: Caller) => {
    sockets.push(caller.socket);
    return caller;
  };
  const answered = (caller: Caller) => caller.told.next(({ event }) => event === "turnComplete");

  for (const [who, ticket] of [
    ["that does not know the page's ticket", undefined],
    ["with a wrong ticket", randomUUID()],
    ["with an empty ticket", ""],
  ] as const)
    it(`a socket ${who} begins no conversation and hears nothing, while our own page is served`, async () => {
      const stranger = kept(await callWith(page, ticket));
      stranger.speak(question);
      stranger.socket.send("Hello?");
      await stranger.settled();
      const guest = kept(await call(page));
      guest.speak(question);
      await answered(guest);
      await stranger.settled();
      assert.ok(guest.heard().length > speech.length);
      assert.equal(stranger.received, 0);
      await guest.hangUp();
      await news.badges.next(({ node, text }) => node === session && text === "closed");
      const begun = news.badges.items.filter(({ node, text }) => node === session && text === "connecting");
      assert.equal(begun.length, 1);
      assert.ok(!news.badges.items.some(({ node, text }) => node === session && /live/.test(text ?? "")));
    });

  it("a page that stays open is served on after deploys of single nodes, and of its whole flow", async () => {
    const guest = kept(await call(page));
    await guest.told.next(({ state }) => state === "connected");
    for (const [kind, name] of [
      ["nodes", "caption"],
      ["nodes", "only our own page"],
      ["flows", "caption"],
    ] as const) {
      const changed = flow.map((node) => (node.name === name ? { ...node, info: `${kind} ${name}` } : node));
      await deploy(nodeRed, news, changed, kind);
      guest.speak(question);
      await answered(guest);
    }
  });

  it("a ticket outlives a deploy of everything, and another Node-RED has another", async (test) => {
    const ticket = await ticketOf(page);
    await deploy(nodeRed, news, flow, "full");
    assert.equal(await ticketOf(page), ticket);
    const other = await startNodeRed();
    test.after(() => other.stop());
    assert.notEqual(await ticketOf(`${other.url}/talk`), ticket);
    assert.match(ticket, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });
});

describe("npm start", () => {
  let nodeRed: NodeRed;
  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(() => nodeRed.stop());
  const status = async (path: string, origin: string, method = "GET") =>
    (await fetch(nodeRed.url + path, { method, headers: { origin } })).status;

  it("lets no page of another site read or change the flows, the page with the ticket, or where that is kept", async () => {
    for (const origin of ["http://elsewhere.example", "http://localhost:1", "https://127.0.0.1", "null"]) {
      for (const path of ["/", "/talk", "/flows", "/context/flow/7a1c0e5d2b9f4310"])
        assert.equal(await status(path, origin), 403, `${origin} ${path}`);
      for (const method of ["POST", "OPTIONS"]) assert.equal(await status("/flows", origin, method), 403);
    }
  });

  it("serves its own pages, also when they are reached by another name or through a proxy that says which", async () => {
    const { host, port } = new URL(nodeRed.url);
    assert.equal(await status("/flows", `http://${host}`), 200);
    const byName = await fetch(`http://localhost:${port}/flows`, {
      headers: { origin: `http://localhost:${port}` },
    });
    assert.equal(byName.status, 200);
    const headers = { origin: "https://home.example", "x-forwarded-host": "home.example" };
    assert.equal((await fetch(`${nodeRed.url}/flows`, { headers })).status, 200);
  });
});
