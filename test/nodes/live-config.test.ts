// The connection: how its server is reached, and what it is shown.

import assert from "node:assert/strict";
import { type Simulator, startSimulator } from "../../simulator/server";
import { cleanUp, replace } from "../clean-up";
import { startProxy, type TestProxy } from "../proxy";
import { startTls } from "../tls";
import { connection, connectionTo, Flow, KEY, type Msg, node, session } from "./flow";

let flow: Flow;
const opened = async <T extends { close(): Promise<void> }>(starting: Promise<T>) => {
  const started = await starting;
  cleanUp(() => started.close());
  return started;
};
const simulate = () => opened(startSimulator({ key: KEY }));

const proxyNode = ({ url }: TestProxy, properties: object = {}) =>
  node("proxy", "http proxy", { url, noproxy: [], ...properties });
const tlsNode = (properties: object = {}) =>
  node("tls", "tls-config", { cert: "", key: "", ca: "", verifyservercert: true, ...properties });

const answered = ({ event, payload }: Msg) =>
  event === "turnComplete" && (payload as { reason?: string }).reason === undefined;
/** A conversation goes through, and the key is said nowhere. */
const talks = async (nodes: Parameters<typeof Flow.start>[0], credentials: object = {}) => {
  flow = await Flow.start([...nodes, ...session()], { connection: { apiKey: KEY }, ...credentials });
  flow.send("session", { payload: "Hello" });
  await flow.at("events").next(answered);
  assert.ok(!flow.everything().includes(KEY), "the key was said");
};
const fails = async (nodes: Parameters<typeof Flow.start>[0], error: RegExp, credentials: object = {}) => {
  flow = await Flow.start([...nodes, ...session()], { connection: { apiKey: KEY }, ...credentials });
  flow.send("session", { payload: "Hello" });
  assert.match((await flow.nextError()).message, error);
  assert.ok(!flow.everything().includes(KEY), "the key was said");
};
const begunWithTokens = (simulator: Simulator) => simulator.tokens.map(({ used }) => used);

describe("a connection with tokens", () => {
  it("shows the server the key only to have tokens made, with the settings of the dialog", async () => {
    const simulator = await simulate();
    await talks([
      connectionTo(simulator, {
        tokens: true,
        tokenUses: 2,
        tokenStartWithinSeconds: 120,
        tokenLifetimeMinutes: 12,
        tokenRenewMinutes: 3,
      }),
    ]);
    const [token] = simulator.tokens;
    assert.deepEqual(begunWithTokens(simulator), [1]);
    assert.equal(token!.uses, 2);
    assert.equal(token!.expiresAt - token!.startBefore, 600_000);
    assert.ok(!flow.everything().includes(token!.name), "the token was said");
  });

  it("works with the simulator of the package, too", async () => {
    await talks([connection({ tokens: true })]);
  });

  it("has a token made for each conversation", async () => {
    const simulator = await simulate();
    await talks([connectionTo(simulator, { tokens: true })]);
    flow.send("session", { payload: "Hello", session: "another" });
    await flow.at("events").next((msg) => msg.session === "another" && answered(msg));
    assert.deepEqual(begunWithTokens(simulator), [1, 1]);
  });

  it("to Vertex AI is refused, as that has none", async () => {
    await fails(
      [connection({ server: "vertex", project: "p", location: "l", tokens: true })],
      /Vertex AI has no tokens: switch them off in the connection, or choose the Gemini API/,
    );
  });

  for (const [settings, error] of [
    [{ tokenLifetimeMinutes: 5 }, /must live longer than the time before its end.*they are 5 and 5 minutes/],
    [{ tokenLifetimeMinutes: 1200 }, /"token ends after" must be a number from 1 to 1199; it is 1200/],
    [{ tokenStartWithinSeconds: 0 }, /"token starts within"/],
    [{ tokenUses: -1 }, /"token uses"/],
    [{ tokenUses: 1.5 }, /"token uses" must be a whole number; it is 1\.5/],
  ] as [object, RegExp][])
    it(`that cannot be as they are set is an error: ${JSON.stringify(settings)}`, async () => {
      await fails([connection({ tokens: true, ...settings })], error);
    });
});

describe("a connection to Vertex AI", () => {
  for (const missing of ["project", "location"])
    it(`without a ${missing} is an error`, async () => {
      const settings = { project: "p", location: "l", [missing]: " " };
      await fails([connection({ server: "vertex", ...settings })], /needs a project and a location/);
    });
});

describe("a connection to a gateway", () => {
  for (const end of ["/?key=secret", "/#part"])
    it(`whose address goes on after the path is an error that does not quote it: ${end}`, async () => {
      await fails([connectionTo({ url: `http://127.0.0.1:1${end}` })], /"address" must end with the path/);
      assert.ok(!flow.everything().includes("secret"));
    });

  it("with a password in its address, which every export would hold, is an error that does not quote it", async () => {
    await fails([connectionTo({ url: "http://me:secret@127.0.0.1:1" })], /neither a user nor a password/);
    assert.ok(!flow.everything().includes("secret"));
  });
});

describe("a connection through a proxy", () => {
  it("that is chosen goes through it, the requests for tokens included, with its user and password", async () => {
    const simulator = await simulate();
    const proxy = await opened(startProxy("user:50% of p@ss:word"));
    await talks([connectionTo(simulator, { proxy: "proxy", tokens: true }), proxyNode(proxy)], {
      proxy: { username: "user", password: "50% of p@ss:word" },
    });
    const target = new URL(simulator.url).host;
    assert.deepEqual(proxy.tunnels, [target, target]);
    assert.ok(!flow.everything().includes("p@ss"), "the password was said");
  });

  it("goes directly to hosts that the chosen one excepts", async () => {
    const simulator = await simulate();
    const proxy = await opened(startProxy());
    await talks([connectionTo(simulator, { proxy: "proxy" }), proxyNode(proxy, { noproxy: ["127.0.0.1"] })]);
    assert.deepEqual(proxy.tunnels, []);
  });

  it("of the environment goes through that, to the Gemini API, too", async () => {
    const simulator = await simulate();
    const front = await opened(startTls(simulator.url));
    const proxy = await opened(startProxy());
    replace(process.env, "HTTPS_PROXY", proxy.url);
    replace(process.env, "GOOGLE_GEMINI_BASE_URL", front.url);
    await talks([connection({ server: "gemini", tokens: true, tls: "tls" }), tlsNode()], {
      tls: { cadata: front.ca },
    });
    const target = new URL(front.url).host;
    assert.deepEqual(proxy.tunnels, [target, target]);
  });

  it("does not lead to the simulator of the package, which is in this machine", async () => {
    const proxy = await opened(startProxy());
    replace(process.env, "http_proxy", proxy.url);
    await talks([connection({ proxy: "proxy" }), proxyNode(proxy)]);
    assert.deepEqual(proxy.tunnels, []);
  });

  it("that is not there any more is an error", async () => {
    const simulator = await simulate();
    await fails([connectionTo(simulator, { proxy: "gone" })], /The proxy of the connection is not there/);
  });

  it("whose address is no address is an error that does not quote it", async () => {
    const simulator = await simulate();
    const nodes = [
      connectionTo(simulator, { proxy: "proxy" }),
      node("proxy", "http proxy", { url: "user:secret@host" }),
    ];
    await fails(nodes, /proxy.*(cannot be used|no usable address)/);
    assert.ok(!flow.everything().includes("secret"));
  });
});

describe("a connection with TLS", () => {
  it("trusts the authority of the chosen TLS configuration, for tokens and conversations alike", async () => {
    const simulator = await simulate();
    const front = await opened(startTls(simulator.url));
    await talks([connectionTo(front, { tokens: true, tls: "tls" }), tlsNode()], {
      tls: { cadata: front.ca },
    });
  });

  it("to a gateway that is written as wss does the same", async () => {
    const simulator = await simulate();
    const front = await opened(startTls(simulator.url));
    const url = front.url.replace("https", "wss");
    await talks([connectionTo({ url }, { tls: "tls" }), tlsNode()], { tls: { cadata: front.ca } });
  });

  it("does not trust an authority that nobody has named", async () => {
    const simulator = await simulate();
    const front = await opened(startTls(simulator.url));
    await fails([connectionTo(front)], /certificate of the server is not trusted/);
    assert.deepEqual(simulator.conversations, []);
  });

  it("that shall not be verified is refused, before the key is shown to anybody", async () => {
    const simulator = await simulate();
    const front = await opened(startTls(simulator.url));
    const nodes = [connectionTo(front, { tls: "tls" }), tlsNode({ verifyservercert: false })];
    await fails(nodes, /does not verify the server.*tick that/, { tls: { cadata: front.ca } });
  });

  it("whose configuration is not there or not usable is an error", async () => {
    const simulator = await simulate();
    await fails(
      [connectionTo(simulator, { tls: "gone" })],
      /TLS configuration of the connection is not usable/,
    );
  });
});
