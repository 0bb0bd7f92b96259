// Fault scripts: when, how often and on which connections a fault runs, and the errors of invalid scripts.

import assert from "node:assert/strict";
import { type Fault, startSimulator } from "../../../simulator/server";
import { hangUp, MODEL, outcome, resume, simulate } from "../client";

const setup = { setup: { model: MODEL } };

it("afterMs delays a fault", async () => {
  const { clock, open } = await simulate({ script: [{ at: "setup", afterMs: 100, do: "cut" }] });
  const client = await open();
  client.send(setup);
  await client.pass(99);
  assert.equal(client.socket.readyState, client.socket.OPEN);
  clock.advance(1);
  assert.equal((await client.closed).code, 1006);
});

it("runs several faults at one moment in their order", async () => {
  const { clock, open } = await simulate({
    script: [
      { at: "setup", do: "silence" },
      { at: "setup", afterMs: 5000, do: "close", code: 1011, reason: "Internal error occurred." },
    ],
  });
  const client = await open();
  client.send(setup);
  await client.settled();
  clock.advance(5000);
  assert.deepEqual(await client.closed, { code: 1011, reason: "Internal error occurred." });
  assert.deepEqual(client.frames, []);
});

it("runs a fault once, or `times` times", async () => {
  for (const [times, expected] of [
    [undefined, [1006, "setupComplete", "setupComplete"]],
    [2, [1006, 1006, "setupComplete"]],
  ] as const) {
    const { open } = await simulate({ script: [{ at: "setup", do: "cut", times }] });
    assert.deepEqual([await outcome(open), await outcome(open), await outcome(open)], expected);
  }
});

it("`connection` limits a fault to one connection, counted from 1", async () => {
  const { open } = await simulate({ script: [{ at: "setup", connection: 2, do: "cut" }] });
  assert.deepEqual(
    [await outcome(open), await outcome(open), await outcome(open)],
    ["setupComplete", 1006, "setupComplete"],
  );
});

it("`resumed` limits a fault to connections that resume, or to those that do not", async () => {
  for (const resumed of [true, false]) {
    const { simulator, open } = await simulate();
    const client = await (await open()).begin();
    await hangUp(simulator, client);
    simulator.order({ at: "setup", do: "close", code: 1008, resumed });
    const outcomes = [await outcome(open), await outcome(open, resume(client.handle))];
    assert.deepEqual(outcomes, resumed ? ["setupComplete", 1008] : [1008, "setupComplete"]);
  }
});

it("adds faults while it runs; `now` runs them once on every open connection", async () => {
  const { simulator, clock, open } = await simulate();
  const clients = [await (await open()).begin(), await (await open()).begin(), await (await open()).begin()];
  simulator.order({ at: "now", connection: 2, do: "close", code: 1011 });
  assert.equal((await clients[1]!.closed).code, 1011);
  simulator.order({ at: "now", afterMs: 10, do: "cut" }, { at: "now", do: "garbage" });
  clock.advance(10);
  for (const client of [clients[0]!, clients[2]!]) {
    assert.equal((await client.closed).code, 1006);
    assert.equal(client.of("garbage").length, 1);
  }
  assert.equal(await outcome(open), "setupComplete");
});

const wrong: [script: unknown, message: string][] = [
  [{}, "The script must be a JSON list of faults."],
  [[7], "Fault 1: must be an object."],
  [
    [{ do: "cut" }],
    'Fault 1: "at" must be one of handshake, setup, ready, userSpeaking, thinking, modelSpeaking, toolCall, turnComplete, now; it is missing.',
  ],
  [
    [
      { at: "ready", do: "cut" },
      { at: "redy", do: "cut" },
    ],
    'Fault 2: "at" must be one of handshake, setup, ready, userSpeaking, thinking, modelSpeaking, toolCall, turnComplete, now; it is "redy".',
  ],
  [
    [{ at: "ready", do: "explode" }],
    'Fault 1: "do" must be one of cut, close, freeze, slow, garbage, goAway, silence, mute, forget, refuseHandshake, call, cancel, reissue; it is "explode".',
  ],
  [
    [{ at: "ready", do: "cut", code: 1011 }],
    'Fault 1: unknown field "code"; use at, do, connection, resumed, afterMs, times.',
  ],
  [
    [{ at: "ready", do: "close" }],
    'Fault 1: "code" must be a close code that a server can send, such as 1007, 1008 or 1011; it is missing.',
  ],
  [
    [{ at: "ready", do: "close", code: 1006 }],
    'Fault 1: "code" must be a close code that a server can send, such as 1007, 1008 or 1011; it is 1006.',
  ],
  [[{ at: "ready", do: "close", code: 1011, reason: 5 }], 'Fault 1: "reason" must be a string; it is 5.'],
  [
    [{ at: "ready", do: "slow", forMs: -1 }],
    'Fault 1: "forMs" must be a whole number from 0 to 2147483647; it is -1.',
  ],
  [
    [{ at: "ready", do: "goAway", timeLeftMs: "5s" }],
    'Fault 1: "timeLeftMs" must be a whole number from 0 to 2147483647; it is "5s".',
  ],
  [
    [{ at: "handshake", do: "refuseHandshake", status: 200 }],
    'Fault 1: "status" must be a whole number from 400 to 599; it is 200.',
  ],
  [
    [{ at: "ready", do: "cut", times: 0 }],
    'Fault 1: "times" must be a whole number from 1 to 2147483647; it is 0.',
  ],
  [
    [{ at: "ready", do: "refuseHandshake", status: 503 }],
    'Fault 1: "refuseHandshake" needs "at": "handshake" and no "afterMs".',
  ],
  [
    [{ at: "handshake", do: "garbage" }],
    'Fault 1: "at": "handshake" allows only "refuseHandshake", "cut" and "freeze".',
  ],
  [
    [{ at: "handshake", do: "cut", resumed: true }],
    'Fault 1: "resumed" is unknown at "handshake"; use "connection" or a later moment.',
  ],
  ...[[], "get_weather", [{}], [{ name: 5 }], [{ name: "f", args: [] }], [{ name: "f", arguments: {} }]].map(
    (calls): [unknown, string] => [
      [{ at: "thinking", do: "call", calls }],
      `Fault 1: "calls" must be a list of calls such as [{ "name": "get_weather", "args": { "city": "Berlin" } }]; it is ${JSON.stringify(calls)}.`,
    ],
  ),
  ...["mute", "cancel", "reissue"].map((what): [unknown, string] => [
    [{ at: "setup", do: what }],
    `Fault 1: "${what}" is not possible at "setup"; use "ready" or a later moment.`,
  ]),
  [[{ at: "now", do: "cut", times: 2 }], 'Fault 1: "times" is not possible with "at": "now".'],
  [[{ at: "now", do: "cut" }], 'Fault 1: "at": "now" is only possible while the simulator runs.'],
];

it("rejects an invalid script with the number and the mistake of the fault", async () => {
  for (const [script, message] of wrong)
    await assert.rejects(startSimulator({ script: script as Fault[] }), { message });
});

it("adds none of several faults if one of them is invalid", async () => {
  const { simulator, open } = await simulate();
  assert.throws(
    () => simulator.order({ at: "setup", do: "cut" }, { at: "later", do: "cut" } as unknown as Fault),
    /^Error: Fault 2: "at" must be one of/,
  );
  const client = await (await open()).begin();
  assert.equal(client.kinds[0], "setupComplete");
});

it("copies a fault, so that its object can be changed and used again", async () => {
  const { simulator, open } = await simulate();
  const fault: Fault = { at: "setup", do: "close", code: 1008 };
  simulator.order(fault);
  fault.code = 1011;
  const client = await (await open()).begin();
  assert.equal((await client.closed).code, 1008);
});

it("a fault that still waits when its connection ends happens on a later connection", async () => {
  const { open } = await simulate({ script: [{ at: "ready", afterMs: 5000, do: "close", code: 1011 }] });
  (await (await open()).begin()).socket.terminate();
  const second = await (await open()).begin();
  await second.pass(5000);
  assert.equal((await second.closed).code, 1011);
  const third = await (await open()).begin();
  await third.pass(6000);
  assert.equal(third.socket.readyState, third.socket.OPEN);
});
