// The example flow with devices over a WebSocket, in a real Node-RED.

import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";
import { cleanUp } from "../../clean-up";
import { Inbox } from "../../inbox";
import type { NodeRed } from "../../node-red";
import { describeWithPrograms } from "../../sound-programs";
import { correlation, silence, speech } from "../../speech";
import {
  assertFrames,
  assertInterrupted,
  type Device,
  deployExample,
  hears,
  interruptWith,
  isFlush,
  isPlayed,
  type Message,
  question,
  soundOf,
} from "./device";
import { assertPlayed, compiledSketch, played, recorded, type SketchRecord } from "./sketch";

const EXAMPLE = "esp32 over websocket";

async function connect({ url }: NodeRed): Promise<Device & { socket: WebSocket }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/device`);
  cleanUp(() => socket.terminate());
  const messages = new Inbox<Message>();
  socket.on("message", (data: Buffer, isSound) => messages.push({ isSound, data }));
  await once(socket, "open");
  return { socket, messages, say: (frames) => frames.forEach((frame) => void socket.send(frame)) };
}

describe("the example flow: ESP32 over WebSocket", () => {
  it("answers a device in its frames, and ends the conversation when the device disconnects", async () => {
    const { nodeRed, shows } = await deployExample(EXAMPLE);
    const device = await connect(nodeRed);
    device.say(question);
    await device.messages.next(isPlayed);
    assert.ok(hears(device.messages.items));
    assertFrames(device.messages.items, 20);
    device.socket.close();
    await shows("closed");
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });

  it("flushes a device when its user interrupts, and sends nothing more of that answer", async () => {
    const { nodeRed } = await deployExample(EXAMPLE);
    assertInterrupted(await interruptWith(await connect(nodeRed), question));
  });

  it("lets each of two devices hear its own answer only", async () => {
    const { nodeRed } = await deployExample(EXAMPLE);
    const hall = await connect(nodeRed);
    const kitchen = await connect(nodeRed);
    hall.say(question);
    await hall.messages.next(isPlayed);
    assert.ok(hears(hall.messages.items));
    assert.deepEqual(kitchen.messages.items, []);
    kitchen.say(question);
    await kitchen.messages.next(isPlayed);
    assert.ok(hears(kitchen.messages.items));
    assert.equal(hall.messages.items.filter(isPlayed).length, 1);
  });

  it("does not let the loudspeaker interrupt the model when it does not listen while speaking", async () => {
    const { nodeRed } = await deployExample(EXAMPLE, (node) =>
      node.type === "gemini-audio-in" ? { ...node, halfDuplex: true } : node,
    );
    const { messages, say } = await connect(nodeRed);
    say(question);
    await messages.next(({ isSound }) => isSound);
    say(question);
    await messages.next(isPlayed);
    assert.ok(hears(messages.items));
    assert.ok(!messages.items.some(isFlush));
  });
});

describeWithPrograms(["g++"], "the ESP32 sketch over a WebSocket, on this machine", () => {
  const run = compiledSketch();
  const recordOf = ({ isSound, data }: Message): SketchRecord => [isSound ? "b" : "s", data];

  it("sends what its microphone hears, plays the answer, and is silent at once when the user interrupts", async () => {
    const { nodeRed } = await deployExample(EXAMPLE);
    const device = await connect(nodeRed);
    const frames = recorded(run, Buffer.concat([speech, silence(1_000)]));
    const messages = await interruptWith(device, frames);
    assertInterrupted(messages);
    const [first, second, ...more] = played(run, device.messages.items, recordOf);
    assert.deepEqual(more, []);
    assert.ok(
      first!.length > 0 &&
        correlation(speech, 16_000, Buffer.concat([first!, Buffer.alloc(120_000)]), 24_000) < 0.9,
    );
    assertPlayed(second!, soundOf(messages.after));
  });
});
