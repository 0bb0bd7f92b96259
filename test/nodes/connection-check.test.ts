// The admin endpoint behind the button "Test connection", of a real Node-RED, with servers that refuse in every way.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { opened } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { Inbox } from "../inbox";
import { deploy, type EditorNews, listenAsEditor, type NodeRed, post, startNodeRed } from "../node-red";
import { freePort, startPlainNodeRed } from "../plain-node-red";
import { startProxy } from "../proxy";
import { startTls } from "../tls";

const KEY = "a-key-that-nobody-may-see";
const FLOW = [
  { id: "tab", type: "tab", label: "flow" },
  { id: "stored", type: "gemini-live-config", server: "gemini", credentials: { apiKey: "the-stored-key" } },
  {
    id: "session",
    type: "gemini-live-session",
    z: "tab",
    connection: "stored",
    wires: [[], [], [], []],
  },
];

// biome-ignore lint/suspicious/noTemplateCurlyInString: as users write it
const IN_ENVIRONMENT = "${NODE_RED_HOME}";

type Result = { error?: string; model?: string; setupMs?: number };
let nodeRed: NodeRed;
let news: EditorNews;

async function ask(settings: object, more: object = {}): Promise<Result> {
  const body = {
    id: "new",
    settings: { server: "custom", connectTimeoutSeconds: 5, ...settings },
    apiKey: KEY,
    model: "",
    ...more,
  };
  const said = await post(nodeRed, "/gemini-live-config/test", body);
  assert.ok(!said.includes(KEY), said);
  return JSON.parse(said);
}

/** A server that closes when it gets the setup. */
const refusing = (code: number, reason: string) =>
  opened(startFarEnd((_frame, _reply, socket) => socket.close(code, reason)));

/** A server that answers the handshake with an HTTP status. */
async function answeringHttp(status: number) {
  const server = createServer((_, response) => response.writeHead(status).end());
  server.on("upgrade", (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\n\r\n`));
  await once(server.listen(0, "127.0.0.1"), "listening");
  await opened({ close: () => new Promise((done) => server.close(done).closeAllConnections()) });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("a test of a connection", () => {
  before(async () => {
    nodeRed = await startNodeRed();
    news = await listenAsEditor(nodeRed.url);
  });
  after(() => {
    news.close();
    return nodeRed.stop();
  });

  it("says how long the setup took, and of which model", async () => {
    const farEnd = await opened(startFarEnd(acceptSetup()));
    const { model, setupMs, error } = await ask({ url: farEnd.url });
    assert.equal(error, undefined);
    assert.equal(model, "gemini-3.8-live");
    assert.ok(setupMs! >= 0 && setupMs! < 5_000, String(setupMs));
    assert.equal(farEnd.requests[0]!.headers["x-goog-api-key"], KEY);
    const [socket] = farEnd.sockets;
    if (socket!.readyState < socket!.CLOSED) await once(socket!, "close");
  });

  it("takes the model of a session, and the simulator", async () => {
    const { model, setupMs } = await ask({ server: "simulator" }, { model: "gemini-3.1-flash-live-preview" });
    assert.equal(model, "gemini-3.1-flash-live-preview");
    assert.equal(typeof setupMs, "number");
  });

  for (const [what, code, reason, said] of [
    [
      "a wrong key",
      1007,
      "API key not valid. Please pass a valid API key.",
      /API key was refused.*Check the key/,
    ],
    ["a region", 1007, "User location is not supported for the API use.", /not available in this country/],
    ["a missing model", 1008, "models/x is not found for API version v1beta", /does not know this model/],
    ["a quota", 1011, "You exceeded your current quota", /quota of the key is exhausted/],
  ] as const)
    it(`says that the server refuses ${what}`, async () => {
      const { url } = await refusing(code, `${reason} (${KEY})`);
      assert.match((await ask({ url })).error!, said);
    });

  for (const [status, said] of [
    [401, /refused the key \(HTTP 401\)/],
    [403, /refused the key \(HTTP 403\)/],
    [404, /no Live API at this address \(HTTP 404\)/],
    [200, /no Live API at this address \(HTTP 200\)/],
  ] as const)
    it(`says what HTTP ${status} means`, async () => {
      const { url } = await answeringHttp(status);
      assert.match((await ask({ url })).error!, said);
    });

  it("says that a server does not speak the Live protocol", async () => {
    const { url } = await opened(startFarEnd((_frame, reply) => reply("hello")));
    assert.match((await ask({ url })).error!, /does not speak the Live protocol/);
  });

  it("says that a server is silent, and closes the socket", async () => {
    const farEnd = await opened(startFarEnd(() => {}));
    const { error } = await ask({ url: farEnd.url, connectTimeoutSeconds: 1 });
    assert.match(error!, /did not answer within 1 s/);
    const [socket] = farEnd.sockets;
    if (socket!.readyState < socket!.CLOSED) await once(socket!, "close");
  });

  it("says that nothing listens at the address, and that DNS does not know it", async () => {
    const nobody = await ask({ url: `http://127.0.0.1:${await freePort()}` });
    assert.match(nobody.error!, /cannot be reached \(ECONNREFUSED\)/);
    const unknown = await ask({ url: "https://gateway.invalid" });
    assert.match(unknown.error!, /\((ENOTFOUND|EAI_AGAIN)\)\. DNS does not know/);
  });

  it("says that the certificate is not trusted", async () => {
    const farEnd = await opened(startFarEnd(acceptSetup()));
    const { url } = await opened(startTls(farEnd.url));
    assert.match((await ask({ url })).error!, /certificate of the server is not trusted.*TLS configuration/);
  });

  it("says that the proxy wants a login, and that a proxy has to be deployed", async () => {
    const farEnd = await opened(startFarEnd(acceptSetup()));
    const proxy = await opened(startProxy("user:password"));
    const node = { id: "proxy", type: "http proxy", name: "", url: proxy.url, noproxy: [] };
    await deploy(nodeRed, news, [...FLOW, node], "full");
    const { error } = await ask({ url: farEnd.url, proxy: "proxy" });
    assert.match(error!, /proxy requires a user and a password \(HTTP 407\)/);
    assert.match((await ask({ url: farEnd.url, proxy: "other" })).error!, /not deployed. Deploy it/);
  });

  it("uses the stored key where the dialog has not changed it, and variables of the environment", async () => {
    const farEnd = await opened(startFarEnd(acceptSetup()));
    await deploy(nodeRed, news, FLOW, "full");
    assert.equal((await ask({ url: farEnd.url }, { id: "stored", apiKey: "__PWRD__" })).error, undefined);
    assert.equal((await ask({ url: farEnd.url }, { apiKey: IN_ENVIRONMENT })).error, undefined);
    const disabled = FLOW.map((node) => (node.id === "stored" ? { ...node, d: true } : node));
    await deploy(nodeRed, news, disabled, "full");
    assert.equal((await ask({ url: farEnd.url }, { id: "stored", apiKey: "__PWRD__" })).error, undefined);
    const [stored, ofEnvironment, ofDisabled] = farEnd.requests.map(
      ({ headers }) => headers["x-goog-api-key"],
    );
    assert.equal(stored, "the-stored-key");
    assert.equal(ofDisabled, "the-stored-key");
    assert.match(String(ofEnvironment), /node-red-/);
  });

  it("uses no stored key of a node of another type, which is not meant for a Live server", async () => {
    const farEnd = await opened(startFarEnd(acceptSetup()));
    const env = [{ name: "apiKey", type: "cred" }];
    await deploy(
      nodeRed,
      news,
      [
        ...FLOW,
        { id: "template", type: "subflow", name: "other", in: [], out: [], env },
        {
          id: "other",
          type: "subflow:template",
          z: "tab",
          env,
          wires: [],
          credentials: { apiKey: "a-key-for-something-else" },
        },
      ],
      "full",
    );
    const { error } = await ask({ url: farEnd.url }, { id: "other", apiKey: "__PWRD__" });
    assert.deepEqual(
      farEnd.requests.map(({ headers }) => headers["x-goog-api-key"]),
      ["no-key-needed"],
    );
    assert.equal(error, undefined);
  });

  it("says which setting is wrong", async () => {
    assert.match((await ask({ url: "gateway" })).error!, /must begin with http/);
    assert.match((await ask({ server: "gemini" }, { apiKey: "" })).error!, /has no API key/);
    assert.match((await ask({ server: "vertex" })).error!, /needs a project and a location/);
  });

  /** A test whose dialog can be closed. */
  const startTest = (settings: object) => {
    const dialog = new AbortController();
    const test = fetch(`${nodeRed.url}/gemini-live-config/test`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: "new", settings: { server: "custom", ...settings }, apiKey: KEY }),
      signal: dialog.signal,
    });
    return { dialog, test };
  };

  it("ends when the dialog is closed while the server keeps the request for a token waiting", async () => {
    const asked = new Inbox<IncomingMessage>();
    const server = createServer(asked.push);
    await once(server.listen(0, "127.0.0.1"), "listening");
    await opened({ close: () => new Promise((done) => server.close(done).closeAllConnections()) });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { dialog, test } = startTest({ url, useEphemeralTokens: true, connectTimeoutSeconds: 300 });
    const { socket } = await asked.next();
    const closed = once(socket, "close");
    dialog.abort();
    await assert.rejects(test);
    await closed;
    const farEnd = await opened(startFarEnd(acceptSetup()));
    assert.equal((await ask({ url: farEnd.url })).error, undefined);
  }).timeout(15_000); // Without an answer it would end after 20 s.

  it("is one at a time, and ends when the dialog is closed", async () => {
    let asked: () => void;
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const farEnd = await opened(startFarEnd(() => asked()));
    const { dialog, test } = startTest({ url: farEnd.url });
    await isAsked;
    await assert.rejects(ask({ url: farEnd.url }), /409 .*Another connection is being tested/);
    const closed = once(farEnd.sockets[0]!, "close");
    dialog.abort();
    await assert.rejects(test);
    await closed;
    const { url } = await opened(startFarEnd(acceptSetup()));
    assert.equal((await ask({ url })).error, undefined);
  });
});

describe("a test of a connection with a login for the editor", () => {
  it("needs the permission to change flows", async () => {
    const port = await freePort();
    const secured = await startPlainNodeRed(
      `adminAuth: { type: "credentials", users: [],
        tokens: (token) => Promise.resolve(token === "reader" ? { username: "r", permissions: "read" } : token === "all" ? { username: "a", permissions: "*" } : null) },`,
      FLOW,
    );
    await opened({ close: () => secured.stop() });
    const status = async (headers: object) =>
      (
        await fetch(`${secured.url}/gemini-live-config/test`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify({ settings: { server: "custom", url: `http://127.0.0.1:${port}` } }),
        })
      ).status;
    assert.equal(await status({}), 401);
    assert.equal(await status({ authorization: "Bearer reader" }), 401);
    assert.equal(await status({ authorization: "Bearer all" }), 200);
  });
});
