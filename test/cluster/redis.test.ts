// Devices talk through the example cluster while Redis is slow, is gone, or one instance is cut off from it.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis } from "../redis-server";
import { DEVICES, describeCluster, SEED, startCluster } from "./cluster";
import type { Told } from "./device";
import { Talk } from "./talk";

/** Milliseconds for which Redis is slow or gone. */
const AWAY_MS = 1_000 * Number(process.env.CLUSTER_SECONDS ?? 6);
/** Milliseconds by which it is slow. */
const SLOW_MS = 500;

describeCluster("devices that talk through three instances", () => {
  it("lose no call, no text and no tool while Redis is slow, which delays no sound, and while it is gone and comes back empty", async function () {
    this.timeout(240_000 + 2 * AWAY_MS);
    const cluster = await startCluster(true);
    const talk = new Talk(cluster, DEVICES, SEED);
    await talk.begin();
    for (const { redis } of cluster.instances) redis!.delayMs = SLOW_MS / 2;
    const slowSince = Date.now();
    await sleep(AWAY_MS);
    const pauses = talk.devices
      .flatMap(({ pauses }) => pauses.flatMap(({ at, ms }) => (at > slowSince ? [ms] : [])))
      .sort((a, b) => a - b);
    const most = pauses[Math.floor(0.9 * pauses.length)]!;
    assert.ok(most < SLOW_MS / 2, `sound waits for Redis: of its pauses, 10 % are longer than ${most} ms`);
    for (const { redis } of cluster.instances) redis!.delayMs = 0;
    await cluster.redis.stop();
    await sleep(AWAY_MS);
    await startRedis([], Number(new URL(cluster.redis.url).port));
    await sleep(1_000);
    await talk.finish();
    assert.deepEqual(talk.check(), []);
    const { conversations } = cluster.simulator;
    assert.ok(
      conversations.every(({ open, connections }) => open && connections === 1),
      "a call has ended",
    );

    // It has everything again.
    const killed = cluster.instances[SEED % 3]!;
    const moving = talk.devices.filter(({ instance }) => instance === killed.name);
    await killed.kill();
    await Promise.all(moving.map((device) => talk.isAnswered(device)));
    assert.deepEqual(talk.check(), []);
  });

  it("have one owner each when an instance is cut off from Redis: it keeps those whose devices stay, and lets the others go when it is back", async function () {
    this.timeout(240_000);
    const cluster = await startCluster(true);
    const talk = new Talk(cluster, 12, SEED);
    await talk.begin();
    const cut = cluster.instances[SEED % 3]!;
    const own = talk.devices.filter(({ instance }) => instance === cut.name);
    const leaving = own.filter(({ way }) => way === "socket");
    assert.ok(leaving.length > 0 && leaving.length < own.length, `${leaving.length} of ${own.length}`);
    cut.redis!.isCut = true;
    await cluster.command(`set server instances/${cut.name} state drain`);
    for (const device of leaving) device.drop();
    // Longer than its leases.
    await sleep(5_000);
    cut.redis!.isCut = false;
    await talk.finish();
    await Promise.all(talk.devices.map((device) => talk.isAnswered(device)));
    const isRefused = ({ instance, attempt = 0 }: Told) => instance !== cut.name && attempt > 1;
    for (const device of leaving) {
      assert.notEqual(device.instance, cut.name);
      assert.ok(device.told.items.some(isRefused), `${device.name} had two owners`);
    }
    for (const device of own) if (!leaving.includes(device)) assert.equal(device.instance, cut.name);
    assert.deepEqual(talk.check(leaving), []);
  });
});
