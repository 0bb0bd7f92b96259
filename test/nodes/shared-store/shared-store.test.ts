// Who owns a conversation in the shared store, and what is stored of it: with a real Redis.

import assert from "node:assert/strict";
import { createClient } from "redis";
import { makeClient } from "../../../nodes/shared-store/redis";
import { Seal } from "../../../nodes/shared-store/seal";
import { opened } from "../../clean-up";
import { TestClock } from "../../clock";
import { deferred } from "../../inbox";
import { freePort } from "../../plain-node-red";
import { type RedisServer, startRedis } from "../../redis-server";
import { describeWithPrograms } from "../../sound-programs";
import { startTls } from "../../tls";
import { instance, relayTo } from "./store-instance";

/** All that Redis holds, as text. */
async function contents(url: string) {
  const client = await createClient({ url }).connect();
  try {
    const keys = await client.keys("*");
    return JSON.stringify(
      await Promise.all(keys.map(async (key) => ({ key, ...(await client.hGetAll(key)) }))),
    );
  } finally {
    client.destroy();
  }
}

it("the shared store does not read what another version has stored", () => {
  const sealed = new Seal("a secret", 2).close("kitchen", "what was said");
  assert.equal(new Seal("a secret", 2).open("kitchen", sealed), "what was said");
  assert.throws(() => new Seal("a secret").open("kitchen", sealed));
});

it("the shared store reads no data that was encrypted for another conversation", () => {
  const seal = new Seal("a secret");
  const data = seal.close("kitchen", "hello");
  assert.equal(seal.open("kitchen", data), "hello");
  assert.throws(() => seal.open("hall", data));
});

it("the shared store says how to install the package that it needs", async () => {
  const missing = () => Promise.reject(new Error("Cannot find package 'redis'\nin a folder"));
  await assert.rejects(makeClient({ url: "redis://127.0.0.1" }, missing), {
    code: "GEMINI_MODULE",
    message: /run "npm install redis", and restart Node-RED\. The cause: Cannot find package 'redis'$/,
  });
});

describeWithPrograms(["redis-server"], "the shared store", () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
  });

  it("gives what was stored of a conversation to the instance that claims it after it was handed over", async () => {
    const first = await instance(redis.url);
    await first.store.claim("kitchen");
    assert.deepEqual((await first.next("claimed")).claimed, undefined);
    assert.equal(first.store.claim("kitchen"), undefined);
    first.store.write("kitchen", { said: "an older word" });
    first.store.write("kitchen", { said: "hello" });
    const second = await instance(redis.url);
    const claiming = second.store.claim("kitchen");
    assert.equal((await first.next("asked")).asked, "kitchen");
    // Nobody has asked for the conversation in the meantime: the claim goes on, and asks again.
    second.store.release("kitchen");
    const { handOver } = await first.next("asked");
    assert.deepEqual(second.told.items, []);
    handOver();
    await claiming;
    const { claimed, awayMs } = await second.next("claimed");
    assert.deepEqual(claimed, { said: "hello" });
    assert.ok(awayMs < 3_000, `${awayMs}`);
    assert.deepEqual([first.store.owns("kitchen"), second.store.owns("kitchen")], [false, true]);
  });

  it("gives the conversation of an instance that hangs to another one, and refuses what the first then writes", async () => {
    const hanging = new TestClock();
    const first = await instance(redis.url, { clock: hanging });
    await first.store.claim("kitchen");
    first.store.write("kitchen", "before");
    const second = await instance(redis.url);
    await second.store.claim("kitchen");
    const { claimed, awayMs } = await second.next("claimed");
    assert.equal(claimed, "before");
    assert.ok(awayMs >= 3_000, `${awayMs}`);
    first.store.write("kitchen", "too late");
    assert.deepEqual(await first.next("lost"), { lost: "kitchen" });
    second.store.release("kitchen");
    const third = await instance(redis.url);
    await third.store.claim("kitchen");
    assert.equal((await third.next("claimed")).claimed, "before");
  });

  it("stores what may wait with the next renewal, and at once with something that may not", async () => {
    const clock = new TestClock();
    const first = await instance(redis.url, { clock });
    const client = await createClient({ url: redis.url }).connect();
    const stored = async (name: string) => {
      // The second claim comes after what was stored before.
      await first.store.claim(name);
      await first.store.claim(`${name} 2`);
      const lengths = await Promise.all(
        (await client.keys("*conversation*")).map((key) => client.hStrLen(key, "data")),
      );
      return lengths.filter((length) => Number(length) > 0).length;
    };
    await Promise.all(["kitchen", "hall"].map((name) => first.store.claim(name)));
    for (const name of ["kitchen", "hall"]) first.store.write(name, "a newer handle", true);
    assert.equal(await stored("attic"), 0);
    first.store.write("hall", "a text");
    assert.equal(await stored("cellar"), 1);
    clock.advance(1_000);
    assert.equal(await stored("garden"), 2);
    client.destroy();
  });

  it("rejects a claim with an error that says what to do when the owner does not hand over", async () => {
    const first = await instance(redis.url);
    await first.store.claim("kitchen");
    const second = await instance(redis.url);
    await assert.rejects(second.store.claim("kitchen")!, {
      code: "GEMINI_ELSEWHERE",
      message: /"kitchen" takes place in another Node-RED.*Send its messages there/,
    });
    assert.equal(second.store.owns("kitchen"), false);
  });

  it("shows neither session keys nor what was said, and lets it expire within two hours", async () => {
    const first = await instance(redis.url);
    await first.store.claim("+49 30 1234567");
    first.store.write("+49 30 1234567", { said: "my secret is a duck" });
    await first.store.close();
    const all = await contents(redis.url);
    assert.match(all, /gemini-live:conversation:/);
    assert.doesNotMatch(all, /1234567|duck|secret|session/);
    const client = await createClient({ url: redis.url }).connect();
    const [key] = await client.keys("*");
    const ttl = await client.pTTL(key!);
    client.destroy();
    assert.ok(ttl > 7_100_000 && ttl <= 7_200_000, `${ttl}`);
  });

  it("keeps conversations apart that have another live session or another secret", async () => {
    const first = await instance(redis.url);
    await first.store.claim("kitchen");
    first.store.write("kitchen", "mine");
    for (const more of [{ node: "other" }, { secret: "another secret" }]) {
      const other = await instance(redis.url, more);
      await other.store.claim("kitchen");
      assert.equal((await other.next("claimed")).claimed, undefined);
    }
  });

  it("stores everything again after Redis was away and has lost it: that is told once, and no conversation is lost", async () => {
    const port = Number(new URL(redis.url).port);
    const first = await instance(redis.url);
    await first.store.claim("kitchen");
    first.store.write("kitchen", "before");
    await redis.stop();
    await first.next("health");
    first.store.write("kitchen", "meanwhile");
    redis = await startRedis([], port);
    assert.equal((await first.next("health")).health, "well");
    await first.store.close();
    assert.equal(first.told.items.filter((each) => "health" in each).length, 2);
    assert.equal(
      first.told.items.some((each) => "lost" in each),
      false,
    );
    const second = await instance(redis.url);
    await second.store.claim("kitchen");
    assert.equal((await second.next("claimed")).claimed, "meanwhile");
  });

  it("renews the leases of all conversations in a few scripts, also of more than it renews in one", async () => {
    const clock = new TestClock();
    const first = await instance(redis.url, { clock });
    const names = Array.from({ length: 120 }, (_, n) => `room ${n}`);
    await Promise.all(names.map((name) => first.store.claim(name)));
    const client = await createClient({ url: redis.url }).connect();
    const ends = async () => {
      const keys = await client.keys("*conversation*");
      return Promise.all(keys.map(async (key) => Number(await client.hGet(key, "ends"))));
    };
    const before = Math.max(...(await ends()));
    await client.configResetStat();
    clock.advance(1_000);
    let least = before;
    while (least <= before) least = Math.min(...(await ends()));
    const { calls } = /evalsha:calls=(?<calls>\d+)/.exec(await client.info("commandstats"))!.groups!;
    client.destroy();
    assert.equal(Number(calls), 3);
  });

  it("stores what Redis refuses as soon as it takes it, for example when it has memory again", async () => {
    const client = await createClient({ url: redis.url }).connect();
    const first = await instance(redis.url);
    await first.store.claim("kitchen");
    await client.configSet("maxmemory", "1");
    first.store.write("kitchen", "meanwhile");
    // This claim is refused, too, and after what was written.
    await first.store.claim("hall");
    assert.match((await first.next("health")).health, /OOM/);
    await client.configSet("maxmemory", "0");
    client.destroy();
    assert.equal((await first.next("health")).health, "well");
    await first.store.close();
    const second = await instance(redis.url);
    await second.store.claim("kitchen");
    assert.equal((await second.next("claimed")).claimed, "meanwhile");
  });

  it("lets a conversation begin while Redis is missing, and keeps it as soon as Redis is there", async () => {
    const port = await freePort();
    const url = `redis://127.0.0.1:${port}`;
    const first = await instance(url);
    await first.store.claim("kitchen");
    assert.match((await first.next("health")).health, /ECONNREFUSED/);
    first.store.write("kitchen", "from the beginning");
    await startRedis([], port);
    assert.equal((await first.next("health")).health, "well");
    await first.store.close();
    const second = await instance(url);
    await second.store.claim("kitchen");
    assert.equal((await second.next("claimed")).claimed, "from the beginning");
  });

  it("lets a conversation begin when Redis does not answer", async () => {
    const first = await instance(redis.url);
    await first.store.claim("kitchen");
    redis.pause();
    await first.store.claim("hall");
    assert.match((await first.next("health")).health, /Redis has not answered for 1000 ms/);
    redis.continue();
    assert.equal((await first.next("health")).health, "well");
  });

  it("continues a conversation also when Redis takes more than a second to say what is stored", async () => {
    const first = await instance(redis.url);
    await first.store.claim("kitchen");
    first.store.write("kitchen", "before");
    await first.store.close();
    const second = await instance(redis.url);
    await second.store.claim("hall");
    redis.pause();
    const claim = second.store.claim("kitchen");
    assert.match((await second.next("health")).health, /Redis has not answered/);
    redis.continue();
    await claim;
    assert.equal((await second.next("claimed")).claimed, "before");
  });

  it("takes user and password, and a certificate of one's own", async () => {
    const port = await freePort();
    await startRedis("--user talker on >a-password ~* &* +@all --user default off".split(" "), port);
    const refused = await instance(`redis://127.0.0.1:${port}`);
    await refused.store.claim("kitchen");
    assert.match((await refused.next("health")).health, /NOAUTH|Authentication|HELLO/i);
    const front = await opened(startTls(`http://127.0.0.1:${port}`));
    const first = await instance("", {
      address: {
        url: front.url.replace("https", "rediss"),
        username: "talker",
        password: "a-password",
        tls: { ca: front.ca },
      },
    });
    await first.store.claim("kitchen");
    await first.next("claimed");
    assert.deepEqual(
      first.told.items.filter((each) => "health" in each),
      [],
    );
  });

  it("waits for nothing when a claim is already under way: all messages get the same answer", async () => {
    const first = await instance(redis.url);
    const order = deferred<string[]>();
    const seen: string[] = [];
    for (const name of ["one", "two"])
      first.store.claim("kitchen")!.then(() => {
        if (seen.push(name) === 2) order.resolve(seen);
      });
    assert.deepEqual(await order.promise, ["one", "two"]);
    assert.equal(first.told.items.length, 1);
  });

  it("has one owner of a conversation also when Redis loses everything, and another instance claims it at that moment", async () => {
    const [first, second] = [await instance(redis.url), await instance(redis.url)];
    await first.store.claim("kitchen");
    const client = await createClient({ url: redis.url }).connect();
    await client.flushAll();
    client.destroy();
    await second.store.claim("kitchen");
    assert.deepEqual(await first.next("lost"), { lost: "kitchen" });
    assert.equal(first.store.owns("kitchen"), false);
    assert.equal(second.store.owns("kitchen"), true);
  });

  it("has one owner of a conversation that began here without Redis while another instance had it: that one hands it over", async () => {
    const relay = relayTo(redis.url, await freePort());
    const [first, second] = [await instance(redis.url), await instance(relay.url)];
    await first.store.claim("kitchen");
    await second.store.claim("kitchen");
    assert.match((await second.next("health")).health, /ECONNREFUSED/);
    second.store.write("kitchen", "what was said here");
    await relay.open();
    (await first.next("asked")).handOver();
    assert.equal((await second.next("health")).health, "well");
    await second.store.close();
    const third = await instance(redis.url);
    await third.store.claim("kitchen");
    assert.equal((await third.next("claimed")).claimed, "what was said here");
  });

  it("asks a Redis that refuses one conversation a few times, lets it begin, keeps the others, and says so once", async () => {
    const clock = new TestClock();
    const client = await createClient({ url: redis.url }).connect();
    const before = await instance(redis.url);
    await before.store.claim("kitchen");
    await before.store.close();
    await client.set((await client.keys("*"))[0]!, "a text of somebody else");
    const first = await instance(redis.url, { clock });
    await first.store.claim("hall");
    await client.configResetStat();
    await clock.during(first.store.claim("kitchen")!);
    const { failed_calls: refusals } = /evalsha:.*failed_calls=(?<failed_calls>\d+)/.exec(
      await client.info("commandstats"),
    )!.groups!;
    assert.ok(Number(refusals) < 25, `${refusals} refusals`);
    client.destroy();
    for (const name of ["attic", "cellar", "garden", "garage"]) {
      clock.advance(1_000);
      // Redis answers in order: the renewals are done, too.
      await first.store.claim(name);
      await first.store.claim(`${name} 2`);
    }
    assert.equal(first.told.items.filter((each) => "health" in each).length, 1);
  });

  it("hears other instances also when the connection to Redis broke while it was made", async () => {
    let isCut = false;
    const relay = relayTo(redis.url, await freePort(), (sent) => {
      const cuts = !isCut && /subscribe/i.test(sent);
      isCut ||= cuts;
      return cuts;
    });
    await relay.open();
    const [first, second] = [await instance(relay.url), await instance(redis.url)];
    await first.store.claim("kitchen");
    const claiming = second.store.claim("kitchen");
    (await first.next("asked")).handOver();
    await claiming;
    assert.equal(isCut, true);
  });

  it("says so when it may not use the channels on which other instances ask for a conversation", async () => {
    const port = await freePort();
    await startRedis("--user talker on >a-password ~* +@all resetchannels".split(" "), port);
    const address = { url: `redis://127.0.0.1:${port}`, username: "talker", password: "a-password" };
    const first = await instance("", { address });
    await first.store.claim("kitchen");
    assert.match((await first.next("health")).health, /NOPERM.*channels/);
  });
});
