// Resumption handles: when they are sent, how long they are valid, and when a resume is refused.

import assert from "node:assert/strict";
import { Variation } from "../../../simulator/protocol/variation";
import type { SimulatorOptions } from "../../../simulator/server";
import { resumedSession } from "../../../simulator/session/resume-check";
import { SessionStore } from "../../../simulator/session/session-store";
import { answer, drop, hangUp, MODEL, NATIVE, resume, simulate } from "../client";

const HOUR = 3600_000;
const notFound = { code: 1008, reason: "BidiGenerateContent session not found" };
const internal = { code: 1011, reason: "Internal error encountered." };
const invalid = { code: 1007, reason: "Request contains an invalid argument." };

const write = (text: string) => ({ realtimeInput: { text } });

/** A simulator with an ended conversation, and its handle. */
async function ended(options?: SimulatorOptions) {
  const simulation = await simulate(options);
  const first = await (await simulation.open()).begin();
  await hangUp(simulation.simulator, first);
  return { ...simulation, handle: first.handle! };
}

it("sends one handle, 118 ms after setupComplete, also to a client that did not ask", async () => {
  const { open } = await simulate();
  for (const sessionResumption of [{}, { handle: "" }, undefined]) {
    const client = await open();
    client.send({ setup: { model: MODEL, sessionResumption } });
    await client.run(500);
    const due = client.at("setupComplete")! + 118;
    await answer(client, write("hello"));
    await client.pass(60_000);
    const updates = client.frames.filter(({ kind }) => kind === "sessionResumptionUpdate");
    assert.deepEqual(
      updates.map(({ at }) => at),
      [due],
    );
    for (const { frame } of updates) {
      assert.equal(frame.sessionResumptionUpdate!.resumable, true);
      assert.match(frame.sessionResumptionUpdate!.newHandle, /^[\da-f-]{36}$/);
    }
  }
});

it("sends a new handle 1 ms after the setupComplete of a resume, and keeps earlier handles valid", async () => {
  const { simulator, open, handle } = await ended();
  const second = await open();
  second.send({ setup: { model: MODEL, ...resume(handle) } });
  await second.run(600);
  assert.equal(second.at("sessionResumptionUpdate"), second.at("setupComplete")! + 1);
  assert.notEqual(second.handle, handle);
  await hangUp(simulator, second);
  for (const any of [handle, second.handle]) {
    const next = await (await open()).begin(resume(any));
    assert.equal(next.kinds[0], "setupComplete");
    await hangUp(simulator, next);
  }
  assert.equal(simulator.conversations[0]!.connections, 4);
});

it("a handle is valid for two hours after the session ended, or for handlesMs", async () => {
  for (const [options, ms] of [
    [{}, 2 * HOUR],
    [{ handlesMs: 20_000 }, 20_000],
  ] as const)
    for (const late of [false, true]) {
      const { clock, open, handle } = await ended(options);
      clock.advance(ms - 8000 + (late ? 1 : 0));
      const client = await open();
      client.send({ setup: { model: MODEL, ...resume(handle) } });
      await client.pass(550);
      if (late) assert.deepEqual(await client.closed, notFound);
      else assert.equal(client.kinds[0], "setupComplete");
    }
});

it("a handle does not expire while its session is open", async () => {
  const { simulator, open } = await simulate({ lifetimeMs: Number.POSITIVE_INFINITY });
  const first = await (await open()).begin();
  await first.pass(5 * HOUR);
  await hangUp(simulator, first);
  assert.equal((await (await open()).begin(resume(first.handle))).kinds[0], "setupComplete");
});

const unknown = "01234567-89ab-cdef-0123-456789abcdef";

for (const [what, setup, expected] of [
  ["a handle that nobody gave", () => resume(unknown), notFound],
  ["no handle at all", () => resume("kitchen"), { code: 1007, reason: "Invalid session handle" }],
  [
    "another model",
    (handle: string) => ({ ...resume(handle), model: `${MODEL}-extended-thinking` }),
    invalid,
  ],
] as const)
  it(`refuses a resume with ${what}`, async () => {
    const { open, handle } = await ended();
    const client = await open();
    client.send({ setup: { model: MODEL, ...setup(handle) } });
    assert.deepEqual(await client.closed, expected);
    assert.equal((await (await open()).begin(resume(handle))).kinds[0], "setupComplete", "the handle lives");
  });

it("refuses a resume with 1011 after 560 ms while the old connection is open", async () => {
  const { simulator, clock, open } = await simulate();
  const first = await (await open()).begin();
  for (let attempt = 0; attempt < 3; attempt++) {
    const client = await open();
    client.send({ setup: { model: MODEL, ...resume(first.handle) } });
    client.send(write("is anybody there?"));
    await client.pass(559);
    assert.equal(client.socket.readyState, client.socket.OPEN);
    clock.advance(1);
    assert.deepEqual(await client.closed, internal);
    assert.deepEqual(client.frames, []);
  }
  assert.equal(simulator.conversations[0]!.connections, 1);
  assert.deepEqual(simulator.conversations[0]!.context, []);
  await hangUp(simulator, first);
  assert.equal((await (await open()).begin(resume(first.handle))).kinds[0], "setupComplete");
});

it("refuses the first resume right after a clean close with 1011 after 560 ms, and accepts the second one", async () => {
  const { clock, open } = await simulate();
  const first = await (await open()).begin();
  const second = await open();
  // The old socket may not have ended yet.
  first.socket.close(1000);
  await first.closed;
  second.send({ setup: { model: MODEL, ...resume(first.handle) } });
  await second.pass(559);
  assert.equal(second.socket.readyState, second.socket.OPEN);
  clock.advance(1);
  assert.deepEqual(await second.closed, internal);
  const third = await open();
  third.send({ setup: { model: MODEL, ...resume(first.handle) } });
  await third.run(551);
  assert.deepEqual(third.kinds, ["setupComplete", "sessionResumptionUpdate"]);
});

for (const [restMs, expected] of [
  [7999, 1011],
  [8000, "setupComplete"],
] as const)
  it(`answers the first resume ${restMs} ms after a clean close with ${expected}`, async () => {
    const { simulator, open } = await simulate();
    const first = await (await open()).begin();
    await hangUp(simulator, first, restMs);
    const client = await (await open()).begin(resume(first.handle));
    assert.equal(client.kinds[0] ?? (await client.closed).code, expected);
  });

for (const model of [NATIVE, "models/gemini-3.1-flash-live-preview"])
  it(`accepts a resume right after a clean close on ${model}`, async () => {
    const { simulator, open } = await simulate();
    const first = await (await open()).begin({ model });
    await first.pass(2000);
    await hangUp(simulator, first, 0);
    const second = await (await open()).begin({ model, ...resume(first.handle) });
    assert.equal(second.kinds[0], "setupComplete");
  });

it("sends setupComplete 550 ms after a setup that resumes", async () => {
  const { clock, open, handle } = await ended();
  const client = await open();
  const sent = clock.now();
  client.send({ setup: { model: MODEL, ...resume(handle) } });
  await client.run(600);
  assert.equal(client.at("setupComplete"), sent + 550);
});

it("refuses resumes with 1011 for 1.5 s after an idle connection was cut", async () => {
  const { simulator, open } = await simulate();
  const first = await (await open()).begin();
  await drop(simulator, first);
  const attempts = [];
  for (let n = 0; n < 4; n++) {
    const client = await open();
    client.send({ setup: { model: MODEL, ...resume(first.handle) } });
    await client.pass(700);
    attempts.push(client.kinds[0] ?? (await client.closed).code);
  }
  assert.deepEqual(attempts, [1011, 1011, 1011, "setupComplete"]);
});

it("accepts a resume right after a connection was cut during an answer", async () => {
  const { simulator, open } = await simulate();
  const first = await (await open()).begin();
  first.send(write("hello"));
  await first.pass(450);
  await drop(simulator, first);
  assert.equal((await (await open()).begin(resume(first.handle))).kinds[0], "setupComplete");
});

for (const [model, options] of [
  ["gemini-3.1-flash-live-preview", {}],
  ["gemini-3.8-live", { handles: "often" }],
] as const)
  it(`${model} sends a handle every 1.2 s while idle${"handles" in options ? " with that option" : ""}, and is not resumable during an answer`, async () => {
    const { open } = await simulate(options);
    const client = await open();
    client.send({ setup: { model: `models/${model}`, sessionResumption: {} } });
    await client.run(260 + 118 + 3 * 1200);
    const updates = client.frames.filter(({ kind }) => kind === "sessionResumptionUpdate");
    const first = updates[0]!.at;
    assert.deepEqual(
      updates.map(({ at }) => at - first),
      [0, 1200, 2400, 3600],
    );
    assert.equal(new Set(updates.map(({ frame }) => frame.sessionResumptionUpdate!.newHandle)).size, 4);
    client.frames = [];
    client.send(write("one two three four five six seven eight nine ten"));
    await client.run(8000);
    assert.deepEqual(client.frames[0]!.frame, {
      sessionResumptionUpdate: { newHandle: "", resumable: false },
    });
    const over = client.at("turnComplete")!;
    const again = client.frames.filter(({ kind }) => kind === "sessionResumptionUpdate").slice(1);
    assert.ok(again[0]!.at >= over && again[0]!.at <= over + 1200);
    assert.ok(again.every(({ frame }) => frame.sessionResumptionUpdate!.resumable));
  });

it("keeps all open sessions, and the last 500 that have ended", () => {
  const sessions = new SessionStore(HOUR);
  const holder = { alive: false, leave: () => {} };
  const first = sessions.begin();
  first.hold(holder, {});
  const variation = new Variation(1, true);
  const handle = first.newHandle(variation);
  for (let n = 0; n < 600; n++) sessions.begin();
  assert.equal(sessions.all.length, 501);
  assert.equal(resumedSession(sessions, handle, undefined, 0), first);
  for (let n = 0; n < 100; n++) first.newHandle(variation);
  assert.throws(() => resumedSession(sessions, handle, undefined, 0), /session not found/);
  for (let n = 0; n < 200; n++) first.hold(holder, {});
  assert.equal(first.setups.length, 100);
  assert.equal(first.connections, 201);
});

for (const [model, remembers] of [
  [MODEL, "everything, because its only handle comes at the start"],
  [NATIVE, "what came before the handle"],
] as const)
  it(`${model} remembers after a resume ${remembers}`, async () => {
    const { simulator, clock, open } = await simulate();
    const setup = { model, generationConfig: { responseModalities: ["AUDIO"] } };
    const first = await (await open()).begin({ ...setup, sessionResumption: {} });
    await answer(first, write("one"));
    await first.pass(3_000);
    const { handle } = first;
    first.send(write("two"));
    await first.pass(2_000);
    const said = () => simulator.conversations[0]!.context.filter(({ role }) => role === "user");
    assert.deepEqual(
      said().map(({ text }) => text),
      ["one", "two"],
    );
    await drop(simulator, first);
    clock.advance(2_500);
    await (await open()).begin({ ...setup, ...resume(handle) });
    assert.deepEqual(
      said().map(({ text }) => text),
      model === MODEL ? ["one", "two"] : ["one"],
    );
  });

it("sessions and refused resumes leave no timer behind", async () => {
  const { simulator, clock, open } = await simulate({ handles: "often" });
  const clients = [];
  for (let n = 0; n < 3; n++) clients.push(await (await open()).begin());
  await hangUp(simulator, clients[0]!);
  const refused = await open();
  refused.send({ setup: { model: MODEL, ...resume(clients[1]!.handle) } });
  await refused.settled();
  await simulator.close();
  assert.equal(clock.waiting, 0);
});
