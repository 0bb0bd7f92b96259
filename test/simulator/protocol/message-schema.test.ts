// The messages that the server refuses after the setup, and its words.

import assert from "node:assert/strict";
import { converse, MODEL, sound } from "../client";

const invalid = "Request contains an invalid argument.";
const flash = "models/gemini-3.1-flash-live-preview";
const native = "models/gemini-2.5-flash-native-audio-preview-12-2025";

const input = (realtimeInput: object) => ({ realtimeInput });
const turn = (role: string, ...parts: object[]) => ({
  clientContent: { turns: [{ role, parts }], turnComplete: true },
});
const manual = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
const explicit = "Explicit activity control is not supported when automatic activity detection is enabled.";
const image = (mimeType: string) => ({
  data: Buffer.from("no image at all, really not").toString("base64"),
  mimeType,
});

const messages: [what: string, message: object | string, reason: string, setup?: object][] = [
  ["a second setup", { setup: { model: MODEL } }, "setup must be the first message and only the first"],
  ["an empty frame", {}, invalid],
  ["no JSON later", "}", "Invalid JSON payload received. Unexpected token."],
  [
    "an unknown field",
    input({ media: {} }),
    `Invalid JSON payload received. Unknown name "media" at 'realtime_input': Cannot find field.`,
  ],
  [
    "scheduling that does not exist",
    { toolResponse: { functionResponses: [{ scheduling: "INTERRUPTED" }] } },
    `Invalid value at 'tool_response.function_responses[0].scheduling' (type.googleapis.com/google.ai.generativelanguage.v1beta.Scheduling), "INTERRUPTED"`,
  ],
  [
    "a turn without a role",
    { clientContent: { turns: [{ parts: [{ text: "hi" }] }], turnComplete: true } },
    "Please use a valid role: user, model.",
  ],
  ["a role that does not exist", turn("robot", { text: "hi" }), "Please use a valid role: user, model."],
  ["activityStart with automatic detection", input({ activityStart: {} }), explicit],
  ["activityEnd with automatic detection", input({ activityEnd: {} }), explicit],
  ["audioStreamEnd by hand", input({ audioStreamEnd: true }), invalid, manual],
  [
    "activityEnd without any sound",
    input({ activityStart: {}, activityEnd: {} }),
    "Cannot extract voices from a non-audio request.",
    manual,
  ],
  [
    "activityEnd without activityStart",
    input({ audio: sound(Buffer.alloc(640)), activityEnd: {} }),
    invalid,
    manual,
  ],
  [
    "mediaChunks",
    input({ mediaChunks: [sound(Buffer.alloc(640))] }),
    "realtime_input.media_chunks is deprecated. Use audio, video, or text instead.",
  ],
  ["half a sample", input({ audio: sound(Buffer.alloc(641)) }), invalid],
  [
    "sound that is no base64",
    input({ audio: { data: "?!", mimeType: "audio/pcm" } }),
    `Invalid value at 'realtime_input.audio.data' (TYPE_BYTES), Base64 decoding failed for "?!"`,
  ],
  ["sound of another kind", input({ audio: { data: "AAAA", mimeType: "audio/opus" } }), invalid],
  ["sound without a kind", input({ audio: { data: "AAAA" } }), invalid],
  ["an impossible rate", input({ audio: { data: "AAAA", mimeType: "audio/pcm;rate=3" } }), invalid],
  ["rubbish as a JPEG", input({ video: image("image/jpeg") }), invalid],
  ["rubbish as a PNG", input({ video: image("image/png") }), invalid],
  ["rubbish in the history", turn("user", { inlineData: image("image/png") }), invalid],
  ["a film", input({ video: image("video/mp4") }), invalid],
  ["clientContent on 3.1", turn("user", { text: "hi" }), invalid, { model: flash }],
];

describe("closes with the server's words on a message that has", () => {
  for (const [what, message, reason, setup] of messages)
    it(what, async () => {
      const { client, clock } = await converse(setup);
      client.send(message);
      assert.deepEqual(await client.closed, { code: 1007, reason: reason.slice(0, 123) });
      assert.equal(clock.waiting, 0);
    });
});

it("2.5 accepts a turn of clientContent without a role", async () => {
  const { client } = await converse({ model: "models/gemini-2.5-flash-native-audio-preview-12-2025" });
  client.send({ clientContent: { turns: [{ parts: [{ text: "hi" }] }], turnComplete: true } });
  await client.pass(20_000);
  assert.match(client.said, /Echo: hi$/);
});

it("2.5 accepts mediaChunks", async () => {
  const { client } = await converse({ model: native });
  client.send(input({ mediaChunks: [sound(Buffer.alloc(640))] }));
  await client.settled();
  assert.equal(client.socket.readyState, client.socket.OPEN);
});
