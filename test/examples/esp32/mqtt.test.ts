// The example flow with devices over MQTT, in a real Node-RED and with mosquitto as the broker.

import assert from "node:assert/strict";
import type { MqttClient } from "mqtt";
import { Inbox } from "../../inbox";
import { describeWithPrograms } from "../../sound-programs";
import { silence, speech } from "../../speech";
import {
  assertFrames,
  assertInterrupted,
  type Device,
  deployExample,
  hears,
  interruptWith,
  isPlayed,
  type Message,
  question,
  soundOf,
} from "./device";
import { connectClient, startMosquitto } from "./mosquitto";
import {
  assertPlayed,
  bytesOf,
  compiledSketch,
  played,
  plays,
  recorded,
  type SketchRecord,
  topicsOf,
} from "./sketch";

interface MqttDevice extends Device {
  client: MqttClient;
  /** All that is published below `voice/`. */
  published: Inbox<{ topic: string; data: Buffer }>;
}

/** Starts a broker, and the example that uses it. */
async function start() {
  const port = await startMosquitto();
  const example = await deployExample("esp32 over mqtt", (node) =>
    node.type === "mqtt-broker" ? { ...node, port: String(port) } : node,
  );
  const inputs = example.flow.filter(({ type }) => type === "mqtt in").map(({ id }) => id);
  for (const waiting = new Set(inputs); waiting.size; )
    waiting.delete(
      (await example.news.badges.next(({ node, fill }) => waiting.has(node) && fill === "green")).node,
    );
  const connect = async (name: string, topics = topicsNamed(name)): Promise<MqttDevice> => {
    const client = await connectClient(port, topics.status!);
    const messages = new Inbox<Message>();
    const published = new Inbox<{ topic: string; data: Buffer }>();
    client.on("message", (topic, data) => {
      published.push({ topic, data });
      if (topic === topics.speaker || topic === topics.control)
        messages.push({ isSound: topic === topics.speaker, data });
    });
    await client.subscribeAsync("voice/#");
    const say = (frames: Buffer[]) => {
      client.publish(topics.button!, "pressed");
      for (const frame of frames) client.publish(topics.mic!, frame);
      client.publish(topics.button!, "released");
    };
    return { client, messages, published, say };
  };
  return { ...example, connect };
}

const topicsNamed = (name: string): Record<string, string> =>
  Object.fromEntries(
    ["mic", "button", "status", "speaker", "control"].map((what) => [what, `voice/${name}/${what}`]),
  );

describeWithPrograms(["mosquitto"], "the example flow: ESP32 over MQTT", () => {
  it("answers after the button on the topics of the device, with sound on one and events on the other", async () => {
    const { nodeRed, connect } = await start();
    const device = await connect("kitchen");
    device.say(question);
    await device.messages.next(isPlayed);
    assert.ok(hears(device.messages.items));
    assertFrames(device.messages.items, 40);
    const topics = device.published.items.map(({ topic }) => topic);
    const count = (what: string) => topics.filter((topic) => topic.endsWith(what)).length;
    assert.equal(count("/mic"), question.length);
    assert.equal(count("/button"), 2);
    assert.deepEqual([...new Set(topics)].sort(), [
      "voice/kitchen/button",
      "voice/kitchen/control",
      "voice/kitchen/mic",
      "voice/kitchen/speaker",
    ]);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });

  it("hears nothing while the button is released", async () => {
    const { connect } = await start();
    const device = await connect("kitchen");
    for (const frame of question) await device.client.publishAsync("voice/kitchen/mic", frame);
    device.say(question);
    await device.messages.next(isPlayed);
    assert.ok(hears(device.messages.items));
    // The half second before the press, the question and its pause: not the question before it.
    assert.ok(soundOf(device.messages.items).length < 48 * 4_500, "it heard the sound before the press");
  });

  it("flushes a device when its button is pressed during an answer, and sends nothing more of that answer", async () => {
    const { connect } = await start();
    assertInterrupted(await interruptWith(await connect("kitchen"), question));
  });

  it("serves two devices at once, each on its own topics", async () => {
    const { connect } = await start();
    const hall = await connect("hall");
    const kitchen = await connect("kitchen");
    hall.say(question);
    await hall.messages.next(isPlayed);
    assert.ok(hears(hall.messages.items));
    assert.deepEqual(kitchen.messages.items, []);
    kitchen.say(question);
    hall.say(question);
    await Promise.all([kitchen.messages.next(isPlayed), hall.messages.next(isPlayed)]);
    assert.ok(hears(kitchen.messages.items));
    assert.equal(hall.messages.items.filter(isPlayed).length, 2);
    assert.equal(kitchen.messages.items.filter(isPlayed).length, 1);
  });

  it("ends the conversation of a device that is lost, by its last will, and sends it no more sound", async () => {
    const { shows, connect } = await start();
    const other = await connect("hall");
    const device = await connect("kitchen");
    device.say(question);
    await device.messages.next(({ isSound }) => isSound);
    device.client.stream.destroy();
    await other.published.next(({ topic }) => topic === "voice/kitchen/status");
    await other.published.next(({ data }) => data.toString() === "flush");
    await shows("closed");
    const sounds = () =>
      other.published.items.filter(({ topic }) => topic === "voice/kitchen/speaker").length;
    const before = sounds();
    // The other device's turn takes longer than the rest of the first one's would.
    other.say(question);
    await other.messages.next(isPlayed);
    assert.equal(sounds(), before);
  });
});

describeWithPrograms(["g++", "mosquitto"], "the ESP32 sketch over MQTT, on this machine", () => {
  const run = compiledSketch();

  it("uses the topics of the flow, sends what its microphone hears, and plays only its own answers", async () => {
    const { connect } = await start();
    const topics = topicsOf(run, "kitchen");
    assert.deepEqual(topics, topicsNamed("kitchen"));
    const device = await connect("kitchen", topics);
    const messages = await interruptWith(device, recorded(run, Buffer.concat([speech, silence(1_000)])));
    assertInterrupted(messages);
    const recordOf = ({ isSound, data }: Message): SketchRecord => [
      "q",
      Buffer.concat([Buffer.from(`${isSound ? topics.speaker : topics.control}\0`), data]),
    ];
    const [, second, ...more] = played(run, device.messages.items, recordOf);
    assert.deepEqual(more, []);
    assertPlayed(second!, soundOf(messages.after));
    const others = device.messages.items.map(recordOf);
    const heard = run([...others, plays(400)], "hall");
    assert.ok(
      bytesOf(heard, "p")[0]!.every((byte) => byte === 0),
      "another device plays it",
    );
  });
});
