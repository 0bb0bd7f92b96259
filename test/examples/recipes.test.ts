// The recipes of the README for devices: over a WebSocket and over MQTT.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Aedes } from "aedes";
import { WebSocket } from "ws";
import { cleanUp } from "../clean-up";
import { node } from "../flow-node";
import { Inbox } from "../inbox";
import { listenAsEditor, post, startNodeRed } from "../node-red";
import { chunksOf, correlation, silence, speech } from "../speech";

/** What a device sends: speech in frames of 40 ms, and a pause. */
const frames = [...chunksOf(Buffer.concat([speech, silence(1_000)]), 1_280)];
const TAB = [
  { id: "tab", type: "tab", label: "recipe" },
  { id: "connection", type: "gemini-live-config", server: "simulator" },
];
const isTurnComplete = (text: string) => JSON.parse(text).event === "turnComplete";

/** Deploys the flow of a recipe, and waits until its live session is ready. */
async function deploy(flow: object[]) {
  const nodeRed = await startNodeRed();
  cleanUp(() => nodeRed.stop());
  const news = await listenAsEditor(nodeRed.url);
  cleanUp(() => news.close());
  await post(nodeRed, "/flows", [...TAB, ...flow]);
  await news.badges.next(({ node }) => node === "session");
  return { nodeRed, news };
}

describe("a recipe of the README", () => {
  it("ESP32 over WebSocket: the device hears the answer, and its conversation ends when it disconnects", async () => {
    const { nodeRed, news } = await deploy([
      { id: "listener", type: "websocket-listener", path: "/device", wholemsg: "false" },
      node("in", "websocket in", { server: "listener" }, [["audio-in"]]),
      node("audio-in", "gemini-audio-in", {}, [["session"]]),
      node("session", "gemini-live-session", { connection: "connection" }, [["audio-out"], [], [], []]),
      node("audio-out", "gemini-audio-out", { sampleRate: "16000" }, [["out"], ["out"]]),
      node("out", "websocket out", { server: "listener" }),
      node("status", "status", { scope: ["in"] }, [["session"]]),
    ]);
    const device = new WebSocket(`${nodeRed.url.replace("http", "ws")}/device`);
    cleanUp(() => device.terminate());
    const sound: Buffer[] = [];
    const events = new Inbox<string>();
    device.on("message", (data: Buffer, isBinary) =>
      isBinary ? sound.push(data) : events.push(data.toString()),
    );
    await once(device, "open");
    for (const frame of frames) device.send(frame);
    await events.next(isTurnComplete);
    assert.ok(correlation(speech, 16_000, Buffer.concat(sound), 16_000) > 0.9);
    device.close();
    await news.badges.next(({ node, text }) => node === "session" && text === "closed");
  });

  it("ESP32 over MQTT: every device has its own conversation, by the topic", async () => {
    const broker = await Aedes.createBroker();
    const server = createServer(broker.handle).listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanUp(async () => {
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await new Promise((resolve) => server.close(resolve));
    });
    const published = new Inbox<{ topic: string; payload: Buffer }>();
    broker.on("publish", ({ topic, payload }) => published.push({ topic, payload: Buffer.from(payload) }));
    const change = (property: string, to: string) => ({
      rules: [{ t: "set", p: property, pt: "msg", to, tot: "jsonata" }],
    });
    const { news } = await deploy([
      {
        id: "broker",
        type: "mqtt-broker",
        broker: "127.0.0.1",
        port: String((server.address() as AddressInfo).port),
        autoConnect: true,
        protocolVersion: "4",
        keepalive: "60",
        cleansession: true,
      },
      node("in", "mqtt in", { broker: "broker", topic: "voice/+/mic", qos: "0", datatype: "buffer" }, [
        ["key"],
      ]),
      node("key", "change", change("session", '$split(topic, "/")[1]'), [["audio-in"]]),
      node("audio-in", "gemini-audio-in", {}, [["session"]]),
      node("session", "gemini-live-session", { connection: "connection" }, [["audio-out"], [], [], []]),
      node("audio-out", "gemini-audio-out", { frameMs: 40 }, [["speaker"], ["events"]]),
      node("speaker", "change", change("topic", '"voice/" & session & "/speaker"'), [["out"]]),
      node("events", "change", change("topic", '"voice/" & session & "/events"'), [["out"]]),
      node("out", "mqtt out", { broker: "broker", topic: "", qos: "0" }),
    ]);
    await news.badges.next(({ node, fill }) => node === "in" && fill === "green");
    for (const device of ["hall", "kitchen"])
      for (const payload of frames)
        broker.publish(
          { cmd: "publish", topic: `voice/${device}/mic`, payload, qos: 0, retain: false, dup: false },
          () => {},
        );
    // The devices may finish in either order.
    const finished = new Set<string>();
    while (finished.size < 2) {
      const { topic } = await published.next(
        ({ topic, payload }) => topic.endsWith("/events") && isTurnComplete(payload.toString()),
      );
      finished.add(topic);
    }
    for (const device of ["hall", "kitchen"]) {
      const heard = published.items.filter(({ topic }) => topic === `voice/${device}/speaker`);
      const answer = Buffer.concat(heard.map(({ payload }) => payload));
      assert.ok(correlation(speech, 16_000, answer, 24_000) > 0.9, device);
    }
  });
});
