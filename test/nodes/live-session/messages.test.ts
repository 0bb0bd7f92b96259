// What the Live server gets of the messages and settings of a live session.

import assert from "node:assert/strict";
import type { FarEnd } from "../../far-end";
import type { Inbox } from "../../inbox";
import { answering, event, type Flow, type Frame, type Msg, startSession, state } from "../flow";

const sound = (bytes: number) => Buffer.alloc(bytes, "so");

describe("a live session", () => {
  let flow: Flow;
  let farEnd: FarEnd;
  let frames: Inbox<Frame>;
  const start = async (properties: object = {}, answer: Parameters<typeof answering>[0] = () => {}) => {
    ({ flow, farEnd, frames } = await startSession(answering(answer), {}, properties));
  };
  const connect = async (msg: Msg = {}) => {
    flow.send("session", { ...msg, action: "connect" });
    await flow.at("events").next(state("connected"));
  };

  it("sends sound as 16 kHz, and of the rate that the mimeType names", async () => {
    await start();
    flow.send("session", { payload: sound(640) });
    flow.send("session", { payload: sound(320), mimeType: "audio/pcm;rate=8000" });
    const audio = async () => (await frames.next()).realtimeInput!.audio;
    assert.deepEqual(await audio(), {
      data: sound(640).toString("base64"),
      mimeType: "audio/pcm;rate=16000",
    });
    assert.deepEqual(await audio(), { data: sound(320).toString("base64"), mimeType: "audio/pcm;rate=8000" });
  });

  it("sends a text as a turn that wants an answer, and with turnComplete false as context", async () => {
    await start();
    flow.send("session", { payload: "it is raining", turnComplete: false });
    flow.send("session", { payload: "what is the weather?" });
    const turns = (text: string) => [{ role: "user", parts: [{ text }] }];
    assert.deepEqual((await frames.next()).clientContent, {
      turns: turns("it is raining"),
      turnComplete: false,
    });
    assert.deepEqual((await frames.next()).clientContent, {
      turns: turns("what is the weather?"),
      turnComplete: true,
    });
  });

  it("sends an array as history, and a Buffer with an image type as an image", async () => {
    await start();
    const history = [
      { role: "user", text: "My name is Ada." },
      { role: "model", text: "Hello Ada." },
    ];
    flow.send("session", { payload: history });
    flow.send("session", { payload: Buffer.from("\xff\xd8\xff image", "latin1"), mimeType: "image/jpeg" });
    assert.deepEqual((await frames.next()).clientContent, {
      turns: history.map(({ role, text }) => ({ role, parts: [{ text }] })),
      turnComplete: false,
    });
    const { data, mimeType } = (await frames.next()).realtimeInput!.video as Record<string, string>;
    assert.equal(mimeType, "image/jpeg");
    assert.equal(Buffer.from(data!, "base64").toString("latin1", 4), "image");
  });

  it("opens on connect, ends on disconnect, and begins a new conversation on reset", async () => {
    await start();
    await connect();
    flow.send("session", { action: "reset" });
    await flow.at("events").next(state("closed"));
    await flow.at("events").next(state("connected"));
    assert.equal(farEnd.requests.length, 2);
    flow.send("session", { action: "disconnect" });
    await flow.at("events").next(state("closed"));
    flow.send("session", { payload: "again" });
    await flow.at("events").next(state("connected"));
    assert.equal(farEnd.requests.length, 3);
  });

  it("does nothing on an action that has nothing to act on", async () => {
    await start();
    for (const action of ["disconnect", "interrupt", "audioStreamEnd"]) flow.send("session", { action });
    await connect();
    flow.send("session", { action: "interrupt" });
    flow.send("session", { payload: "hello" });
    assert.ok((await frames.next()).clientContent!.turnComplete);
    assert.deepEqual(flow.caught.items, []);
    assert.deepEqual(flow.all("events", event("interrupted")), []);
  });

  it("passes activityStart and activityEnd on with manual turn detection", async () => {
    await start({ turnDetection: "manual" });
    await connect();
    flow.send("session", { action: "activityStart" });
    flow.send("session", { payload: Buffer.alloc(640) });
    flow.send("session", { action: "activityEnd" });
    assert.deepEqual((await frames.next()).realtimeInput, { activityStart: {} });
    assert.ok((await frames.next()).realtimeInput?.audio);
    assert.deepEqual((await frames.next()).realtimeInput, { activityEnd: {} });
  });

  it("passes audioStreamEnd on with automatic turn detection", async () => {
    await start();
    await connect();
    flow.send("session", { action: "audioStreamEnd" });
    assert.deepEqual((await frames.next()).realtimeInput, { audioStreamEnd: true });
  });

  it("holds one conversation for each session key, each client and the rest", async () => {
    await start({}, (reply) => reply({ serverContent: { turnComplete: true } }));
    const client = { type: "websocket", id: "client-1" };
    for (const identity of [{ session: "kitchen" }, { session: 7 }, { _session: client }, {}])
      flow.send("session", { ...identity, payload: "hello" });
    for (let i = 0; i < 4; i++) await flow.at("events").next(event("turnComplete"));
    assert.equal(farEnd.requests.length, 4);
    const keys = flow.all("events", event("turnComplete")).map(({ session }) => session);
    assert.deepEqual(keys.sort(), ["7", "client-1", "default", "kitchen"]);
  });

  it("sends the settings of its dialog in the setup", async () => {
    await start({
      model: "models/gemini-2.5-flash-native-audio-preview-12-2025",
      voice: "Kore",
      language: "de-DE",
      instruction: "Be brief.",
      temperature: "0.5",
      includeThoughts: true,
      transcribeUser: false,
      turnDetection: "manual",
    });
    await connect();
    const setup = (farEnd.frames[0] as unknown as Frame).setup!;
    assert.equal(setup.model, "models/gemini-2.5-flash-native-audio-preview-12-2025");
    assert.deepEqual(setup.generationConfig, {
      responseModalities: ["AUDIO"],
      temperature: 0.5,
      speechConfig: { languageCode: "de-DE", voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
      thinkingConfig: { includeThoughts: true },
    });
    assert.deepEqual((setup.systemInstruction as { parts: object }).parts, [{ text: "Be brief." }]);
    assert.deepEqual(setup.realtimeInputConfig, { automaticActivityDetection: { disabled: true } });
    assert.ok(setup.outputAudioTranscription && !setup.inputAudioTranscription);
  });

  it("leaves out what the model refuses, and warns of it by name", async () => {
    await start({ affectiveDialog: true, language: "de-DE" });
    assert.match(
      await flow.warnings("session").next(),
      /gemini-3.8-live does not support these settings: Language, Affective dialog/,
    );
    await connect();
    assert.doesNotMatch(JSON.stringify(farEnd.frames[0]), /de-DE|[aA]ffective/);
  });
});
