// The limit of the context window, and context compression.

import assert from "node:assert/strict";
import { type Client, converse, left, MODEL, simulate } from "../client";

const invalid = { code: 1007, reason: "Request contains an invalid argument." };
const WINDOW = 131072;

/** A text of 1000 tokens that starts with its number. */
const thousand = (n: number) => `${n} `.padEnd(4000, "x");
const tell = (...turns: [role: string, text: string][]) => ({
  clientContent: { turns: turns.map(([role, text]) => ({ role, parts: [{ text }] })), turnComplete: false },
});
const compression = (contextWindowCompression: object) => ({ contextWindowCompression });

/** Sends texts of 1000 tokens each, alternately from the user and the model. */
async function tellThousands(client: Client, count: number) {
  for (let n = 0; n < count; n++) client.send(tell([n % 2 ? "model" : "user", thousand(n)]));
  await client.settled();
}

/** The prompt tokens of the next turn. */
async function billed(client: Client) {
  client.send({ realtimeInput: { text: "well" } });
  await client.pass(20_000);
  return client.of("turnComplete").at(-1)!.usageMetadata!.promptTokenCount;
}

it("cuts a context above triggerTokens down to targetTokens, oldest items first", async () => {
  const { client, simulator } = await converse({
    systemInstruction: { parts: [{ text: "Be kind." }] },
    ...compression({ triggerTokens: "6000", slidingWindow: { targetTokens: "3500" } }),
  });
  const numbers = () => simulator.conversations[0]!.context.map(({ text }) => text.split(" ")[0]);
  await tellThousands(client, 5);
  assert.equal(await billed(client), 5003);
  await tellThousands(client, 1);
  assert.deepEqual(numbers(), ["Be", "4", "well", "This", "0"], "what is left begins with the user");
  assert.ok((await billed(client)) < 2200);
});

it("keeps the system instruction and the newest item", async () => {
  const { client, simulator } = await converse({
    systemInstruction: { parts: [{ text: thousand(99) }] },
    ...compression({ triggerTokens: "5000", slidingWindow: { targetTokens: "0" } }),
  });
  await tellThousands(client, 7);
  assert.deepEqual(
    simulator.conversations[0]!.context.map(({ text }) => text.slice(0, 2)),
    ["99", "4 ", "5 ", "6 "],
  );
});

it("defaults to 80 % of the window for triggerTokens, and half of that for targetTokens", async () => {
  const { client, simulator } = await converse(compression({ slidingWindow: {} }));
  const tokens = () => simulator.conversations[0]!.context.reduce((sum, item) => sum + item.tokens, 0);
  const tellUserThousands = async (count: number) => {
    client.send(tell(...Array.from({ length: count }, (_, n): [string, string] => ["user", thousand(n)])));
    await client.settled();
  };
  await tellUserThousands(104);
  assert.equal(tokens(), 104_000);
  await tellUserThousands(1);
  assert.equal(tokens(), 52_000);
});

it("a full context closes the connection without compression, and with one that lacks slidingWindow", async () => {
  for (const setup of [{}, compression({}), compression({ triggerTokens: 5000 })]) {
    const { client } = await converse(setup);
    await tellThousands(client, 131);
    assert.equal(await billed(client), 131_001);
    await tellThousands(client, 1);
    assert.deepEqual(await client.closed, invalid);
  }
});

it("a text larger than the window closes the connection, also with compression", async () => {
  const { client } = await converse(compression({ slidingWindow: {} }));
  client.send(tell(["user", "x".repeat(4 * WINDOW + 1)]));
  assert.deepEqual(await client.closed, invalid);
});

it("a session with a full context can be resumed only with compression", async () => {
  const { simulator, open } = await simulate();
  const first = await (await open()).begin();
  await tellThousands(first, 132);
  assert.deepEqual(await first.closed, invalid);
  await left(simulator);
  const sessionResumption = { handle: first.handle };
  const second = await open();
  second.send({ setup: { model: MODEL, sessionResumption } });
  assert.deepEqual(await second.closed, invalid);
  const third = await (await open()).begin({ sessionResumption, ...compression({ slidingWindow: {} }) });
  assert.ok((await billed(third)) <= 52_429);
});

for (const [what, setup] of [
  ["a target as large as the trigger", { triggerTokens: 6000, slidingWindow: { targetTokens: 6000 } }],
  ["a trigger below 5,000", { triggerTokens: 4999, slidingWindow: {} }],
  ["a trigger above 128,000", { triggerTokens: 128_001, slidingWindow: {} }],
  ["a negative target", { slidingWindow: { targetTokens: -1 } }],
  ["a target above 128,000", { slidingWindow: { targetTokens: 128_001 } }],
  ["a target above the default trigger", { slidingWindow: { targetTokens: 110_000 } }],
] as const)
  it(`refuses compression with ${what}`, async () => {
    const { open } = await simulate();
    const client = await open();
    client.send({ setup: { model: MODEL, ...compression(setup) } });
    assert.deepEqual(await client.closed, invalid);
  });
