// Devices talk through the example cluster while its instances are updated, one after the other.

import assert from "node:assert/strict";
import { DEVICES, describeCluster, SEED, startCluster } from "./cluster";
import { Talk } from "./talk";

describeCluster("devices that talk through three instances", () => {
  it("lose nothing in a rolling update: no answer is cut, no call and no text is lost or doubled, no tool runs twice", async function () {
    this.timeout(400_000);
    const cluster = await startCluster();
    const talk = new Talk(cluster, DEVICES, SEED);
    await talk.begin();
    for (const instance of cluster.instances) {
      await talk.end(instance, "stop");
      await instance.start();
      await cluster.isUp(instance);
    }
    await talk.finish();
    assert.deepEqual(talk.check(), []);
  });
});
