// Browsers let a page of any site open a socket of this machine. The examples serve their own pages only.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type OutgoingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { WebSocket } from "ws";
import { type Caller, call, callWith, ticketOf } from "../caller";
import { cleanUp } from "../clean-up";
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
    ["none", undefined],
    ["a wrong one", randomUUID()],
    ["an empty one", ""],
  ] as const)
    it(`a socket without the page's ticket begins no conversation and hears nothing, while our own page is served: ${who}`, async () => {
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
      ["nodes", "only our page"],
      ["flows", "caption"],
    ] as const) {
      const changed = flow.map((node) => (node.name === name ? { ...node, info: `${kind} ${name}` } : node));
      await deploy(nodeRed, news, changed, kind);
      guest.speak(question);
      await answered(guest);
    }
  });

  it("a ticket outlives a deploy of everything, and another Node-RED has another", async () => {
    const ticket = await ticketOf(page);
    await deploy(nodeRed, news, flow, "full");
    assert.equal(await ticketOf(page), ticket);
    const other = await startNodeRed();
    cleanUp(() => other.stop());
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
  /** The status that a request gets with these headers, the host among them. */
  const status = (path: string, headers: OutgoingHttpHeaders, method = "GET") =>
    new Promise<number>((resolve, reject) => {
      request(nodeRed.url + path, { method, headers }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode!));
      })
        .on("error", reject)
        .end();
    });
  /** Whether a socket is opened to a page with this origin. */
  const opens = (path: string, options: object) =>
    new Promise<boolean>((resolve) => {
      const socket = new WebSocket(nodeRed.url.replace("http", "ws") + path, options);
      socket.on("open", () => socket.close()).on("error", () => {});
      socket.on("open", () => resolve(true)).on("close", () => resolve(false));
    });

  it("refuses pages of other sites that read or change the flows, the page with the ticket, or its storage", async () => {
    for (const origin of ["http://elsewhere.example", "http://localhost:1", "https://127.0.0.1", "null"]) {
      for (const path of ["/", "/talk", "/flows", "/context/flow/7a1c0e5d2b9f4310"])
        assert.equal(await status(path, { origin }), 403, `${origin} ${path}`);
      for (const method of ["POST", "OPTIONS"]) assert.equal(await status("/flows", { origin }, method), 403);
      for (const path of ["/comms", "/talk/audio"]) assert.equal(await opens(path, { origin }), false, path);
    }
  });

  it("refuses requests under a foreign host name that resolves to this machine (DNS rebinding)", async () => {
    const host = "elsewhere.example:1880";
    for (const headers of [
      { host },
      { host, origin: `http://${host}` },
      { host, "x-forwarded-host": host },
    ]) {
      assert.equal(await status("/flows", headers), 403);
      assert.equal(await opens("/comms", { headers }), false);
    }
  });

  it("serves its own pages, also under another name or through a proxy that forwards the name", async () => {
    const { host, port } = new URL(nodeRed.url);
    for (const headers of [
      {},
      { origin: `http://${host}` },
      { host: `localhost:${port}`, origin: `http://localhost:${port}` },
      { host: `[::1]:${port}` },
      { origin: "https://home.example", "x-forwarded-host": "home.example" },
    ]) {
      assert.equal(await status("/flows", headers), 200, JSON.stringify(headers));
      for (const path of ["/comms", "/talk/audio"]) assert.equal(await opens(path, { headers }), true);
    }
  });
});
