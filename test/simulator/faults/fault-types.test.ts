// The failures of a script: each of them at every moment.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { Fault } from "../../../simulator/server";
import { type Client, drop, MODEL, outcome, PATH, resume, room, simulate, sound, speech } from "../client";

const write = (text: string) => ({ realtimeInput: { text } });
const speak = { realtimeInput: { audio: sound(Buffer.concat([room(0.5), speech(1)])) } };
const streamEnd = { realtimeInput: { audioStreamEnd: true } };
const setup = { setup: { model: MODEL, inputAudioTranscription: {}, outputAudioTranscription: {} } };

/** The steps of a spoken turn. Each leads to the moment of its name. */
const steps = [
  ["setup", (client: Client) => client.send(setup)],
  ["ready", (client: Client) => client.clock.advance(260)],
  ["userSpeaking", (client: Client) => client.send(speak)],
  ["thinking", (client: Client) => client.send(streamEnd)],
  ["modelSpeaking", (client: Client) => client.clock.advance(400)],
  ["turnComplete", (client: Client) => client.clock.advance(20_000)],
] as const;

/** Runs the steps of the turn up to a moment, or after it. */
async function take(client: Client, from: number, to: number) {
  for (const [, step] of steps.slice(from, to)) {
    step(client);
    await client.settled();
  }
}

/** Resolves when the client has received everything that the server has sent. A frozen connection cannot answer a ping. */
async function elsewhere(open: () => Promise<Client>) {
  const other = await open();
  await other.settled();
  await other.settled();
  other.socket.terminate();
  await other.closed;
}

const done = (client: Client) => assert.equal(client.of("turnComplete").length, 1);
const code = { code: 1011, reason: "The service is currently unavailable." };

const failures: Record<
  string,
  [
    order: object,
    /** @param next the rest of the turn */
    check: (
      client: Client,
      next: () => Promise<void>,
      open: () => Promise<Client>,
      at: string,
    ) => Promise<void>,
  ]
> = {
  cut: [{}, async (client) => assert.equal((await client.closed).code, 1006)],
  close: [code, async (client) => assert.deepEqual(await client.closed, code)],
  freeze: [
    {},
    async (client, _, open) => {
      client.frames = [];
      let pong = false;
      client.socket.on("pong", () => {
        pong = true;
      });
      client.socket.ping();
      client.send(write("hello?"));
      client.socket.close(1000);
      client.clock.advance(600_000);
      await elsewhere(open);
      assert.deepEqual(client.frames, []);
      assert.equal(pong, false);
      assert.equal(client.socket.readyState, client.socket.CLOSING, "its close frame is not answered");
    },
  ],
  slow: [
    { forMs: 60_000 },
    async (client, next, open) => {
      const pong = once(client.socket, "pong");
      client.socket.ping();
      client.clock.advance(30_000);
      await elsewhere(open);
      const early = Symbol();
      assert.equal(await Promise.race([pong, Promise.resolve(early)]), early, "nothing is read");
      client.clock.advance(60_000);
      await pong;
      await next();
      done(client);
    },
  ],
  garbage: [
    {},
    async (client, next) => {
      assert.equal(client.of("garbage").length, 1);
      await next();
      done(client);
    },
  ],
  goAway: [
    { timeLeftMs: 60_000 },
    async (client, next) => {
      assert.deepEqual(client.of("goAway"), [{ goAway: { timeLeft: "60s" } }]);
      await next();
      client.clock.advance(60_000);
      const { code, reason } = await client.closed;
      assert.equal(code, 1008);
      assert.match(reason, /^Connection aborted because the client failed to close .* GoAway/);
    },
  ],
  silence: [
    {},
    async (client, next, _, at) => {
      client.frames = [];
      // Before the user's turn, its rest would be the next turn, which is answered.
      if (at !== "setup" && at !== "ready") await next();
      await client.pass(60_000);
      assert.deepEqual(client.frames, []);
      client.send(write("and now?"));
      await client.pass(20_000);
      assert.equal(client.kinds[0], "audio");
      assert.match(client.said, /Echo: and now\?$/);
    },
  ],
};

for (const [what, [order, check]] of Object.entries(failures))
  for (const [index, [at]] of steps.entries())
    it(`${what} happens at ${at}, not before`, async () => {
      const { open } = await simulate({ script: [{ at, do: what, ...order } as Fault] });
      const client = await open();
      await take(client, 0, index);
      assert.equal(client.socket.readyState, client.socket.OPEN);
      const before = client.frames.filter(({ kind }) => kind === "garbage" || kind === "goAway");
      assert.deepEqual(before, []);
      const [, step] = steps[index]!;
      step(client);
      if (what !== "freeze" && what !== "slow") await client.settled();
      else await elsewhere(open);
      await check(client, () => take(client, index + 1, steps.length), open, at);
    });

it("refuses a handshake with a status, cuts it, or never answers it", async () => {
  const { simulator, at, open } = await simulate({
    script: [
      { at: "handshake", connection: 1, do: "refuseHandshake", status: 503 },
      { at: "handshake", connection: 2, do: "cut" },
      { at: "handshake", connection: 3, do: "freeze" },
    ],
  });
  const refused = at(`${PATH}?key=any`);
  const [, response] = await once(refused.socket, "unexpected-response");
  assert.equal(response.statusCode, 503);
  const body = JSON.parse((await response.toArray()).join(""));
  assert.deepEqual(body, { error: { code: 503, message: "Service Unavailable", status: "UNAVAILABLE" } });
  const cut = at(`${PATH}?key=any`);
  assert.equal((await cut.closed).code, 1006);
  const waiting = at(`${PATH}?key=any`);
  await elsewhere(open);
  assert.equal(waiting.socket.readyState, waiting.socket.CONNECTING);
  assert.equal(simulator.conversations.length, 0);
  await simulator.close();
  assert.equal((await waiting.closed).code, 1006);
});

it("a frozen connection holds its session until the client closes the socket", async () => {
  const { simulator, open } = await simulate();
  const client = await (await open()).begin();
  simulator.order({ at: "now", do: "freeze" });
  assert.equal(await outcome(open, resume(client.handle)), 1011);
  await drop(simulator, client);
  client.clock.advance(1500);
  assert.equal(await outcome(open, resume(client.handle)), "setupComplete");
});

it("a slow connection fills the client's send buffer, and reads it later", async () => {
  const { simulator, clock, open } = await simulate();
  const client = await (await open()).begin();
  simulator.order({ at: "now", do: "slow", forMs: 10_000 });
  // Much more than the buffers of the operating system hold.
  const quiet = { realtimeInput: { audio: sound(Buffer.alloc(2 ** 20)) } };
  for (let n = 0; n < 16; n++) client.send(quiet);
  await elsewhere(open);
  assert.ok(client.socket.bufferedAmount > 2 ** 20);
  clock.advance(10_000);
  await client.settled();
  assert.equal(client.socket.bufferedAmount, 0);
});

it("the context does not contain an answer that `silence` stopped", async () => {
  const { simulator, open } = await simulate({ script: [{ at: "thinking", do: "silence" }] });
  const client = await (await open()).begin();
  client.send(write("hello"));
  await client.pass(20_000);
  assert.deepEqual(
    simulator.conversations[0]!.context.map(({ text }) => text),
    ["hello"],
  );
});

it("faults leave no timer behind", async () => {
  const { simulator, clock, open } = await simulate();
  for (let n = 0; n < 4; n++) await (await open()).begin();
  simulator.order(
    { at: "now", connection: 1, do: "freeze" },
    { at: "now", connection: 2, do: "slow", forMs: 1000 },
    { at: "now", connection: 3, do: "goAway", timeLeftMs: 1000 },
    { at: "now", connection: 4, afterMs: 1000, do: "cut" },
  );
  await simulator.close();
  assert.equal(clock.waiting, 0);
});
