// Limits over all instances of Node-RED that share a store: with a real Redis.

import assert from "node:assert/strict";
import { createClient } from "redis";
import { systemClock } from "../../../audio/clock";
import { SharedLimits } from "../../../nodes/shared-store/limits";
import { type Simulator, startSimulator } from "../../../simulator/server";
import { opened } from "../../clean-up";
import { TestClock } from "../../clock";
import { DEADLINE_MS, Inbox } from "../../inbox";
import { type RedisServer, startRedis } from "../../redis-server";
import { describeWithPrograms } from "../../sound-programs";
import { isAnswer, isEvent, startInstance } from "./node-reds";

/** The limits of a connection in one instance: two places, and what it is told of the store. */
async function limits(
  url: string,
  clock = systemClock as TestClock | typeof systemClock,
  more: Partial<ConstructorParameters<typeof SharedLimits>[0]> = {},
) {
  const health = new Inbox<string>();
  const warnings = new Inbox<string>();
  const shared = await opened(
    new SharedLimits(
      {
        address: { url },
        secret: "a secret",
        connection: "config",
        maxConversations: 2,
        onHealth: (error) => health.push(error?.message ?? "well"),
        onOtherSecret: () => warnings.push("another secret"),
        ...more,
      },
      clock,
    ),
  );
  return {
    health,
    warnings,
    places: shared.placesOf("session", true),
    tokens: shared.tokensOf("token", 2, 60),
  };
}

/** Asks until it is so. */
async function until(isSo: () => boolean | Promise<boolean>, what: string) {
  const end = performance.now() + DEADLINE_MS;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `there is not ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Tries until a place is free. */
const placeFor = (key: string, { places }: Awaited<ReturnType<typeof limits>>) =>
  until(async () => (await places.take(key)) === true, "a free place");

const isRefused = (refused: unknown) => {
  assert.equal((refused as { remainingPoints: number }).remainingPoints, 0);
  return true;
};

describeWithPrograms(["redis-server"], "the maximum number of conversations in all instances", () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
  });

  it("counts them together, and a conversation that ends leaves its place to another one, in any instance", async () => {
    const [first, second] = [await limits(redis.url), await limits(redis.url)];
    assert.equal(await first.places.take("kitchen"), true);
    assert.equal(await second.places.take("hall"), true);
    assert.equal(await second.places.take("attic"), false);
    first.places.release("kitchen");
    await placeFor("attic", second);
    assert.equal(await first.places.take("kitchen"), false);
  });

  it("counts a conversation once that another instance continues", async () => {
    const [first, second] = [await limits(redis.url), await limits(redis.url)];
    await first.places.take("kitchen");
    await first.places.take("hall");
    first.places.leave("kitchen");
    assert.equal(await second.places.take("attic"), false);
    assert.equal(await second.places.take("kitchen"), true);
    assert.equal(await second.places.take("attic"), false);
  });

  it("counts those of an instance that died no longer than 3 s, and those of one that runs as long as they are open", async () => {
    const dead = await limits(redis.url, new TestClock());
    const [first, second] = [await limits(redis.url), await limits(redis.url)];
    await first.places.take("hall");
    await dead.places.take("kitchen");
    assert.equal(await second.places.take("attic"), false);
    await placeFor("attic", second);
    assert.equal(await second.places.take("kitchen"), false);
  });

  it("is not known while Redis is missing: only the first conversation waits for that, and all count again afterwards", async () => {
    const first = await limits(redis.url);
    await first.places.take("kitchen");
    redis.pause();
    assert.equal(await first.places.take("hall"), undefined);
    assert.match(await first.health.next(), /has not answered/);
    const begun = performance.now();
    assert.equal(await first.places.take("attic"), undefined);
    assert.ok(performance.now() - begun < 500);
    redis.continue();
    assert.equal(await first.health.next(), "well");
    const second = await limits(redis.url);
    assert.equal(await second.places.take("cellar"), false);
    assert.equal(first.health.items.length, 2);
  });
});

describeWithPrograms(["redis-server"], "the rate limit of tokens in all instances", () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
  });

  it("counts each caller in all of them, and Redis does not show who it is", async () => {
    const [first, second] = [await limits(redis.url), await limits(redis.url)];
    await first.tokens.consume("192.0.2.7");
    await second.tokens.consume("192.0.2.7");
    await assert.rejects(first.tokens.consume("192.0.2.7"), isRefused);
    await first.tokens.consume("192.0.2.8");
    const client = await createClient({ url: redis.url }).connect();
    const keys = await client.keys("*");
    client.destroy();
    assert.equal(keys.length, 2);
    assert.doesNotMatch(keys.join(), /192/);
  });

  it("counts in each instance alone while Redis is missing", async () => {
    const [first, second] = [await limits(redis.url), await limits(redis.url)];
    await first.tokens.consume("somebody");
    redis.pause();
    for (const each of [first, second]) {
      await Promise.all([each.tokens.consume("somebody"), each.tokens.consume("somebody")]);
      await assert.rejects(each.tokens.consume("somebody"), isRefused);
    }
    redis.continue();
  });
});

describeWithPrograms(["redis-server"], "instances with different secrets", () => {
  const other = { secret: "another secret" };

  it("both hear of it once, although neither sees what the other one stores", async () => {
    const { url } = await startRedis();
    const first = await limits(url);
    await first.tokens.consume("somebody");
    const second = await limits(url, systemClock, other);
    await Promise.all([first.warnings.next(), second.warnings.next()]);
    const third = await limits(url, systemClock, other);
    await third.warnings.next();
    assert.deepEqual([first.warnings.items.length, second.warnings.items.length], [1, 1]);
  });

  it("hear of nothing when they have another connection, or another database of the same Redis", async () => {
    const { url } = await startRedis();
    const first = await limits(url);
    const others = [
      await limits(`${url}/1`, systemClock, other),
      await limits(url, systemClock, { ...other, connection: "another" }),
      await limits(url),
    ];
    for (const each of [first, ...others]) await each.tokens.consume("somebody");
    // Redis passes messages on in order: what these had heard of would be there before the warning of this one.
    await (await limits(url, systemClock, other)).warnings.next();
    await Promise.all([first.warnings.next(), others[2]!.warnings.next()]);
    assert.deepEqual(
      others.map(({ warnings }) => warnings.items.length),
      [0, 0, 1],
    );
  });
});

describeWithPrograms(["redis-server"], "two instances of Node-RED with limits", () => {
  let redis: RedisServer;
  let simulator: Simulator;
  const start = (more: object = {}) =>
    startInstance(simulator.url, redis.url, { maxConversations: 1, ...more });
  beforeEach(async () => {
    redis = await startRedis();
    simulator = await opened(startSimulator());
  });

  it("refuse a conversation when the other one has the last, and open it when that instance has died", async () => {
    const [first, second] = await Promise.all([start(), start()]);
    await first.say("hello");
    await first.sends(isAnswer("hello"), "an answer");
    await second.talk("hall", "hello");
    const refused = await second.sends(isEvent("refused"), "a refusal");
    assert.match(JSON.stringify(refused.payload), /allows 1 open conversations in all instances of Node-RED/);
    const { outcome } = await second.sends((sent) => sent.outcome !== undefined, "an error");
    assert.equal((outcome as { code: string }).code, "GEMINI_CONVERSATION_LIMIT");
    first.kill();
    await second.say("are you still there");
    await second.sends(isAnswer("are you still there"), "an answer of the second instance");
  });

  it("count a conversation of each when they do not keep them, although it has the same session key", async () => {
    const [first, second] = await Promise.all([1, 2].map(() => start({ keepConversations: false })));
    await first!.say("hello");
    await first!.sends(isAnswer("hello"), "an answer");
    await second!.say("hello");
    await second!.sends(isEvent("refused"), "a refusal");
  });

  it("warn once, with the name of the setting, when they have different credential secrets", async () => {
    const first = await start();
    const second = await start({ secret: "another secret of this test" });
    for (const each of [first, second]) {
      await until(() => /credentialSecret/.test(each.output()), "a warning");
      await each.say("hello");
      await each.sends(isAnswer("hello"), "an answer");
      assert.equal(each.output().match(/has another "credentialSecret" in its settings file/g)?.length, 1);
    }
  });

  it("count alone without the store, which one warning says, and give tokens as their own limit allows", async () => {
    const [first, second] = await Promise.all([start(), start({ keepConversations: false })]);
    assert.deepEqual([await first.askForToken("me"), await second.askForToken("me")], [200, 200]);
    assert.deepEqual([await first.askForToken("me"), await second.askForToken("me")], [429, 429]);
    await redis.stop();
    for (const each of [first, second]) {
      await each.say("hello");
      await each.sends(isAnswer("hello"), "an answer");
      assert.equal(await each.askForToken("me"), 200);
      await each.talk("hall", "hello");
      await each.sends(isEvent("refused"), "a refusal");
      assert.equal(each.output().match(/in this Node-RED only/g)?.length, 1, each.output());
    }
  });
});
