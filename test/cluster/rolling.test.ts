// Devices talk through the example cluster while its instances are updated, one after the other.

import assert from "node:assert/strict";
import { DEVICES, describeCluster, SEED, startCluster } from "./cluster";
import type { Told } from "./device";
import { Talk } from "./talk";

describeCluster("devices that talk through three instances", () => {
  it("lose nothing in a rolling update: no call and no text is lost or doubled, no tool runs twice", async function () {
    this.timeout(400_000);
    const cluster = await startCluster();
    const talk = new Talk(cluster, DEVICES, SEED);
    await talk.begin();
    for (const instance of cluster.instances) {
      const moving = talk.devices.filter((device) => device.instance === instance.name);
      const endedAt = Date.now();
      await instance.stop();
      await instance.start();
      await cluster.isUp(instance);
      const isElsewhere = (told: Told) => told.event === "hello" && told.instance !== instance.name;
      await Promise.all(moving.map((device) => device.hears(isElsewhere, "a hello elsewhere", endedAt)));
    }
    await talk.end();
    assert.deepEqual(talk.check(), []);
  });
});
