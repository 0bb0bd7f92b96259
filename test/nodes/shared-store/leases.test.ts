// Many leases that are renewed in one step: what happens to one of them meanwhile.

import assert from "node:assert/strict";
import { createClient } from "redis";
import { opened } from "../../clean-up";
import { TestClock } from "../../clock";
import { Inbox } from "../../inbox";
import { freePort } from "../../plain-node-red";
import { type RedisServer, startRedis } from "../../redis-server";
import { describeWithPrograms } from "../../sound-programs";
import { instance, relayTo } from "./store-instance";

describeWithPrograms(["redis-server"], "leases that are renewed together", () => {
  let redis: RedisServer;
  /** The scripts on their way to Redis. */
  let scripts: Inbox<string>;
  let onScript = () => {};
  let relay: ReturnType<typeof relayTo>;
  beforeEach(async () => {
    redis = await startRedis();
    scripts = new Inbox();
    onScript = () => {};
    relay = relayTo(redis.url, await freePort(), (sent) => {
      for (const script of sent.match(/evalsha/gi) ?? []) {
        scripts.push(script);
        onScript();
      }
      return false;
    });
  });

  it("are renewed at the same time, also more of them than one step has, when Redis is slow", async () => {
    await relay.open();
    const clock = new TestClock();
    const first = await instance(relay.url, { clock });
    await Promise.all(Array.from({ length: 120 }, (_, n) => first.store.claim(`room ${n}`)));
    const before = scripts.items.length;
    redis.pause();
    clock.advance(1_000);
    while (scripts.items.length < before + 3) await scripts.next();
    redis.continue();
  });

  it("of one that is released and claimed again are in this order, although a step for another one runs", async () => {
    await relay.open();
    const first = await instance(relay.url);
    await Promise.all(["kitchen", "hall"].map((name) => first.store.claim(name)));
    first.store.write("kitchen", "before");
    await first.store.claim("attic");
    redis.pause();
    const running = scripts.items.length;
    first.store.write("hall", "anything");
    while (scripts.items.length === running) await scripts.next();
    first.store.write("kitchen", "after");
    first.store.release("kitchen");
    const claim = first.store.claim("kitchen");
    redis.continue();
    await claim;
    const claimed = first.told.items.flatMap((told) => ("claimed" in told ? [told.claimed] : []));
    assert.equal(claimed.at(-1), "after");
  });

  it("end with all that is stored when one that began without Redis is released while Redis grants it", async () => {
    const first = await instance(relay.url);
    await first.store.claim("kitchen");
    first.store.write("kitchen", "said without Redis");
    onScript = () => first.store.release("kitchen");
    await relay.open();
    await scripts.next();
    await first.store.close();
    const client = await opened(createClient({ url: redis.url }).connect());
    const [key] = await client.keys("*conversation*");
    assert.equal(await client.hGet(key!, "owner"), "");
    const second = await instance(redis.url);
    await second.store.claim("kitchen");
    assert.equal((await second.next("claimed")).claimed, "said without Redis");
  });
});
