// Where the sockets and messages of devices go in the example cluster.

import assert from "node:assert/strict";
import { type Cluster, describeCluster, startCluster } from "./cluster";
import { Device, type Told, type Way } from "./device";

const WAYS: Way[] = ["socket", "MQTT 3.1.1", "MQTT 5"];

const isHello = ({ event }: Told) => event === "hello";
const isAnswer = (id: string) => (told: Told) =>
  told.event === "text" && told.role === "model" && told.text!.includes(id);

describeCluster("the example cluster", () => {
  let cluster: Cluster;
  let devices: Device[];

  const started = async (way: Way, count: number) => {
    const more = Array.from(
      { length: count },
      (_, n) => new Device(`${way.replaceAll(/\W+/g, "-")}-${n}`, way, cluster),
    );
    for (const device of more) await device.start();
    devices.push(...more);
    return more;
  };
  const asks = (device: Device, text = "hello") => {
    const id = device.say(text);
    return device.told.next(isAnswer(id), `the answer to ${id}`);
  };
  /** Each device has one conversation, in which each of its texts is once. */
  const assertSaid = () => {
    const said = cluster.simulator.conversations.map(({ context }) =>
      context.filter(({ role }) => role === "user").map(({ text }) => text),
    );
    const wanted = devices.map(({ ids }) => ids.map((id) => `[${id}] hello`));
    assert.deepEqual(said.sort(), wanted.sort());
  };

  beforeEach(async function () {
    this.timeout(120_000);
    devices = [];
    cluster = await startCluster();
  });

  it("takes devices by socket, MQTT 3.1.1 and MQTT 5, spreads those by MQTT, and leads a socket back to where it was", async function () {
    this.timeout(120_000);
    for (const way of WAYS) {
      const some = await started(way, 3);
      const answers = await Promise.all(some.map((device) => asks(device)));
      for (const [n, device] of some.entries()) {
        assert.equal(answers[n]!.instance, device.instance);
        assert.ok(device.soundBytes > 24_000, `${device.name} got ${device.soundBytes} bytes of sound`);
      }
      if (way !== "socket") assert.equal(new Set(some.map(({ instance }) => instance)).size, 3, way);
    }
    for (const device of devices.slice(0, 3)) {
      const before = device.instance;
      device.drop();
      assert.equal((await device.told.next(isHello, "a hello")).instance, before);
      await asks(device);
    }
    assert.equal(cluster.simulator.conversations.length, devices.length);
    assert.ok(cluster.simulator.conversations.every(({ connections }) => connections === 1));
    for (const { output, name } of cluster.instances)
      assert.doesNotMatch(output(), /\[error\]|not kept/, `${name}: ${output()}`);
  });

  it("moves the devices of an instance that is drained or ends, and their conversations with them", async function () {
    this.timeout(120_000);
    for (const way of WAYS) await started(way, 3);
    await Promise.all(devices.map((device) => asks(device)));
    const [socket] = devices;
    const { instance } = socket!;
    await cluster.command(`set server instances/${instance} state drain`);
    assert.equal((await asks(socket!)).instance, instance, "an open socket was closed");
    socket!.drop();
    const elsewhere = await socket!.told.next(isHello, "a hello");
    assert.notEqual(elsewhere.instance, instance);
    assert.equal((await asks(socket!)).instance, elsewhere.instance);
    await cluster.command(`set server instances/${instance} state ready`);

    const ending = cluster.instances.find(({ name }) => name === elsewhere.instance)!;
    const moving = devices.filter((device) => device.instance === ending.name);
    const stopped = ending.stop();
    for (const device of moving) {
      const { instance } = await device.told.next(isHello, `a hello to ${device.name}`);
      assert.notEqual(instance, ending.name);
    }
    await Promise.all(devices.map((device) => asks(device)));
    await stopped;
    assertSaid();
  });
});
