// The use of ephemeral tokens: the method that they open, their uses and their lifetimes.

import assert from "node:assert/strict";
import { hangUp, MODEL, PATH, resume } from "../client";
import { begun, CONSTRAINED, expired, MINUTE, noToken, tooMany, tooOld, withTokens } from "./token-client";

const unknown = "01234567-89ab-cdef-0123-456789abcdef";

it("a token in the query or a header opens the constrained method of v1beta and v1alpha", async () => {
  const { mint, at, simulator } = await withTokens({ key: "right" });
  const order = (key: string) => fetch(`${simulator.url}/v1beta/auth_tokens?key=${key}`, { method: "POST" });
  assert.equal((await order("wrong")).status, 400);
  assert.equal(await mint(), undefined);
  for (const [path, header] of [
    [CONSTRAINED, false],
    [`/${CONSTRAINED}`, false],
    [CONSTRAINED.replace("v1beta", "v1alpha"), true],
  ] as const) {
    const { name } = (await (await order("right")).json()) as { name: string };
    const client = header ? at(path, { authorization: `Token ${name}` }) : at(`${path}?access_token=${name}`);
    assert.equal(await begun(await client.opened()), "setupComplete", path);
  }
  assert.equal(simulator.conversations.length, 3);
});

it("the constrained method refuses API keys, unknown tokens and missing tokens", async () => {
  const { at, simulator } = await withTokens();
  for (const client of [
    at(CONSTRAINED),
    at(`${CONSTRAINED}?key=any`),
    at(CONSTRAINED, { "x-goog-api-key": "any" }),
    at(`${CONSTRAINED}?access_token=any`),
    at(`${CONSTRAINED}?access_token=`),
    at(`${CONSTRAINED}?access_token=auth_tokens/${"0".repeat(64)}`),
    at(CONSTRAINED, { authorization: "Bearer any" }),
    at(CONSTRAINED, { authorization: "Token" }),
  ]) {
    await client.opened();
    assert.deepEqual(await client.closed, noToken);
  }
  assert.equal(simulator.conversations.length, 0);
});

it("the unconstrained method refuses a token as a wrong key", async () => {
  const { mint, at, simulator } = await withTokens();
  const token = await mint();
  for (const client of [at(`${PATH}?key=${token}`), at(PATH, { "x-goog-api-key": token })]) {
    await client.opened();
    assert.deepEqual(await client.closed, {
      code: 1007,
      reason: "API key not valid. Please pass a valid API key.",
    });
  }
  // This method does not read tokens.
  for (const client of [at(`${PATH}?access_token=${token}`), at(PATH, { authorization: `Token ${token}` })]) {
    await client.opened();
    const { code, reason } = await client.closed;
    assert.equal(code, 1008);
    assert.match(reason, /^Method doesn't allow unregistered callers/);
  }
  assert.equal(simulator.tokens[0]!.used, 0);
});

for (const uses of [1, 3, 0])
  it(`a token with ${uses} uses begins ${uses || "any number of"} sessions`, async () => {
    const { mint, open, simulator } = await withTokens();
    const token = await mint({ uses });
    for (let n = 1; n <= (uses || 10); n++) {
      assert.equal(await begun(await open(token)), "setupComplete");
      assert.equal(simulator.tokens[0]!.used, n);
    }
    if (uses) assert.deepEqual(await begun(await open(token)), tooMany);
    assert.equal(simulator.conversations.length, uses || 10);
  });

it("a token with one use admits only one of two simultaneous clients", async () => {
  const { mint, open } = await withTokens();
  const token = await mint();
  const first = await open(token);
  const second = await open(token);
  assert.equal(await begun(first), "setupComplete");
  assert.deepEqual(await begun(second), tooMany);
});

it("a refused setup and an unknown handle cost no use", async () => {
  const { mint, open } = await withTokens();
  const token = await mint();
  const model = "models/gemini-9";
  for (const [setup, code] of [
    [{ model }, 1008],
    [{ hello: 1 }, 1007],
    [resume(unknown), 1008],
    [resume("kitchen"), 1007],
  ] as const) {
    const closed = await begun(await open(token), setup);
    assert.equal((closed as { code: number }).code, code);
  }
  assert.equal(await begun(await open(token)), "setupComplete");
});

it("a resume costs no use, and is possible after newSessionExpireTime", async () => {
  const { mint, open, simulator, clock } = await withTokens();
  const token = await mint();
  let client = await open(token);
  assert.equal(await begun(client), "setupComplete");
  for (const wait of [0, 2 * MINUTE]) {
    const { handle } = client;
    await hangUp(simulator, client);
    clock.advance(wait);
    client = await open(token);
    assert.equal(await begun(client, resume(handle)), "setupComplete");
  }
  assert.equal(simulator.conversations.length, 1);
  assert.equal(simulator.conversations[0]!.connections, 3);
  assert.equal(simulator.tokens[0]!.used, 1);
});

it("a session can be resumed with another token, or with a token after an API key", async () => {
  const { mint, open, at, simulator } = await withTokens();
  const first = await (await open(await mint())).begin();
  await hangUp(simulator, first);
  const other = await open(await mint());
  assert.equal(await begun(other, resume(first.handle)), "setupComplete");
  await hangUp(simulator, other);
  assert.equal(await begun(await at(`${PATH}?key=any`).opened(), resume(other.handle)), "setupComplete");
  assert.deepEqual(
    simulator.tokens.map(({ used }) => used),
    [1, 0],
  );
  assert.equal(simulator.conversations[0]!.connections, 3);
});

it("a session must begin before newSessionExpireTime; the time of the setup counts", async () => {
  const { mint, open, time, clock } = await withTokens();
  const token = await mint({ uses: 2, newSessionExpireTime: time(5000) });
  const [early, late] = [await open(token), await open(token)];
  clock.advance(4999);
  early.send({ setup: { model: MODEL } });
  await early.settled();
  clock.advance(1);
  late.send({ setup: { model: MODEL } });
  assert.deepEqual(await late.closed, tooOld);
  await early.pass(260);
  assert.deepEqual(early.kinds, ["setupComplete"]);
  assert.deepEqual(await begun(await open(token)), tooOld);
});

it("expireTime closes every connection of the token", async () => {
  const { mint, open, time, clock } = await withTokens();
  const token = await mint({ expireTime: time(5 * MINUTE) });
  const other = await (await open(await mint())).begin();
  const talking = await (await open(token)).begin();
  const waiting = await open(token);
  talking.send({ realtimeInput: { text: "one two three four five six seven eight nine ten" } });
  await talking.pass(5 * MINUTE - clock.now() - 1);
  for (const { socket } of [talking, waiting]) assert.equal(socket.readyState, socket.OPEN);
  clock.advance(1);
  assert.deepEqual(await talking.closed, expired);
  assert.deepEqual(await waiting.closed, expired);
  await other.pass(1000);
  assert.equal(other.socket.readyState, other.socket.OPEN);
});

it("an expired token is refused, also for a resume; a new token resumes", async () => {
  const { mint, open, time, simulator, clock } = await withTokens();
  const token = await mint({ uses: 0, expireTime: time(MINUTE), newSessionExpireTime: time(2 * MINUTE) });
  const client = await (await open(token)).begin();
  await hangUp(simulator, client);
  clock.advance(MINUTE);
  for (const setup of [{}, resume(client.handle)])
    assert.deepEqual(await begun(await open(token), setup), tooOld);
  assert.equal(await begun(await open(await mint()), resume(client.handle)), "setupComplete");
});

it("a connection with a token has the usual lifetime, and leaves no timer behind", async () => {
  const { mint, open, simulator, clock } = await withTokens();
  const first = await (await open(await mint())).begin();
  clock.advance(10 * MINUTE);
  assert.equal((await first.closed).code, 1008);
  const second = await (await open(await mint())).begin();
  assert.ok(clock.waiting > 0);
  await hangUp(simulator, second);
  assert.equal(clock.waiting, 0);
});
