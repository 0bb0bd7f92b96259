// One connection to a Live server through the real SDK: handshake, setup, frames and close.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { LiveServerMessage } from "@google/genai";
import { describe, it } from "mocha";
import { systemClock } from "../../../audio/clock";
import { openSocket, type SocketHandlers } from "../../../live/connection/socket";
import { ConnectionError } from "../../../live/server/errors";
import type { Server } from "../../../live/server/server";
import { cleanUp, opened } from "../../clean-up";
import { TestClock } from "../../clock";
import { acceptSetup, startFarEnd } from "../../far-end";
import { deferred } from "../../inbox";
import { serverAt } from "../talk";

const setup = { model: "gemini-3.8-live", config: {}, extra: {} };
const ignore: SocketHandlers = { onFrame() {}, onBadFrame() {}, onClose() {} };
const start = (...args: Parameters<typeof startFarEnd>) => opened(startFarEnd(...args));
const open = async (
  url: string,
  handlers: Partial<SocketHandlers> = {},
  clock = systemClock,
  signal = new AbortController().signal,
) => {
  const server: Server = { ...serverAt(url), access: { by: "key", key: "K&=1-secret" } };
  const socket = await openSocket(server, setup, { ...ignore, ...handlers }, 10_000, clock, signal);
  socket.start();
  cleanUp(() => socket.close());
  return socket;
};
const refusal = (verdict: string, cause: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ConnectionError, String(error));
  assert.equal(error.verdict, verdict);
  assert.match(error.message, cause);
  assert.doesNotMatch(error.message, /secret/);
  return true;
};

/** The address of a server that refuses handshakes. */
async function refusing(status: number, body: string) {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await once(server.listen(0, "127.0.0.1"), "listening");
  cleanUp(() => new Promise((done) => server.close(done).closeAllConnections()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a connection through the SDK", () => {
  it("uses the WebSocket of this package: the SDK accepts its factory, and sends the setup through it", async () => {
    const server = await start(acceptSetup());
    await open(server.url);
    assert.equal(server.requests.length, 1);
    assert.deepEqual(Object.keys(server.frames[0]!), ["setup"]);
  });

  it("uses v1beta, whatever the default of the SDK", async () => {
    const server = await start(acceptSetup());
    await open(server.url);
    assert.match(
      server.requests[0]!.url!,
      /generativelanguage\.v1beta\.GenerativeService\.BidiGenerateContent$/,
    );
  });

  it("sends the key in a header and never in the URL", async () => {
    const server = await start(acceptSetup());
    await open(server.url);
    assert.equal(server.requests[0]!.headers["x-goog-api-key"], "K&=1-secret");
    assert.doesNotMatch(server.requests[0]!.url!, /secret|key=/);
  });

  it("reads text and binary frames", async () => {
    const frames: LiveServerMessage[] = [];
    const { promise, resolve } = deferred<void>();
    const server = await start(
      acceptSetup((_frame, reply) => {
        reply({ goAway: { timeLeft: "1s" } });
        reply(Buffer.from('{\n  "goAway": {"timeLeft": "2s"}\n}\n'));
      }),
    );
    const { session } = await open(server.url, {
      onFrame: (frame) => {
        if (frame.goAway) frames.push(frame);
        if (frames.length === 2) resolve();
      },
    });
    session.sendClientContent({ turnComplete: true });
    await promise;
    assert.deepEqual(
      frames.map(({ goAway }) => goAway?.timeLeft),
      ["1s", "2s"],
    );
  });

  it("reports a frame that is not a JSON object, and continues", async () => {
    for (const garbage of ["{broken", "null", "42", "[]", Buffer.from([0xff, 0xfe, 0])]) {
      const { promise, resolve } = deferred<Error>();
      const good = deferred<void>();
      const server = await start(
        acceptSetup((_frame, reply) => {
          reply(garbage);
          reply({ goAway: {} });
        }),
      );
      const { session } = await open(server.url, {
        onBadFrame: resolve,
        onFrame: (frame) => frame.goAway && good.resolve(),
      });
      session.sendClientContent({ turnComplete: true });
      assert.match((await promise).message, /the server sent a frame/);
      await good.promise;
      await server.close();
    }
  });

  it("reports an error thrown by the handler of a frame, and continues", async () => {
    const { promise, resolve } = deferred<Error>();
    const server = await start(acceptSetup((_frame, reply) => reply({ goAway: {} })));
    const { session } = await open(server.url, {
      onFrame: (frame) => {
        if (frame.goAway) throw new Error("thrown by the handler");
      },
      onBadFrame: resolve,
    });
    session.sendClientContent({ turnComplete: true });
    assert.equal((await promise).message, "thrown by the handler");
  });

  it("fails with the connect timeout when the server accepts the connection and sends nothing", async () => {
    const clock = new TestClock();
    const setup = deferred<void>();
    const server = await start(() => setup.resolve());
    const opened = assert.rejects(
      open(server.url, {}, clock),
      refusal("passing", /did not answer within 10 s/),
    );
    await setup.promise;
    clock.advance(10_000);
    await opened;
    assert.equal(clock.waiting, 0);
  });

  it("fails permanently when the first frame is not JSON", async () => {
    const server = await start((_frame, reply) => reply("hello"));
    await assert.rejects(open(server.url), refusal("permanent", /does not speak the Live protocol/));
  });

  it("fails with cause, advice and reason when the setup is refused", async () => {
    const server = await start((_frame, _reply, ws) =>
      ws.close(1007, "API key not valid. Please pass a valid API key."),
    );
    await assert.rejects(
      open(server.url),
      refusal("permanent", /API key was refused.*Check the key.*API key not valid/),
    );
  });

  it("fails at once with the error that a server or proxy reports in place of the setupComplete", async () => {
    const message = "Rate limit of your team reached for K&=1-secret";
    for (const [error, verdict] of [
      [{ code: 429, status: "RESOURCE_EXHAUSTED", message }, "quota"],
      [{ message }, "passing"],
      [message, "passing"],
    ] as const) {
      const server = await start((_frame, reply) => reply({ error }));
      await assert.rejects(open(server.url), refusal(verdict, /"Rate limit of your team reached for …"/));
    }
  });

  it("removes the key from the reason of the server", async () => {
    const server = await start((_frame, _reply, ws) => ws.close(1011, "no quota for K&=1-secret"));
    await assert.rejects(open(server.url), refusal("quota", /no quota for …/));
  });

  it("fails with the network error when nothing listens at the address", async () => {
    const server = await start(acceptSetup());
    await server.close();
    await assert.rejects(open(server.url), refusal("passing", /cannot be reached \(ECONNREFUSED\)/));
  });

  it("fails permanently when the address has no Live API", async () => {
    const url = await refusing(404, "<html>Not Found</html>");
    await assert.rejects(open(url), refusal("permanent", /no Live API at this address/));
  });

  for (const [status, message, verdict, said] of [
    [
      400,
      "API key not valid. Please pass a valid API key.",
      "permanent",
      /API key was refused\. Check the key/,
    ],
    [400, "User location is not supported for the API use.", "permanent", /not available in this country/],
    [400, "Bad Request", "permanent", /the server refused a message/],
    [403, "Your API key was reported as leaked.", "permanent", /refused the key \(HTTP 403\)/],
    [429, "You exceeded your current quota.", "quota", /too many requests/],
    [503, "The service is currently unavailable.", "passing", /refused the connection \(HTTP 503\)/],
  ] as const)
    it(`reads why its handshake is refused with HTTP ${status}: ${message}`, async () => {
      const url = await refusing(status, JSON.stringify({ error: { message: `${message} (K&=1-secret)` } }));
      await assert.rejects(open(url), (error) => {
        assert.ok(String(error).includes(message), String(error));
        return refusal(verdict, said)(error);
      });
    });

  for (const body of ["", "[", "null", '{"error":"x"}', `{"error":{"message":"${"x".repeat(70_000)}`])
    it(`is refused permanently with HTTP 400 and no words of the server: ${body.slice(0, 30)}`, async () => {
      await assert.rejects(
        open(await refusing(400, body)),
        refusal("permanent", /\(HTTP 400\). Check the key/),
      );
    });

  it("closes its WebSocket and its timer when it is aborted while it opens", async () => {
    const clock = new TestClock();
    const setup = deferred<void>();
    const server = await start(() => setup.resolve());
    const connection = new AbortController();
    const opened = assert.rejects(open(server.url, {}, clock, connection.signal), ConnectionError);
    await setup.promise;
    const closed = once(server.sockets[0]!, "close");
    connection.abort();
    await opened;
    await closed;
    assert.equal(clock.waiting, 0);
  });

  it("reports a close by the server, and none of its own", async () => {
    const ends: Error[] = [];
    const server = await start(
      acceptSetup((_frame, _reply, ws) => ws.close(1011, "Internal error encountered.")),
    );
    const { promise, resolve } = deferred<Error>();
    const { session } = await open(server.url, { onClose: resolve });
    session.sendClientContent({ turnComplete: true });
    refusal("passing", /internal error/)(await promise);

    const own = await open(server.url, { onClose: (error) => ends.push(error) });
    const closed = once(server.sockets[1]!, "close");
    own.close();
    await closed;
    assert.deepEqual(ends, []);
  });

  it("leaves no unhandled rejection when the server sends garbage and closes", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const server = await start((_frame, reply, ws) => {
      reply("garbage");
      ws.close(1008, "no");
    });
    await assert.rejects(open(server.url));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
  });
});
