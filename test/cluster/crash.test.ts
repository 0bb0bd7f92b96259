// Devices talk through the example cluster while an instance crashes.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { DEVICES, describeCluster, SEED, startCluster } from "./cluster";
import { Talk } from "./talk";

describeCluster("devices that talk through three instances", () => {
  it("lose no call when one instance is killed: each continues elsewhere within 5 s, no text is lost or doubled, no tool runs twice, and the flow is told of the gap", async function () {
    this.timeout(240_000);
    const cluster = await startCluster();
    const talk = new Talk(cluster, DEVICES, SEED);
    await talk.begin();
    await sleep(3_000 + (SEED % 10) * 100);
    await talk.end(cluster.instances[SEED % 3]!, "kill");
    await sleep(2_000);
    await talk.finish();
    assert.deepEqual(talk.check(), []);
  });
});
