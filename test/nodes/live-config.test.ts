// The connection: how its server is reached, and what it is shown.

import assert from "node:assert/strict";
import { liveConfig } from "../../nodes/settings/live-config";
import { readSettings } from "../../nodes/settings/table";
import { type Simulator, startSimulator } from "../../simulator/server";
import { opened, replace } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { node } from "../flow-node";
import { startProxy, type TestProxy } from "../proxy";
import { startTls } from "../tls";
import { connection, connectionTo, Flow, KEY, type Msg, session, state } from "./flow";

let flow: Flow;
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
  it("sends the key only to request tokens, with the settings of the dialog", async () => {
    const simulator = await simulate();
    await talks([
      connectionTo(simulator, {
        useEphemeralTokens: true,
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

  it("also works with the simulator of the package", async () => {
    await talks([connection({ useEphemeralTokens: true })]);
  });

  it("requests a token for each conversation", async () => {
    const simulator = await simulate();
    await talks([connectionTo(simulator, { useEphemeralTokens: true })]);
    flow.send("session", { payload: "Hello", session: "another" });
    await flow.at("events").next((msg) => msg.session === "another" && answered(msg));
    assert.deepEqual(begunWithTokens(simulator), [1, 1]);
  });

  it("to Vertex AI is refused, because it has no ephemeral tokens", async () => {
    await fails(
      [connection({ server: "vertex", project: "p", location: "l", useEphemeralTokens: true })],
      /Vertex AI has no ephemeral tokens: switch them off, or choose the Gemini API/,
    );
  });

  for (const [settings, error] of [
    [{ tokenLifetimeMinutes: 5 }, /"Renew before expiry" must be shorter than the "Lifetime"/],
    [{ tokenLifetimeMinutes: 1200 }, /"Lifetime \(min\)" must be a number from 1 to 1199; it is 1200/],
    [{ tokenStartWithinSeconds: 0 }, /"Start within \(s\)"/],
    [{ tokenUses: -1 }, /"Uses"/],
    [{ tokenUses: 1.5 }, /"Uses" must be a whole number from 0 to 1000000; it is 1\.5/],
  ] as [object, RegExp][])
    it(`with invalid settings is an error: ${JSON.stringify(settings)}`, async () => {
      await fails([connection({ useEphemeralTokens: true, ...settings })], error);
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
    it(`whose address continues after the path is an error that does not quote it: ${end}`, async () => {
      await fails([connectionTo({ url: `http://127.0.0.1:1${end}` })], /"Address" must end with the path/);
      assert.ok(!flow.everything().includes("secret"));
    });

  it("with a password in its address, which every export would hold, is an error that does not quote it", async () => {
    await fails([connectionTo({ url: "https://me:secret@127.0.0.1:1" })], /neither user nor password/);
    assert.ok(!flow.everything().includes("secret"));
  });
});

describe("the key for a custom address", () => {
  it("is only the one that is entered for it, never the key of the environment", async () => {
    replace(process.env, "GEMINI_API_KEY", KEY);
    await fails(
      [connection({ server: "custom", url: "https://gateway.example" })],
      /no API key for its address\. Enter one/,
      { connection: {} },
    );
  });

  it("may be the key of the environment when the field says so", async () => {
    const simulator = await simulate();
    replace(process.env, "GEMINI_API_KEY", KEY);
    await talks([connectionTo(simulator)], { connection: { apiKey: "$(GEMINI_API_KEY)" } });
  });

  it("need not be entered for a loopback address, such as that of the simulator as a program", async () => {
    const simulator = await opened(startSimulator());
    replace(process.env, "GEMINI_API_KEY", KEY);
    await talks([connectionTo(simulator)], { connection: {} });
  });

  for (const url of ["http://gateway.example", "ws://10.0.0.1/", "HTTP://127.0.0.1.gateway.example:80/path"])
    it(`does not go over an unencrypted network: ${url}`, async () => {
      await fails(
        [connection({ server: "custom", url })],
        /not encrypted: use https or wss, or tick "Allow http"/,
      );
    });

  it("goes over an unencrypted network when that is allowed", () => {
    const settings = { server: "custom", url: "http://gateway.example", allowHttp: true };
    assert.equal(readSettings(liveConfig, settings).url, "http://gateway.example");
  });
});

describe("a custom address with a slash at its end", () => {
  it("gives paths without a double slash", async () => {
    const farEnd = await opened(startFarEnd(acceptSetup()));
    flow = await Flow.start([connectionTo({ url: `${farEnd.url}/gateway//` }), ...session()]);
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connected"));
    assert.match(farEnd.requests[0]!.url!, /^\/gateway\/ws\/google/);
  });
});

describe("a connection through a proxy", () => {
  it("uses the chosen proxy with its user and password, also for token requests", async () => {
    const simulator = await simulate();
    const proxy = await opened(startProxy("user:50% of p@ss:word"));
    await talks([connectionTo(simulator, { proxy: "proxy", useEphemeralTokens: true }), proxyNode(proxy)], {
      proxy: { username: "user", password: "50% of p@ss:word" },
    });
    const target = new URL(simulator.url).host;
    assert.deepEqual(proxy.tunnels, [target, target]);
    assert.ok(!flow.everything().includes("p@ss"), "the password was said");
  });

  it("connects directly to hosts that the chosen proxy excludes", async () => {
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
    await talks([connection({ server: "gemini", useEphemeralTokens: true, tls: "tls" }), tlsNode()], {
      tls: { cadata: front.ca },
    });
    const target = new URL(front.url).host;
    assert.deepEqual(proxy.tunnels, [target, target]);
  });

  it("is not used for the simulator of the package, which runs on this machine", async () => {
    const proxy = await opened(startProxy());
    replace(process.env, "http_proxy", proxy.url);
    await talks([connection({ proxy: "proxy" }), proxyNode(proxy)]);
    assert.deepEqual(proxy.tunnels, []);
  });

  it("that no longer exists is an error", async () => {
    const simulator = await simulate();
    await fails([connectionTo(simulator, { proxy: "gone" })], /The proxy of the connection does not exist/);
  });

  it("whose address is not valid is an error that does not quote it", async () => {
    const simulator = await simulate();
    const nodes = [
      connectionTo(simulator, { proxy: "proxy" }),
      node("proxy", "http proxy", { url: "user:secret@host" }),
    ];
    await fails(nodes, /proxy.*(not usable|no valid address)/);
    assert.ok(!flow.everything().includes("secret"));
  });
});

describe("a connection with TLS", () => {
  it("trusts the certificate authority of the chosen TLS configuration, for token requests and conversations", async () => {
    const simulator = await simulate();
    const front = await opened(startTls(simulator.url));
    await talks([connectionTo(front, { useEphemeralTokens: true, tls: "tls" }), tlsNode()], {
      tls: { cadata: front.ca },
    });
  });

  it("to a gateway that is written as wss does the same", async () => {
    const simulator = await simulate();
    const front = await opened(startTls(simulator.url));
    const url = front.url.replace("https", "wss");
    await talks([connectionTo({ url }, { tls: "tls" }), tlsNode()], { tls: { cadata: front.ca } });
  });

  it("does not trust a certificate authority that is not configured", async () => {
    const simulator = await simulate();
    const front = await opened(startTls(simulator.url));
    await fails([connectionTo(front)], /certificate of the server is not trusted/);
    assert.deepEqual(simulator.conversations, []);
  });

  it("without verification is refused before the key is sent", async () => {
    const simulator = await simulate();
    const front = await opened(startTls(simulator.url));
    const nodes = [connectionTo(front, { tls: "tls" }), tlsNode({ verifyservercert: false })];
    await fails(nodes, /does not verify the server certificate.*Tick the verification/, {
      tls: { cadata: front.ca },
    });
  });

  it("whose configuration is not there or not usable is an error", async () => {
    const simulator = await simulate();
    await fails(
      [connectionTo(simulator, { tls: "gone" })],
      /TLS configuration of the connection is missing or invalid/,
    );
  });
});
