// The lifetime of a connection, goAway, and conversations across many connections.

import assert from "node:assert/strict";
import { type Client, left, room, simulate, sound, speech } from "../client";

const goAwayIgnored = {
  code: 1008,
  reason:
    "Connection aborted because the client failed to close the connection after receiving a GoAway signal once the session duration expired".slice(
      0,
      123,
    ),
};
const write = (text: string) => ({ realtimeInput: { text } });

for (const [what, options, lifetimeMs, timeLeft, notice] of [
  ["after 590 s, announced 50 s before", {}, 590_000, "50s", 50_000],
  ["when the options say so", { lifetimeMs: 60_000, goAwayMs: 2500 }, 60_000, "2.500s", 2500],
  ["even if it is shorter than its notice", { lifetimeMs: 20_000 }, 20_000, "20s", 20_000],
] as const)
  it(`a connection ends ${what}, with 1008 if the client has not closed`, async () => {
    const { clock, open } = await simulate(options);
    const client = await open();
    await client.begin();
    await client.pass(lifetimeMs - notice - clock.now() - 1);
    await client.run(2);
    const [{ at, frame }] = client.frames.filter(({ kind }) => kind === "goAway") as [Client["frames"][0]];
    assert.deepEqual(frame, { goAway: { timeLeft } });
    assert.ok(Math.abs(at - (lifetimeMs - notice)) <= 600);
    await client.pass(lifetimeMs - clock.now() - 1);
    assert.equal(client.socket.readyState, client.socket.OPEN);
    clock.advance(1);
    assert.deepEqual(await client.closed, goAwayIgnored);
    assert.equal(clock.waiting, 0);
  });

it("continues after goAway until the end of the lifetime", async () => {
  const { open } = await simulate();
  const client = await (await open()).begin();
  await client.pass(545_000);
  client.frames = [];
  client.send(write("still here?"));
  await client.pass(20_000);
  assert.equal(client.kinds.at(-1), "turnComplete");
});

it("closes with 1011 at the end of the lifetime without goAway, as seen on 3.8", async () => {
  const { clock, open } = await simulate({ goAwayMs: 0 });
  const client = await (await open()).begin();
  clock.advance(590_000);
  assert.deepEqual(await client.closed, {
    code: 1011,
    reason: "Deadline expired before operation could complete.",
  });
  assert.equal(client.of("goAway").length, 0);
});

it("lifetimeMs Infinity sets no limit", async () => {
  const { clock, open } = await simulate({ lifetimeMs: Number.POSITIVE_INFINITY });
  const client = await (await open()).begin();
  await client.pass(30 * 24 * 3600_000);
  assert.equal(client.socket.readyState, client.socket.OPEN);
  assert.equal(clock.waiting, 0);
});

it("resumes through two hours of connections and drops", async () => {
  const { simulator, clock, open } = await simulate();
  const conversation = () => simulator.conversations[0]!;
  let handle: string | undefined;
  let connections = 0;
  let lastOffset = -1;
  const prompts: number[] = [];
  while (clock.now() < 2 * 3600_000) {
    const client = await (await open()).begin({ sessionResumption: { handle } });
    if (client.kinds[0] !== "setupComplete") {
      // The server refuses a resume right after a drop.
      await client.pass(1000);
      assert.equal((await client.closed).code, 1011);
      continue;
    }
    connections++;
    handle = client.handle;
    client.send(write(`question ${connections}`));
    await client.pass(20_000);
    client.send({
      realtimeInput: { audio: sound(Buffer.concat([room(0.5), speech(1), room(1)])), audioStreamEnd: true },
    });
    await client.pass(20_000);
    for (const frame of client.of("turnComplete")) prompts.push(frame.usageMetadata!.promptTokenCount);
    const [start] = client.of("ACTIVITY_START");
    const offset = Number.parseFloat(start!.voiceActivity!.audioOffset);
    assert.ok(offset > lastOffset);
    lastOffset = offset;
    if (connections % 4 === 0) simulator.order({ at: "now", do: "cut" });
    else {
      await client.pass(515_000);
      assert.equal(client.of("goAway").length, 1);
      client.socket.close(1000);
    }
    await client.closed;
    await left(simulator);
  }
  assert.equal(simulator.conversations.length, 1);
  assert.ok(connections > 12);
  assert.equal(conversation().connections, connections);
  const said = JSON.stringify(conversation().context);
  for (let n = 1; n <= connections; n++) assert.ok(said.includes(`"question ${n}"`));
  assert.equal(conversation().context.length, connections * 4);
  assert.deepEqual(
    prompts,
    prompts.toSorted((a, b) => a - b),
  );
  assert.equal(clock.waiting, 0);
});
