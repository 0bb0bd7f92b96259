// The admin endpoint behind the button "Test connection", of a real Node-RED, with servers that refuse in every way.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "../../audio/clock";
import { serveConnectionTest } from "../../nodes/live-config/connection-check";
import { opened } from "../clean-up";
import { TestClock } from "../clock";
import { acceptSetup, startFarEnd } from "../far-end";
import { deferred, Inbox } from "../inbox";
import { deploy, type EditorNews, listenAsEditor, type NodeRed, post, startNodeRed } from "../node-red";
import { freePort, startPlainNodeRed } from "../plain-node-red";
import { startProxy } from "../proxy";
import { startTls } from "../tls";
import { postHere } from "./admin-here";

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

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: as users write them
const IN_ENVIRONMENT = "${NODE_RED_HOME}";
const MODEL = "${MODEL}";
const API_VERSION = "${API_VERSION}";
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as users write them

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
    nodeRed = await startNodeRed({ MODEL: "gemini-3.1-flash-live-preview", API_VERSION: "v1alpha" });
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
    for (const other of [{ proxy: "other" }, { tls: "other" }])
      assert.match((await ask({ url: farEnd.url, ...other })).error!, /not deployed\. Deploy it/);
  });

  it("uses the stored key where the dialog has not changed it, and variables of the environment", async () => {
    const farEnd = await opened(startFarEnd(acceptSetup()));
    await deploy(nodeRed, news, FLOW, "full");
    assert.equal((await ask({ url: farEnd.url }, { id: "stored", apiKey: "__PWRD__" })).error, undefined);
    const { error, model } = await ask(
      { url: farEnd.url, apiVersion: API_VERSION },
      { apiKey: IN_ENVIRONMENT, model: MODEL },
    );
    assert.deepEqual([error, model], [undefined, "gemini-3.1-flash-live-preview"]);
    assert.match(farEnd.requests[1]!.url!, /\.v1alpha\./);
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

describe("a test of a connection in this process", () => {
  const askHere = (settings: object, clock: Clock = systemClock) =>
    postHere<Result>((RED) => serveConnectionTest(RED, clock), { id: "new", settings, apiKey: KEY });

  it("waits 20 s at most, however long the connect timeout is", async () => {
    const clock = new TestClock();
    const asked = deferred();
    const farEnd = await opened(startFarEnd(() => asked.resolve()));
    const result = askHere({ server: "custom", url: farEnd.url, connectTimeoutSeconds: 300 }, clock);
    await asked.promise;
    clock.advance(20_000);
    assert.match((await result).error!, /did not answer within 20 s/);
    assert.equal(clock.waiting, 0);
  });

  it("leaves no simulator running", async () => {
    const { model } = await askHere({ server: "simulator" });
    // What the tests leave running fails them in the end (clean-up.ts).
    assert.equal(model, "gemini-3.8-live");
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
