// Attacks on the page of browser in and on its socket, in a real Node-RED with the settings that apply to its http nodes.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { WebSocket } from "ws";
import { cleanUp } from "../../clean-up";
import { node, tab } from "../../flow-node";
import { listenAsEditor, type NodeRed } from "../../node-red";
import { openPage, PageClient, ticketOf } from "../../page-client";
import { startPlainNodeRed } from "../../plain-node-red";
import { startPageFlow } from "./page-flow";

const FLOW = [
  tab(),
  node("in", "gemini-browser-in", { maxPages: 3 }, [["debug", "out"]]),
  node("out", "gemini-browser-out"),
  node("debug", "debug", { active: true, tosidebar: true, complete: "true", targetType: "full" }),
  { id: "listener", type: "websocket-listener", path: "/plain", wholemsg: "false" },
  node("plain", "websocket in", { server: "listener" }, [["back"]]),
  node("back", "websocket out", { server: "listener" }),
];
/** Allows every site to read what http nodes answer. */
const CORS = `httpNodeCors: { origin: true, credentials: true, methods: "GET,PUT,POST,DELETE" },`;
const FILES = ["", "/", "/app.js", "/app.css", "/worklets.js", "/ticket"];

const outcomeOf = (page: string, ticket: string, options: object) =>
  new PageClient(page, ticket, options).outcome();

describe("the page of browser in, attacked", () => {
  let nodeRed: NodeRed;
  let page: string;
  before(async () => {
    nodeRed = await startPlainNodeRed(`httpNodeRoot: "/red", ${CORS}`, FLOW);
    page = `${nodeRed.url}/red/talk`;
  });
  after(() => nodeRed.stop());

  for (const [who, origin] of Object.entries<() => string | undefined>({
    "another site": () => "http://elsewhere.example",
    "another port of this machine": () => "http://127.0.0.1:1",
    "a name that begins like ours": () => `${nodeRed.url}.elsewhere.example`,
    "a page without an origin": () => "null",
    "no page": () => undefined,
  }))
    it(`opens no socket for another origin, even with a ticket: ${who}`, async () => {
      assert.equal(await outcomeOf(page, await ticketOf(page), { origin: origin() }), 403);
    });

  it("opens its socket for its own page, also behind a proxy that forwards the name", async () => {
    assert.equal(await outcomeOf(page, await ticketOf(page), {}), "open");
    const headers = { "x-forwarded-host": "home.example" };
    const origin = "https://home.example";
    assert.equal(await outcomeOf(page, await ticketOf(page), { origin, headers }), "open");
  });

  it("closes a socket without the page's ticket with 4001, and tells it nothing", async () => {
    const used = await ticketOf(page);
    await openedWith(used);
    const [name] = (await ticketOf(page)).split(".");
    const wrong = [
      "",
      "x",
      used,
      `${name}.`,
      `${name}.${randomBytes(24).toString("base64url")}`,
      `${name}.%00`,
    ];
    for (const ticket of wrong) {
      const stranger = new PageClient(page, ticket);
      const code = stranger.closeCode();
      await once(stranger.socket, "open");
      stranger.tell({ type: "start", rate: 16_000, language: "en" });
      stranger.tell({ type: "text", text: "Hello?" });
      assert.equal(await code, 4001, ticket);
      assert.deepEqual(stranger.told.items, [], ticket);
    }
  });
  const openedWith = async (ticket: string) => {
    const client = new PageClient(page, ticket);
    await once(client.socket, "open");
    client.tell({ type: "start", rate: 16_000, language: "en" });
    await client.next("ready");
    return client;
  };

  it("is not opened to other sites by httpNodeCors", async () => {
    const headers = { origin: "http://elsewhere.example" };
    for (const file of FILES) {
      const response = await fetch(page + file, { headers });
      assert.equal(response.headers.get("access-control-allow-origin"), null, file);
      assert.equal(response.headers.get("cross-origin-resource-policy"), "same-origin", file);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff", file);
    }
    for (const site of ["cross-site", "same-site", "none"]) {
      const { status } = await fetch(`${page}/ticket`, { headers: { "sec-fetch-site": site } });
      assert.equal(status, 403, site);
    }
    assert.equal((await fetch(`${page}/ticket`, { headers })).status, 403);
    assert.equal((await fetch(`${page}/ticket`)).status, 200);
  });

  it("runs no inline code and is embedded only by pages of this Node-RED", async () => {
    const { headers } = await fetch(page);
    const policy = headers.get("content-security-policy")!;
    assert.match(policy, /^default-src 'none'; script-src 'self'; /);
    assert.match(policy, /frame-ancestors 'self'$/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.equal(headers.get("cache-control"), "no-store");
  });

  it("closes a socket that sends a message of more than 512 KiB with 1009", async () => {
    const { client } = await openPage(page);
    const code = client.closeCode();
    client.socket.send(Buffer.alloc(512 * 1024 + 2));
    assert.equal(await code, 1009);
  });

  const start = '{"type":"start","rate":16000,"language":"en"}';
  const MISUSE: [what: string, messages: (string | Buffer)[]][] = [
    ["no JSON", ["Hello"]],
    ["null", ["null"]],
    ["an unknown type", [start, '{"type":"reset"}']],
    ["the name of an inherited property", [start, '{"type":"constructor"}']],
    ["an unknown action", [start, '{"type":"action","action":"update"}']],
    ["a rate that no sound has", ['{"type":"start","rate":7,"language":"en"}']],
    ["sound before the first message", [Buffer.alloc(640)]],
    ["half a sample", [start, Buffer.alloc(641)]],
    ["a picture that is no JPEG", [start, '{"type":"picture","data":"iVBORw0KGgo="}']],
    ["a text that is none", [start, '{"type":"text","text":{"a":1}}']],
    ["more than 60 messages at once", Array(70).fill('{"type":"ping"}')],
  ];
  for (const [what, messages] of MISUSE)
    it(`closes a socket that sends what no page sends with 4003: ${what}`, async () => {
      const client = new PageClient(page, await ticketOf(page));
      const code = client.closeCode();
      await once(client.socket, "open");
      for (const message of messages) client.socket.send(message);
      assert.equal(await code, 4003);
    });

  it("closes a socket that sends sound faster than real time with 4003, but not one that catches up after a stall", async () => {
    const { client } = await openPage(page);
    const second = Buffer.alloc(32_000);
    for (let n = 0; n < 29; n++) client.socket.send(second);
    await client.settled();
    const code = client.closeCode();
    for (let n = 0; n < 4; n++) client.socket.send(second);
    assert.equal(await code, 4003);
  });

  it("closes a socket that sends sound in too many frames with 4003, however short they are", async () => {
    const { client } = await openPage(page);
    const code = client.closeCode();
    for (let n = 0; n < 60_000; n++) client.socket.send(Buffer.alloc(2));
    assert.equal(await code, 4003);
  });

  it("refuses more pages than the setting allows with 4002", async () => {
    const clients = [];
    for (let n = 0; n < 3; n++) clients.push((await openPage(page)).client);
    const another = new PageClient(page, await ticketOf(page));
    const code = another.closeCode();
    await once(another.socket, "open");
    another.tell({ type: "start", rate: 16_000, language: "en" });
    assert.equal(await code, 4002);
    await clients[0]!.leave();
    await openPage(page);
    for (const client of clients.slice(1)) await client.leave();
  });

  it("leaves other sockets and paths to their nodes", async () => {
    const socket = new WebSocket(`${nodeRed.url.replace("http", "ws")}/red/plain`);
    cleanUp(() => socket.terminate());
    await once(socket, "open");
    socket.send("Hello");
    assert.equal(String((await once(socket, "message"))[0]), "Hello");
    const news = await listenAsEditor(nodeRed.url);
    news.close();
    assert.equal((await fetch(`${page}/other`)).status, 404);
    assert.equal((await fetch(`${page}/socket`, { headers: { origin: nodeRed.url } })).status, 426);
  });

  it("answers at once whatever the cookies are", async () => {
    const started = performance.now();
    for (const cookie of [`a;${" ".repeat(15_000)}b`, `a=${" ".repeat(15_000)}b`, `a="${'"'.repeat(15_000)}`])
      assert.equal((await fetch(page, { headers: { cookie } })).status, 200);
    assert.ok(performance.now() - started < 5_000);
  });

  it("survives sockets that break off at any moment", async () => {
    const { port, host } = new URL(nodeRed.url);
    const upgrade = `GET /red/talk/socket?ticket=x HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${nodeRed.url}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
    for (const rest of [
      "\r\n",
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n",
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\xff\xff\xff\xff",
    ]) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(upgrade + rest, "latin1");
      socket.resetAndDestroy();
    }
    await (await openPage(page)).client.leave();
    assert.doesNotMatch(nodeRed.output(), /Uncaught|MaxListeners/);
  });
});

describe("the page of browser in with settings of the http nodes", () => {
  const start = async (settings: string) => {
    const nodeRed = await startPlainNodeRed(settings, FLOW);
    cleanUp(() => nodeRed.stop());
    return nodeRed;
  };
  /** The status of the page, its files and its socket. */
  const statusesOf = async ({ url }: NodeRed, headers: Record<string, string>) => {
    const files = FILES.map(async (file) => (await fetch(`${url}/talk${file}`, { headers })).status);
    return [...(await Promise.all(files)), await outcomeOf(`${url}/talk`, "x", { headers })];
  };
  const all = (status: number | "open") => [...FILES.map(() => (status === "open" ? 200 : status)), status];

  it("httpNodeAuth protects the page, its files and its socket, and names the user to the flow", async () => {
    const { hashSync } = createRequire(require.resolve("node-red"))("bcryptjs");
    const hash = hashSync("secret", 4);
    const nodeRed = await start(`httpNodeAuth: { user: "anna", pass: ${JSON.stringify(hash)} },`);
    const login = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
    for (const headers of [
      {} as Record<string, string>,
      login("anna:"),
      login("anna:wrong"),
      login("bob:secret"),
    ])
      assert.deepEqual(await statusesOf(nodeRed, headers), all(401));
    const headers = login("anna:secret");
    assert.deepEqual(await statusesOf(nodeRed, headers), all("open"));
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    const page = `${nodeRed.url}/talk`;
    const client = new PageClient(page, await ticketOf(page, { headers }), { headers });
    await once(client.socket, "open");
    client.tell({ type: "start", rate: 16_000, language: "en" });
    client.tell({ type: "text", text: "Hello" });
    const { msg } = await news.debug.next();
    assert.equal(JSON.parse(msg)._session.user, "anna");
  });

  it("httpNodeMiddleware decides about the page, its files and its socket, with its cookies", async () => {
    const nodeRed = await start(
      `httpNodeMiddleware: (request, response, next) => request.cookies.pass === "yes" ? next() : response.status(418).end(),`,
    );
    assert.deepEqual(await statusesOf(nodeRed, {}), all(418));
    assert.deepEqual(await statusesOf(nodeRed, { cookie: "a=b; pass=yes" }), all("open"));
  });

  it("is not opened to other sites by httpNodeMiddleware", async () => {
    const nodeRed = await start(
      `httpNodeMiddleware: (request, response, next) => { response.set("access-control-allow-origin", "*"); next(null); },`,
    );
    for (const file of FILES) {
      const { status, headers } = await fetch(`${nodeRed.url}/talk${file}`);
      assert.deepEqual([status, headers.get("access-control-allow-origin")], [200, null], file);
    }
  });

  it("survives tickets that are no text, also after httpNodeMiddleware that takes its time", async () => {
    const nodeRed = await start("httpNodeMiddleware: (request, response, next) => setTimeout(next, 1),");
    const page = `${nodeRed.url}/talk`;
    for (const name of ["ticket[toString]", "ticket[]", "other"]) {
      const address = `${page.replace("http", "ws")}/socket?${name}=x`;
      const socket = new WebSocket(address, { origin: nodeRed.url }).on("error", () => {});
      const [code] = await once(socket, "close");
      assert.equal(code, 4001, name);
    }
    await (await openPage(page)).client.leave();
  });

  it("httpNodeMiddleware that fails opens nothing", async () => {
    const nodeRed = await start(`httpNodeMiddleware: [() => { throw new Error("no"); }],`);
    assert.deepEqual(await statusesOf(nodeRed, {}), all(500));
  });

  it("serves nothing when httpNodeRoot is false, and says so", async () => {
    const nodeRed = await start("httpNodeRoot: false,");
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    const { text } = await news.badges.next(({ node }) => node === "in");
    assert.match(text!, /httpNodeRoot is false/);
    assert.equal((await fetch(`${nodeRed.url}/talk`)).status, 404);
  });
});

describe("the embedding of the page of browser in", () => {
  const policyOf = async (properties: object) => {
    const { page } = await startPageFlow(properties);
    return (await fetch(page)).headers.get("content-security-policy")!;
  };

  it("is forbidden where the setting says so", async () => {
    assert.match(await policyOf({ embedding: "none" }), /frame-ancestors 'none'$/);
  });
  it("is allowed for the sites that are named", async () => {
    const sites = " https://home.example  https://*.intranet.example:8443";
    assert.match(
      await policyOf({ embedding: "sites", sites }),
      /frame-ancestors 'self' https:\/\/home\.example https:\/\/\*\.intranet\.example:8443$/,
    );
  });
  for (const sites of ["", "home.example", "https://a.example; script-src *", "https://a.example/path", "*"])
    it(`is refused for sites that are none: "${sites}"`, async () => {
      const { flow } = await startPageFlow({ embedding: "sites", sites });
      assert.match((await flow.badges("in").next()).text!, /sites must be addresses without a path/);
    });

  it("shows the title of the page as text, whatever is in it", async () => {
    const { page } = await startPageFlow({ title: `"><script>alert("{{ticket}}")</script>` });
    const html = await (await fetch(page)).text();
    assert.doesNotMatch(html, /<script>alert/);
    assert.match(html, /&#60;script&#62;alert\(&#34;\{\{ticket\}\}/);
  });
});
