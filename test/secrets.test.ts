// Keys, tokens and passwords: a server that quotes them wherever it can, and a search through everything that a Node-RED
// with this package says, shows, stores and hands out.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type WebSocket, WebSocketServer } from "ws";
import { cleanUp } from "./clean-up";
import { node } from "./flow-node";
import { type EditorNews, listenAsEditor, type NodeRed, post, startNodeRed } from "./node-red";

const KEY = "AIza-the-key-that-nobody-may-see";
const TOKEN = "auth_tokens/the-token-that-nobody-may-see";
const PASSWORD = "the-password-that-nobody-may-see";
const SECRETS = [KEY, TOKEN, "the-token-that-nobody-may-see", PASSWORD];

const debug = (id: string) =>
  node(id, "debug", { active: true, complete: "true", console: true, tosidebar: true });

/** A session and a live token, with everything that they send, show and report in debug nodes, but for the token itself. */
const flowWith = (connection: object, credentials: object = { apiKey: KEY }) => [
  { id: "tab", type: "tab", label: "secrets" },
  {
    id: "connection",
    type: "gemini-live-config",
    server: "custom",
    reconnectAttempts: 2,
    ...connection,
    credentials,
  },
  node("session", "gemini-live-session", { connection: "connection" }, [
    ["sound shown"],
    ["text shown"],
    ["tools shown"],
    ["events shown"],
  ]),
  ...["sound", "text", "tools", "events", "refusals", "errors", "states"].map((what) =>
    debug(`${what} shown`),
  ),
  node("token", "gemini-live-token", { session: "session", callerRequired: false }, [[], ["refusals shown"]]),
  node("catch", "catch", { scope: null, uncaught: false }, [["errors shown"]]),
  node("status", "status", { scope: null }, [["states shown"]]),
  node("say", "inject", { payload: "hello", payloadType: "str", props: [{ p: "payload" }] }, [["session"]]),
  node("ask", "inject", { props: [] }, [["token"]]),
];

/** What a server does that has seen a key or a token, and repeats it. */
interface Gossip {
  /** Answers a request for a token: status and body. */
  token?: [status: number, body: string];
  /** Refuses the handshake. */
  handshake?: string;
  /** Answers the setup. */
  setup?: (socket: WebSocket, shown: string) => void;
}

async function startGossip({ token, handshake, setup }: Gossip) {
  const http = createServer((request, response) => {
    const [status, body] = token ?? [404, ""];
    request.resume().on("end", () => response.writeHead(status).end(body));
  });
  const sockets = new WebSocketServer({ noServer: true });
  const shown: string[] = [];
  http.on("upgrade", (request: IncomingMessage, tcp, head) => {
    const { authorization, "x-goog-api-key": key } = request.headers;
    shown.push(`${request.url} ${authorization ?? ""} ${key ?? ""}`);
    if (handshake) return tcp.end(`HTTP/1.1 ${handshake}\r\n\r\n`);
    sockets.handleUpgrade(request, tcp, head, (socket) =>
      socket.once("message", () => setup?.(socket, shown.at(-1)!)),
    );
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  cleanUp(async () => {
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => http.close(resolve).closeAllConnections());
  });
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, shown };
}

const closeWith = (code: number, words: string) => (socket: WebSocket) => socket.close(code, words);
const tokenOf = (name: string): [number, string] => [200, JSON.stringify({ name })];
const refusal = (message: string): [number, string] => [
  400,
  JSON.stringify({ error: { code: 400, message } }),
];

/** Runs a Node-RED whose files can be read afterwards. */
async function run(flow: object[], env: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), "secrets-"));
  const nodeRed = await startNodeRed(env, home);
  cleanUp(async () => {
    await nodeRed.stop();
    rmSync(home, { recursive: true });
  });
  const news = await listenAsEditor(nodeRed.url);
  cleanUp(() => news.close());
  await post(nodeRed, "/flows", flow);
  await news.badges.next(({ node }) => node === "session");
  return { nodeRed, news, home };
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));

/** Everything that can be read of it from outside. */
async function everything({ nodeRed, news, home }: { nodeRed: NodeRed; news: EditorNews; home: string }) {
  const get = async (path: string) => (await fetch(nodeRed.url + path)).text();
  const handedOut = await Promise.all(
    [
      "/flows",
      "/flow/tab",
      "/credentials/gemini-live-config/connection",
      "/credentials/http%20proxy/proxy",
    ].map(get),
  );
  return [
    nodeRed.output(),
    JSON.stringify([news.badges.items, news.debug.items]),
    ...handedOut,
    ...filesIn(home).map((file) => readFileSync(file, "utf8")),
  ];
}

function expectNoSecret(texts: string[]) {
  assert.ok(texts.join("").length > 1_000);
  for (const secret of SECRETS)
    for (const text of texts) {
      const at = text.indexOf(secret);
      assert.ok(at < 0, `…${text.slice(Math.max(0, at - 200), at + secret.length)}…`);
    }
}

const CASES: [what: string, gossip: Gossip, connection: object, inject: string][] = [
  ["a handshake that is refused with the key", { handshake: `401 ${KEY}` }, {}, "say"],
  [
    "a setup that is refused with the key",
    { setup: closeWith(1007, `API key not valid: ${KEY}`) },
    {},
    "say",
  ],
  [
    "a loss that is explained with the key",
    { setup: closeWith(1011, `Internal error for ${KEY}`) },
    {},
    "say",
  ],
  [
    "a frame that reports an error with the key",
    {
      setup: (socket) => {
        socket.send(JSON.stringify({ setupComplete: {} }));
        socket.send(JSON.stringify({ error: { message: `no more quota for ${KEY}` } }));
      },
    },
    {},
    "say",
  ],
  [
    "a request for a token that is refused with the key",
    { token: refusal(`API key not valid: ${KEY}`) },
    {},
    "ask",
  ],
  ["an answer with the key that is no token", { token: [200, KEY] }, {}, "ask"],
  ["a server error that quotes the key", { token: [503, KEY] }, {}, "ask"],
  [
    "a token that is refused for a conversation, with the key",
    { token: refusal(`API key not valid: ${KEY}`) },
    { useEphemeralTokens: true },
    "say",
  ],
  [
    "a conversation that is refused with its token",
    { token: tokenOf(TOKEN), setup: closeWith(1007, `token-based requests: ${TOKEN.split("/")[1]}`) },
    { useEphemeralTokens: true },
    "say",
  ],
  [
    "a conversation that is refused with the key that its token was made from",
    { token: tokenOf(TOKEN), setup: closeWith(1007, `token-based requests for ${KEY}`) },
    { useEphemeralTokens: true },
    "say",
  ],
  [
    "a token whose time is over, with that token",
    { token: tokenOf(TOKEN), setup: closeWith(1011, `auth token has expired: ${TOKEN}`) },
    { useEphemeralTokens: true },
    "say",
  ],
];

describe("no secret is in logs, messages, badges, errors, stored data or exports", () => {
  for (const [what, gossip, connection, inject] of CASES)
    it(`when the server answers by ${what}`, async () => {
      const server = await startGossip(gossip);
      const running = await run(flowWith({ url: server.url, ...connection }));
      await post(running.nodeRed, `/inject/${inject}`);
      await running.news.debug.next(({ id }) => id === "errors shown");
      expectNoSecret(await everything(running));
      for (const asked of server.shown)
        assert.doesNotMatch(asked.split(" ")[0]!, /key=|token=|AIza|auth_tokens/);
    });

  it("when a token is issued, which is on the first output only", async () => {
    const server = await startGossip({ token: tokenOf(TOKEN) });
    const running = await run(flowWith({ url: server.url }));
    await post(running.nodeRed, "/inject/ask");
    await running.news.badges.next(({ node, text }) => node === "token" && /^1 issued/.test(text ?? ""));
    await running.news.debug.next(({ id, msg }) => id === "states shown" && /1 issued/.test(msg));
    expectNoSecret(await everything(running));
  });

  it("when the key field names an environment variable: it works, and the export contains only the name", async () => {
    const server = await startGossip({
      setup: closeWith(1007, "Request contains an invalid argument."),
    });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED's own way to name a variable
    const flow = flowWith({ url: server.url }, { apiKey: "${GEMINI_API_KEY}" });
    const running = await run(flow, { GEMINI_API_KEY: KEY });
    await post(running.nodeRed, "/inject/say");
    await running.news.debug.next(({ id }) => id === "errors shown");
    assert.equal(server.shown.length, 1);
    assert.ok(server.shown[0]!.endsWith(` ${KEY}`), "the server was not shown the key");
    expectNoSecret(await everything(running));
  });

  it("when the key was pasted with blanks around it, which are removed", async () => {
    const server = await startGossip({ setup: closeWith(1007, `API key not valid: ${KEY}`) });
    const running = await run(flowWith({ url: server.url }, { apiKey: ` ${KEY}\n` }));
    await post(running.nodeRed, "/inject/say");
    await running.news.debug.next(({ id }) => id === "errors shown");
    assert.ok(server.shown[0]!.endsWith(` ${KEY}`), "the server was not shown the key");
    expectNoSecret(await everything(running));
  });

  it("when the key has characters that no key has: nothing is sent, and the error says so", async () => {
    const server = await startGossip({});
    const running = await run(flowWith({ url: server.url }, { apiKey: `${KEY}\nwith more` }));
    for (const inject of ["say", "ask"]) {
      await post(running.nodeRed, `/inject/${inject}`);
      await running.news.debug.next(
        ({ id, msg }) => id === "errors shown" && /characters that no key has/.test(msg),
      );
    }
    assert.deepEqual(server.shown, []);
    expectNoSecret(await everything(running));
  });

  it("when a proxy wants another password", async () => {
    const proxy = createServer();
    proxy.on("connect", (_, tcp) => tcp.end(`HTTP/1.1 407 ${PASSWORD} is wrong\r\n\r\n`));
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    cleanUp(() => new Promise((resolve) => proxy.close(resolve).closeAllConnections()));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const flow = [
      ...flowWith({ url: "http://gateway.example", allowHttp: true, proxy: "proxy" }),
      { id: "proxy", type: "http proxy", url, credentials: { username: "me", password: PASSWORD } },
    ];
    const running = await run(flow);
    for (const inject of ["say", "ask"]) {
      await post(running.nodeRed, `/inject/${inject}`);
      await running.news.debug.next(
        ({ id, msg }) => id === "errors shown" && /proxy requires a user and a password/.test(msg),
      );
    }
    expectNoSecret(await everything(running));
  });
});
