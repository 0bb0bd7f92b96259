// Odd messages, by the thousands: the nodes for sound report errors, and nothing is left unhandled.

import assert from "node:assert/strict";
import { randomBelow } from "../audio/tone";
import { cleanUp } from "../clean-up";
import { node } from "../flow-node";
import { onlyPrograms } from "../sound-programs";
import { Flow, type Msg } from "./flow";
import { runtime } from "./runtime";

const COUNT = 10_000;
const BATCH = 500;
const random = randomBelow(21);
const pick = <T>(choices: readonly T[]): T => choices[random(choices.length)]!;

/** A message of random properties, many of them of a wrong type or value. */
function oddMessage(): Msg {
  const bytes = Buffer.from(Array.from({ length: random(200) }, () => random(256)));
  const msg: Msg = {};
  const payloads = [bytes, bytes, bytes, bytes.toString("base64"), bytes.toString("latin1")];
  msg.payload = pick<unknown>([...payloads, null, undefined, 1, {}, [], true, Symbol.iterator, () => 1]);
  if (random(2))
    msg.mimeType = pick<unknown>([
      "audio/pcm",
      "audio/wav",
      "audio/pcmu",
      "audio/pcm;rate=7",
      "",
      4,
      null,
      {},
    ]);
  if (random(3) === 0) msg.session = pick<unknown>(["a", "b", 3, "", null, {}, [], "x".repeat(999)]);
  if (random(4) === 0)
    msg.seq = pick<unknown>([random(9), random(70_000), -1, 0.5, "6", null, {}, Number.NaN]);
  if (random(4) === 0) msg.turn = pick<unknown>([1, 2, "three", null, {}, Number.NaN]);
  if (random(5) === 0)
    msg.event = pick<unknown>([
      "interrupted",
      "turnComplete",
      "generationComplete",
      "playing",
      "played",
      5,
      null,
      {},
    ]);
  if (random(9) === 0)
    msg.action = pick<unknown>([
      ...["interrupt", "mute", "unmute", "disconnect", "reset", "start", "stop", "flush"],
      ...[5, null, {}],
    ]);
  return msg;
}

const SETTINGS: [type: string, properties: object][] = [
  ["gemini-audio-in", {}],
  ["gemini-audio-in", { format: "opus", gate: "pushToTalk", halfDuplex: true, levelMs: 500, frameMs: 200 }],
  ["gemini-audio-in", { format: "pcm", encoding: "f32be", channels: "3", gainDb: 12 }],
  ["gemini-audio-out", {}],
  ["gemini-audio-out", { format: "opus", pacing: "burst", base64: true }],
  [
    "gemini-audio-out",
    { format: "wav", pacing: "whole", flush: "bytes", flushTemplate: "{{turn:2}}{{seq:4}}" },
  ],
  ["gemini-loudspeaker", {}],
  ["gemini-microphone", {}],
];

for (const [type, properties] of SETTINGS)
  it(`${type} ${JSON.stringify(properties)} handles ${COUNT} odd messages, and then a good one`, async function () {
    this.timeout(180_000); // For each batch, the inbox has its own deadline.
    onlyPrograms({ aplay: "exec /bin/cat > /dev/null", arecord: "exec /bin/sleep 600" });
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", note);
    cleanUp(() => process.off("unhandledRejection", note));
    const flow = await Flow.start([
      node("odd", type, { endAfterMs: 0, ...properties }, [["out"], ["events"]]),
      node("out", "helper"),
      node("events", "helper"),
    ]);
    for (let batch = 1; batch <= COUNT / BATCH; batch++) {
      for (let i = 0; i < BATCH; i++) flow.send("odd", oddMessage());
      flow.send("odd", { payload: {}, session: `good ${batch}`, mark: batch });
      await flow.caught.next(({ mark }) => mark === batch);
      // The helper notes every call of a node, and each note takes longer than the one before.
      const { send, error } = runtime.getNode("odd");
      for (const calls of [send, error]) calls.resetHistory();
    }
    assert.deepEqual(unhandled, []);
  });
