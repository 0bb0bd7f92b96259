// Callers: how many tokens each gets, and who gets none.

import assert from "node:assert/strict";
import { replace } from "../../clean-up";
import { type BadgeShown, connectionTo, session } from "../flow";
import {
  ask,
  audits,
  flow,
  issue,
  nextPayload,
  refusal,
  simulate,
  start,
  startWith,
  token,
} from "./token-flow";

describe("a caller that asks for too many tokens", () => {
  it("gets no more than the limit, however fast it asks, and the server gets no more requests", async () => {
    const simulator = await startWith();
    const badges = flow.badges("token");
    for (let n = 0; n < 10_000; n++) ask({ n });
    const words = (count: string) => (badge: BadgeShown) => badge.text === count;
    await badges.next(words("10 issued, 9990 refused"));
    assert.equal(simulator.tokens.length, 10);
    assert.equal(flow.all("issued").length, 10);
    assert.equal(flow.all("refused").length, 9_990);
    assert.deepEqual(new Set(flow.all("refused").map(({ statusCode }) => statusCode)), new Set([429]));
    assert.equal(audits().length, 10_000);
    // Each badge goes to every editor: a flood of messages makes only some.
    assert.ok(badges.items.length < 50, `${badges.items.length} badges`);
  });

  it("gets the number of seconds after which to ask again, and then a token", async () => {
    let now = Date.now();
    replace(Date, "now", () => now);
    await startWith({ limit: 2, limitSeconds: 60 });
    await issue();
    now += 29_500;
    await issue();
    ask();
    const msg = await refusal();
    assert.deepEqual(msg.headers, { "Retry-After": "31" });
    assert.deepEqual(msg.payload, {
      error: "Too many requests: the limit is 2 tokens in 60 s. Try again in 31 s.",
      retryAfter: 31,
    });
    now += 30_400;
    ask();
    assert.deepEqual((await refusal()).headers, { "Retry-After": "1" });
    now += 100;
    await issue();
    await issue();
    ask();
    assert.equal((await refusal()).statusCode, 429);
  });

  it("does not affect other callers", async () => {
    await startWith({ limit: 1 });
    await issue({ user: "greedy" });
    ask({ user: "greedy" });
    await refusal();
    await issue({ user: "modest" });
    await issue({ user: 7 });
    ask({ user: "7" });
    await refusal();
  });

  it("is counted also when its token could not be issued", async () => {
    const simulator = await simulate("another key");
    await start([connectionTo(simulator), ...session(), ...token({ limit: 2 })]);
    for (let n = 0; n < 3; n++) ask();
    await flow.nextError();
    await flow.nextError();
    assert.equal((await refusal()).statusCode, 429);
    assert.equal(flow.caught.items.length, 2);
  });

  it("gets all of them without a limit", async () => {
    const simulator = await startWith({ limit: 0 });
    for (let n = 0; n < 50; n++) ask();
    for (let n = 0; n < 50; n++) await nextPayload();
    assert.equal(simulator.tokens.length, 50);
  });
});

describe("a caller that cannot be identified", () => {
  const UNUSABLE: [what: string, user: unknown][] = [
    ["nothing", undefined],
    ["null", null],
    ["an empty string", ""],
    ["a blank", " "],
    ["an object", {}],
    ["an array", ["me"]],
    ["true", true],
    ["no number", Number.NaN],
    ["a novel", "x".repeat(257)],
  ];
  for (const [what, user] of UNUSABLE)
    it(`gets no token: ${what}`, async () => {
      const simulator = await startWith();
      ask({ user });
      const msg = await refusal();
      assert.equal(msg.statusCode, 401);
      assert.match((msg.payload as { error: string }).error, /caller is unknown: msg\.user must/);
      assert.equal(simulator.tokens.length, 0);
    });

  it("gets no token when the path to the property ends early", async () => {
    await startWith({ caller: "msg.req.user.name" });
    ask();
    assert.match(
      ((await refusal()).payload as { error: string }).error,
      /msg\.req\.user\.name must hold a number or a text/,
    );
  });

  it("shares one limit with all others like it, where anonymous callers are allowed", async () => {
    await startWith({ callerRequired: false, limit: 1 });
    await issue({ user: undefined });
    ask({ user: null });
    assert.equal((await refusal()).statusCode, 429);
    await issue({ user: "anonymous" });
    assert.deepEqual(
      audits().map(({ caller }) => caller),
      [null, null, "anonymous"],
    );
  });
});
