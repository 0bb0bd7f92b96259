// A token that cannot be issued: an error that says why, or 503 when the flow restarts.

import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { startSimulator } from "../../../simulator/server";
import { opened } from "../../clean-up";
import type { FlowNode } from "../../flow-node";
import { Inbox } from "../../inbox";
import { connection, connectionTo, KEY, session } from "../flow";
import { ask, audits, flow, refusal, simulate, start, startWith, token } from "./token-flow";

/** A server that leaves its requests for tokens to the test. */
async function startHolding() {
  const requests = new Inbox<ServerResponse>();
  const server = createServer((_request, response) => requests.push(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return opened({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close });
}

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

describe("a token that cannot be issued is an error that says what to do", () => {
  /** What is shown, said and logged holds no key, and neither output sends. */
  const expectError = async (error: RegExp, badge?: RegExp) => {
    const badges = flow.badges("token");
    ask({ topic: "mine" });
    const { message, msg } = await flow.nextError();
    assert.match(message, error);
    assert.equal(msg.topic, "mine");
    if (badge) assert.match((await badges.next(({ fill }) => fill === "red")).text!, badge);
    assert.deepEqual([flow.all("issued"), flow.all("refused")], [[], []]);
    assert.ok(!flow.everything().includes(KEY), "the key was said");
  };
  const failed = () => {
    const [entry] = audits();
    const { event, caller, reason } = entry!;
    assert.deepEqual([event, caller], ["gemini-live-token.failed", "somebody"]);
    return String(reason);
  };

  it("without a chosen session", async () => {
    await start(token({ session: "" }));
    await expectError(/has no live session\. Choose one in its dialog/, /has no live session/);
  });

  const GONE: [what: string, nodes: FlowNode[]][] = [
    ["is not there", token()],
    [
      "is disabled",
      [
        connection(),
        ...session().map((each) => (each.id === "session" ? { ...each, d: true } : each)),
        ...token(),
      ],
    ],
    ["is another kind of node", token({ session: "issued" })],
  ];
  for (const [what, nodes] of GONE)
    it(`the session ${what}`, async () => {
      await start(nodes);
      await expectError(/live session of the live token is missing or disabled\. Choose another one/);
      assert.match(failed(), /is missing or disabled/);
    });

  it("the settings of the live session are not valid", async () => {
    await start([connection(), ...session({ temperature: 9 }), ...token()]);
    await expectError(/live session of the live token has invalid settings\. Its badge says which/);
  });

  it("the server refuses the key", async () => {
    const simulator = await simulate("another key");
    await start([connectionTo(simulator), ...session(), ...token()]);
    await expectError(/API key was refused\. Check the key in the connection/, /API key was refused/);
    assert.match(failed(), /API key was refused/);
  });

  it("there is no key", async () => {
    await start([connection({ server: "gemini" }), ...session(), ...token()], {});
    await expectError(/connection has no API key\. Enter one/);
  });

  it("the server cannot be reached", async () => {
    const gone = await startSimulator();
    await gone.close();
    await start([connectionTo(gone), ...session(), ...token()]);
    await expectError(/cannot be reached \(ECONNREFUSED\)/, /cannot be reached/);
  });

  it("the server is Vertex AI", async () => {
    await start([connection({ server: "vertex", project: "p", location: "l" }), ...session(), ...token()]);
    await expectError(/Vertex AI has no ephemeral tokens/);
  });

  it("and the badge turns green again with the next token", async () => {
    const simulator = await simulate();
    const farEnd = await startHolding();
    await start([connectionTo(farEnd), ...session(), ...token()]);
    const badges = flow.badges("token");
    ask();
    (await farEnd.requests.next()).writeHead(503).end();
    await badges.next(({ fill }) => fill === "red");
    ask();
    (await farEnd.requests.next()).end('{"name":"auth_tokens/one"}');
    const green = await badges.next(({ fill }) => fill === "green");
    assert.equal(green.text, "1 issued, 0 refused");
    assert.equal(simulator.tokens.length, 0);
  });
});

describe("while a token is being requested", () => {
  it("others are served", async () => {
    const farEnd = await startHolding();
    await start([connectionTo(farEnd), ...session(), ...token({ limit: 2 })]);
    ask({ topic: "first" });
    const first = await farEnd.requests.next();
    ask({ topic: "second" });
    (await farEnd.requests.next()).end('{"name":"auth_tokens/two"}');
    assert.equal((await flow.at("issued").next()).topic, "second");
    ask({ topic: "third" });
    assert.equal((await refusal()).topic, "third");
    first.end('{"name":"auth_tokens/one"}');
    assert.equal((await flow.at("issued").next()).topic, "first");
  });

  const ENDS: [what: string, answer: (response: ServerResponse) => unknown][] = [
    ["is made", (response) => response.end('{"name":"auth_tokens/late"}')],
    ["is refused", (response) => response.writeHead(503).end()],
    ["is never answered", (response) => response.destroy()],
  ];
  for (const [what, answer] of ENDS)
    it(`a deploy answers the request with 503, and sends nothing more when the token ${what}`, async () => {
      const farEnd = await startHolding();
      const nodes = [connectionTo(farEnd), ...session()];
      await start([...nodes, ...token()]);
      const sent = flow.sends("token");
      const badges = flow.badges("token");
      ask();
      const response = await farEnd.requests.next();
      await flow.deploy(nodes);
      answer(response);
      while (!audits().length) await turnOfTheLoop();
      await turnOfTheLoop();
      assert.deepEqual(
        sent().map(({ statusCode, headers, payload }) => ({ statusCode, headers, payload })),
        [
          {
            statusCode: 503,
            headers: { "Retry-After": "1" },
            payload: { error: "The flow is being restarted. Try again in 1 s.", retryAfter: 1 },
          },
        ],
      );
      assert.deepEqual([flow.caught.items, badges.items.filter(({ text }) => text)], [[], []]);
    });
});

describe("a live token with settings that are not valid", () => {
  const BAD: [properties: object, error: RegExp][] = [
    [{ lock: "none" }, /"Lock" must be one of all, some/],
    [
      { lock: "some", lockedFields: "voice,model" },
      /"Locked fields" must be a list of voice, .*; it is "voice,model"/,
    ],
    [{ uses: -1 }, /"Uses" must be a whole number from 0/],
    [{ uses: 1.5 }, /"Uses" must be a whole number from 0 to 1000000; it is 1\.5/],
    [{ startWithinSeconds: 0 }, /"Start within \(s\)" must be a number from 1/],
    [{ lifetimeMinutes: 1_200 }, /"Lifetime \(min\)" must be a number from 1 to 1199/],
    [{ caller: "req..ip" }, /"Caller" must be a property of msg, such as req\.ip; it is "req\.\.ip"/],
    [{ limit: "many" }, /"Rate limit" must be a whole number/],
    [{ limitSeconds: 0 }, /"Rate interval \(s\)" must be a number from 1/],
  ];
  for (const [properties, error] of BAD)
    it(`says so, and makes none: ${JSON.stringify(properties)}`, async () => {
      const simulator = await startWith(properties);
      assert.match((await flow.badges("token").next()).text!, error);
      ask();
      const caught = await flow.nextError();
      assert.match(caught.message, error);
      assert.equal(simulator.tokens.length, 0);
    });
});
