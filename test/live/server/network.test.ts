// The route to a server: proxies, certificates and timeouts, the same for sockets and token requests.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, it } from "mocha";
import { type Clock, systemClock } from "../../../audio/clock";
import { openSocket } from "../../../live/connection/socket";
import { mintToken } from "../../../live/server/ephemeral-token";
import { InputError } from "../../../live/server/errors";
import { type Network, routeTo } from "../../../live/server/network";
import type { Server } from "../../../live/server/server";
import { buildSetup } from "../../../live/setup/setup";
import { startSimulator } from "../../../simulator/server";
import { cleanUp, opened, replace } from "../../clean-up";
import { TestClock } from "../../clock";
import { deferred, Inbox } from "../../inbox";
import { startProxy } from "../../proxy";
import { startTls } from "../../tls";
import { continuity, serverAt, settings } from "../talk";

const handlers = { onFrame() {}, onBadFrame() {}, onClose() {} };
const connect = (server: Server, clock: Clock = systemClock, signal = new AbortController().signal) =>
  opened(openSocket(server, buildSetup(settings, continuity), handlers, 10_000, clock, signal));
const mint = (server: Server, clock: Clock = systemClock, ended?: AbortSignal) =>
  mintToken(
    server,
    { uses: 1, startWithinMs: 60_000, lifetimeMs: 600_000 },
    { timeoutMs: 10_000, clock, ended },
  );
/** Requests a token and opens a connection with it. */
const useTokens = async (server: Server) => {
  const { name } = await mint(server);
  await connect({ ...server, access: { by: "token", token: name, madeFrom: "a-key" } });
};

/** The proxy that a request goes through, `host:port`, or undefined. */
const proxyOn = (url: string, network: Network = {}) => {
  const { agent } = routeTo(url, network) as { agent?: { proxy: URL } };
  return agent?.proxy.host;
};

describe("the route to a server", () => {
  it("uses the proxy that the environment names for its protocol; lower case wins", () => {
    assert.equal(proxyOn("https://gemini.example"), undefined);
    replace(process.env, "HTTPS_PROXY", "http://secure:1");
    replace(process.env, "HTTP_PROXY", "http://plain:2");
    for (const url of ["https://gemini.example", "wss://gemini.example"])
      assert.equal(proxyOn(url), "secure:1");
    for (const url of ["http://gemini.example", "ws://gemini.example"]) assert.equal(proxyOn(url), "plain:2");
    replace(process.env, "https_proxy", "http://small:3");
    assert.equal(proxyOn("wss://gemini.example"), "small:3");
  });

  for (const [exception, matches, others] of [
    ["gemini.example", ["gemini.example", "live.gemini.example"], ["other-gemini.example", "example"]],
    [".gemini.example", ["live.gemini.example"], ["xgemini.example"]],
    ["*.Gemini.example", ["live.gemini.example"], ["gemini.example.org"]],
    ["gemini.example:8443", ["gemini.example:8443"], ["gemini.example", "gemini.example:443"]],
    ["gemini.example:443", ["gemini.example"], ["gemini.example:8443"]],
    ["*", ["gemini.example"], []],
    ["a.example, 10.0.0.1 b.example", ["a.example", "10.0.0.1", "b.example"], ["10.0.0.2"]],
    ["::1", ["[::1]", "[::1]:8765"], ["[::2]"]],
    ["[::1]:8765", ["[::1]:8765"], ["[::1]"]],
    ["", [], ["gemini.example", "gemini.undefined"]],
  ] as [string, string[], string[]][])
    it(`is direct for the hosts of NO_PROXY="${exception}" only`, () => {
      replace(process.env, "HTTPS_PROXY", "http://proxy:1");
      replace(process.env, "NO_PROXY", exception);
      for (const host of matches) assert.equal(proxyOn(`wss://${host}`), undefined, host);
      for (const host of others) assert.equal(proxyOn(`wss://${host}`), "proxy:1", host);
    });

  it("uses the configured proxy and its exceptions instead of the environment", () => {
    replace(process.env, "HTTPS_PROXY", "http://environment:1");
    replace(process.env, "NO_PROXY", "*");
    const network: Network = { proxy: { url: "http://chosen:2", except: ["direct.example"] } };
    assert.equal(proxyOn("wss://gemini.example", network), "chosen:2");
    assert.equal(proxyOn("ws://gemini.example", network), "chosen:2");
    assert.equal(proxyOn("wss://direct.example", network), undefined);
    assert.equal(proxyOn("wss://gemini.example", { proxy: "none" }), undefined);
  });

  for (const url of ["not an address", "socks5://user:secret@proxy:1"])
    it(`fails with an error that does not contain the password when the proxy is ${url.replace("secret", "…")}`, () => {
      replace(process.env, "HTTPS_PROXY", url);
      assert.throws(
        () => routeTo("wss://gemini.example", {}),
        (error: Error) =>
          error instanceof InputError && /proxy/.test(error.message) && !/secret/.test(error.message),
      );
    });
});

describe("a proxy", () => {
  it("is used by token requests and sockets", async () => {
    const simulator = await opened(startSimulator());
    const proxy = await opened(startProxy());
    await useTokens({ ...serverAt(simulator.url), network: { proxy: { url: proxy.url, except: [] } } });
    const target = new URL(simulator.url).host;
    assert.deepEqual(proxy.tunnels, [target, target]);
    assert.equal(simulator.conversations.length, 1);
  });

  it("of HTTPS_PROXY is used by both, with TLS end to end and a private certificate authority", async () => {
    const simulator = await opened(startSimulator());
    const front = await opened(startTls(simulator.url));
    const proxy = await opened(startProxy());
    replace(process.env, "HTTPS_PROXY", proxy.url);
    await useTokens({ ...serverAt(front.url), network: { tls: { ca: front.ca } } });
    const target = new URL(front.url).host;
    assert.deepEqual(proxy.tunnels, [target, target]);
    replace(process.env, "NO_PROXY", "127.0.0.1");
    await useTokens({ ...serverAt(front.url), network: { tls: { ca: front.ca } } });
    assert.equal(proxy.tunnels.length, 2);
  });

  it("does not hide that the server has a certificate for another host", async () => {
    const simulator = await opened(startSimulator());
    const front = await opened(startTls(simulator.url));
    const proxy = await opened(startProxy());
    const url = front.url.replace("127.0.0.1", "localhost");
    const network: Network = { proxy: { url: proxy.url, except: [] }, tls: { ca: front.ca } };
    for (const attempt of [mint, connect])
      await assert.rejects(attempt({ ...serverAt(url), network }), /ERR_TLS_CERT_ALTNAME_INVALID/);
  });

  it("that requires a password gets it; with a wrong one the error says so without quoting it", async () => {
    const simulator = await opened(startSimulator());
    const proxy = await opened(startProxy("user:p@ss word"));
    const through = (login: string): Server => ({
      ...serverAt(simulator.url),
      network: { proxy: { url: proxy.url.replace("//", `//${login}`), except: [] } },
    });
    await useTokens(through("user:p%40ss%20word@"));
    assert.equal(proxy.tunnels.length, 2);
    const refused = (error: Error) =>
      /proxy requires a user and a password \(HTTP 407\)/.test(error.message) && !/guess/.test(error.message);
    await assert.rejects(mint(through("user:guess@")), refused);
    await assert.rejects(connect(through("user:guess@")), refused);
    assert.equal(proxy.tunnels.length, 2);
  });

  it("that cannot be reached is an error that says to check the proxy", async () => {
    const proxy = await startProxy();
    await proxy.close();
    const server: Server = {
      ...serverAt("http://127.0.0.1:1"),
      network: { proxy: { url: proxy.url, except: [] } },
    };
    for (const attempt of [mint(server), connect(server)])
      await assert.rejects(attempt, /cannot be reached \(ECONNREFUSED\).*the proxy/);
  });
});

describe("a certificate of an unknown authority", () => {
  it("is a permanent error for both, which says what to do, also with NODE_TLS_REJECT_UNAUTHORIZED=0", async () => {
    const simulator = await opened(startSimulator());
    const front = await opened(startTls(simulator.url));
    replace(process.env, "NODE_TLS_REJECT_UNAUTHORIZED", "0");
    for (const attempt of [mint(serverAt(front.url)), connect(serverAt(front.url))])
      await assert.rejects(attempt, (error: Error & { verdict: string }) => {
        assert.match(error.message, /certificate of the server is not trusted.*Choose a TLS configuration/);
        assert.equal(error.verdict, "permanent");
        return true;
      });
  });
});

describe("an attempt without an answer", () => {
  /** A proxy or server that accepts every connection, and calls `onData` at the first bytes. */
  const startSilence = async (onData: (socket: Socket) => void = () => {}) => {
    const sockets = new Set<Socket>();
    const ended = new Inbox<void>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => {}).on("close", () => ended.push()));
      socket.once("data", () => onData(socket));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return opened(
      Promise.resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        ended,
        async close() {
          for (const socket of sockets) socket.destroy();
          await new Promise((resolve) => server.close(resolve));
        },
      }),
    );
  };
  const answers: [string, string][] = [
    ["does not answer", ""],
    ["does not finish its answer", "HTTP/1.1 200 Conn"],
  ];

  for (const [what, words] of answers)
    it(`by a proxy that ${what} ends with the connect timeout, and closes its connection`, async () => {
      const silent = await startSilence((socket) => socket.write(words));
      const server: Server = {
        ...serverAt("http://127.0.0.1:1"),
        network: { proxy: { url: silent.url, except: [] } },
      };
      for (const attempt of [mint, connect]) {
        const clock = new TestClock();
        const refused = assert.rejects(attempt(server, clock), /within 10 s/);
        await clock.during(refused);
        await silent.ended.next();
      }
    });

  for (const by of ["server", "proxy"])
    it(`by a ${by} ends and closes its connection when the conversation ends meanwhile`, async () => {
      for (const attempt of [mint, connect]) {
        const asked = deferred();
        const silent = await startSilence(() => asked.resolve());
        const server: Server =
          by === "server"
            ? serverAt(silent.url)
            : { ...serverAt("http://127.0.0.1:1"), network: { proxy: { url: silent.url, except: [] } } };
        const end = new AbortController();
        const refused = assert.rejects(attempt(server, new TestClock(), end.signal));
        await asked.promise;
        end.abort();
        await refused;
        await silent.ended.next();
        await assert.rejects(attempt(server, new TestClock(), end.signal));
      }
    });

  it("to request a token ends with the connect timeout when the server switches protocols instead", async () => {
    const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: anything\r\n\r\n";
    const silent = await startSilence((socket) => socket.write(switching));
    const clock = new TestClock();
    await clock.during(assert.rejects(mint(serverAt(silent.url), clock), /no token within 10 s/));
    await silent.ended.next();
  });

  it("to request a token ends when the answer never ends", async () => {
    const endless = await startSilence((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      const more = () => {
        while (!socket.destroyed && socket.write("x".repeat(65_536)));
      };
      socket.on("drain", more);
      more();
    });
    await assert.rejects(mint(serverAt(endless.url)), /does not issue ephemeral tokens/);
    await endless.ended.next();
  });
});

describe("the server's reason for refusing a token", () => {
  const refusalFor = async (message: string) => {
    const server = createHttpServer((request, response) => {
      request.resume().on("end", () => response.writeHead(400).end(JSON.stringify({ error: { message } })));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    cleanUp(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
    return mint(serverAt(`http://127.0.0.1:${port}`)).then(
      () => assert.fail("a token was issued"),
      (error: Error) => error.message,
    );
  };

  it("is quoted, and cut when it is long", async () => {
    const message = await refusalFor(`Something ${"very ".repeat(10_000)}long`);
    assert.match(message, /Something very/);
    assert.ok(message.length < 1_000);
  });

  it("is explained with the clock of this machine when it is about times", async () => {
    assert.match(await refusalFor("expire_time must be in the future."), /Check the clock of this machine/);
  });
});

for (const password of ["50%", "a%41b", "p@ss:w/rd#?"])
  it(`a proxy password in the environment is decoded, or an error when it cannot be: ${password}`, async () => {
    const proxy = await opened(startProxy(`user:${password === "a%41b" ? "aAb" : password}`));
    replace(
      process.env,
      "HTTP_PROXY",
      proxy.url.replace("//", `//user:${password.replace(/[@:/#?]/g, encodeURIComponent)}@`),
    );
    const simulator = await opened(startSimulator());
    const attempt = mint(serverAt(simulator.url));
    if (password === "50%") await assert.rejects(attempt, /proxy is not usable.*URL-encoded/);
    else await attempt;
  });
