// Turns with text and images: answers, context, interruptions and usage.

import assert from "node:assert/strict";
import { CHIME_MS } from "../../../simulator/output/speech-synthesis";
import { type Client, converse } from "../client";

const write = (text: string) => ({ realtimeInput: { text } });
const tell = (turnComplete: boolean, ...turns: [role: string, text: string][]) => ({
  clientContent: { turns: turns.map(([role, text]) => ({ role, parts: [{ text }] })), turnComplete },
});

/** Sends a message, and advances the clock to the end of the answer. */
async function answer(client: Client, message: object, ms = 20_000) {
  client.frames = [];
  client.send(message);
  await client.settled();
  client.clock.advance(ms);
  await client.settled();
}

const png = (width: number, height: number) => {
  const bytes = Buffer.alloc(33);
  bytes.write("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1");
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return { data: bytes.toString("base64"), mimeType: "image/png" };
};

const jpeg = (width: number, height: number) => {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  const hex = `ffd8ffe00010${"00".repeat(14)}ffffc400040100ffc2000b08${size.toString("hex")}03`;
  return { data: Buffer.from(`${hex}0000`, "hex").toString("base64"), mimeType: "image/jpeg" };
};

it("answers a text with a chime, a tone for each word and an echo in the transcript", async () => {
  const { client } = await converse();
  await answer(client, write("hello"));
  const oneWord = client.audio.length;
  assert.ok(oneWord > (CHIME_MS / 1000) * 48000);
  assert.equal(client.said, "This is the simulator's echo, not a model. Echo: hello");
  await answer(client, write("hello to all of you"));
  assert.equal(client.said, "Echo: hello to all of you");
  assert.ok(client.audio.length > oneWord);
});

it("sends an answer at the measured pace, and turnComplete at the end of playback", async () => {
  const { client } = await converse();
  const sent = client.clock.now();
  client.send(write("one two three four five six seven eight nine ten"));
  await client.run(6000);
  const chunks = client.frames.filter(({ kind }) => kind === "audio");
  const first = chunks[0]!.at;
  assert.equal(first - sent, 400);
  let bytes = 0;
  for (const { at, frame } of chunks) {
    assert.equal(at - first, Math.round(bytes / 320));
    bytes += Buffer.from(frame.serverContent!.modelTurn!.parts[0]!.inlineData!.data, "base64").length;
  }
  assert.equal(client.at("outputTranscription"), first);
  assert.equal(client.at("generationComplete"), chunks.at(-1)!.at + 30);
  const played = client.audio.length / 48;
  assert.ok(Math.abs(client.at("turnComplete")! - first - played) <= 1);
  const fragments = client.of("outputTranscription");
  assert.ok(fragments.length > 3);
  assert.equal(client.frames.at(-1)!.kind, "turnComplete");
});

it("extended thinking sends an interactionStatus with turnComplete", async () => {
  const { client } = await converse({ model: "models/gemini-3.8-live-extended-thinking" });
  await answer(client, write("hello"));
  assert.deepEqual(client.of("turnComplete")[0]!.serverContent, {
    turnComplete: true,
    interactionStatus: "IDLE",
  });
});

it("shortens a very long text in the echo", async () => {
  const { client } = await converse();
  await answer(client, write("all work and no play ".repeat(10_000)), 60_000);
  assert.ok(client.said.length < 1100);
  assert.match(client.said, /…$/);
  assert.equal(client.kinds.at(-1), "turnComplete");
});

it("sends transcription only if the setup has it", async () => {
  const { client } = await converse({ outputAudioTranscription: undefined });
  await answer(client, write("hello"));
  assert.deepEqual(client.kinds, ["audio", "generationComplete", "turnComplete"]);
});

it("turnComplete false adds turns to the context; turnComplete true answers the last question", async () => {
  const { client, simulator } = await converse({ systemInstruction: { parts: [{ text: "Be kind." }] } });
  await answer(client, tell(false, ["user", "my name is Ada"], ["model", "hello Ada"]));
  await answer(client, tell(false, ["user", "what is my name?"]));
  assert.deepEqual(client.frames, []);
  await answer(client, { clientContent: { turnComplete: true } });
  assert.match(client.said, /Echo: what is my name\?$/);
  assert.deepEqual(simulator.conversations[0]!.context.map(({ role, text }) => [role, text]).slice(0, 4), [
    ["system", "Be kind."],
    ["user", "my name is Ada"],
    ["model", "hello Ada"],
    ["user", "what is my name?"],
  ]);
});

it("does not answer seeded history; 3.1 refuses clientContent after it", async () => {
  const { client } = await converse({
    model: "models/gemini-3.1-flash-live-preview",
    historyConfig: { initialHistoryInClientContent: true },
  });
  await answer(client, tell(true, ["user", "my name is Ada"], ["model", "hello Ada"]));
  assert.deepEqual(client.frames, []);
  await answer(client, write("hello"));
  assert.match(client.said, /Echo: hello$/);
  client.send(tell(true, ["user", "more"]));
  assert.equal((await client.closed).code, 1007);
});

it("a text interrupts the answer after 16 ms", async () => {
  for (const second of [write("stop"), tell(true, ["user", "stop"])]) {
    const { client } = await converse();
    client.send(write("one two three four five six seven eight nine ten"));
    await client.run(480);
    assert.equal(client.kinds.includes("audio"), true);
    client.frames = [];
    const sent = client.clock.now();
    client.send(second);
    await client.run(6000);
    const kinds = client.frames
      .filter(({ at }) => at >= sent + 16 && at < sent + 400)
      .map(({ kind }) => kind);
    assert.deepEqual(kinds, ["interrupted", "turnComplete"]);
    assert.equal(client.at("interrupted"), sent + 16);
    assert.equal(client.at("turnComplete"), sent + 17);
    assert.equal(client.of("generationComplete").length, 1);
    assert.match(client.said, /Echo: stop$/);
    assert.equal(client.frames.find(({ kind, at }) => kind === "audio" && at > sent + 17)!.at, sent + 400);
  }
});

for (const [what, second] of [
  ["a text", write("second")],
  ["a clientContent", tell(true, ["user", "second"])],
] as const)
  it(`${what} that comes while the model is thinking gets a joint answer with the text before`, async () => {
    const { client } = await converse();
    client.send(write("first"));
    await client.run(100);
    await answer(client, second);
    assert.equal(client.of("interrupted").length, 0);
    assert.match(client.said, /Echo: first Echo: second$/);
    assert.equal(client.of("turnComplete").length, 1);
  });

it("clientContent with turnComplete false interrupts the answer", async () => {
  const { client } = await converse();
  client.send(write("one two three four five"));
  await client.run(1500);
  assert.equal(client.kinds.at(-1), "generationComplete");
  await answer(client, tell(false, ["user", "by the way"]));
  assert.deepEqual(client.kinds, ["interrupted", "turnComplete"]);
});

it("with NO_INTERRUPTION a real-time text waits for the end of the answer; clientContent interrupts", async () => {
  const { client } = await converse({ realtimeInputConfig: { activityHandling: "NO_INTERRUPTION" } });
  client.send(write("first"));
  await client.run(450);
  await answer(client, write("second"));
  assert.equal(client.of("interrupted").length, 0);
  assert.equal(client.of("turnComplete").length, 2);
  assert.match(client.said, /Echo: second$/);
  client.send(write("third"));
  await client.run(450);
  await answer(client, tell(true, ["user", "fourth"]));
  assert.equal(client.of("interrupted").length, 1);
});

it("adds images to the context, and mentions them once in the next answer", async () => {
  const { client, simulator } = await converse();
  await answer(client, { realtimeInput: { video: png(320, 200) } });
  await answer(client, { realtimeInput: { video: jpeg(640, 480) } });
  assert.deepEqual(client.frames, []);
  await answer(client, write("look"));
  assert.match(client.said, /Echo: look I have seen 2 images; the last was a JPEG of 640×480\.$/);
  await answer(client, write("again"));
  assert.equal(client.said, "Echo: again");
  const seen = simulator.conversations[0]!.context.filter(({ modality }) => modality === "IMAGE");
  assert.deepEqual(
    seen.map(({ text, tokens }) => [text, tokens]),
    [
      ["PNG 320×200", 258],
      ["JPEG 640×480", 258],
    ],
  );
  await answer(client, {
    clientContent: {
      turns: [{ role: "user", parts: [{ text: "this" }, { inlineData: png(8, 9) }] }],
      turnComplete: true,
    },
  });
  assert.match(client.said, /I have seen 3 images; the last was a PNG of 8×9\.$/);
});

it("bills every turn for the whole context, by modality", async () => {
  const { client } = await converse({ generationConfig: { mediaResolution: "MEDIA_RESOLUTION_LOW" } });
  await answer(client, { realtimeInput: { video: png(320, 200) } });
  await answer(client, write("12345678"));
  const [first] = client.of("turnComplete");
  const spoken = Math.round((client.audio.length / 48000) * 25);
  assert.deepEqual(first!.usageMetadata, {
    promptTokenCount: 66,
    responseTokenCount: spoken,
    totalTokenCount: 66 + spoken,
    promptTokensDetails: [
      { modality: "TEXT", tokenCount: 2 },
      { modality: "IMAGE", tokenCount: 64 },
    ],
    responseTokensDetails: [{ modality: "AUDIO", tokenCount: spoken }],
    thoughtsTokenCount: Math.ceil(client.said.length / 4),
  });
  await answer(client, write("1234"));
  const [second] = client.of("turnComplete");
  assert.equal(second!.usageMetadata!.promptTokenCount, 66 + spoken + 1);
  assert.deepEqual(second!.usageMetadata!.promptTokensDetails[1], { modality: "AUDIO", tokenCount: spoken });
});

it("bills an interrupted turn for the part that was sent", async () => {
  const { client } = await converse();
  client.send(write("one two three four five six seven eight nine ten"));
  await client.run(480);
  client.send(tell(false));
  await client.run(20);
  const [turn] = client.of("turnComplete");
  assert.equal(turn!.usageMetadata!.responseTokenCount, Math.round((client.audio.length / 48000) * 25));
});
