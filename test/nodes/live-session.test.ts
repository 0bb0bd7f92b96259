// The messages of a live session: what the Live server gets of each, and what comes out of each output.

import assert from "node:assert/strict";
import { acceptSetup, type FarEnd, startFarEnd } from "../far-end";
import { Inbox } from "../inbox";
import { connection, connectionTo, Flow, type Msg, session } from "./flow";

type Frame = Record<string, Record<string, unknown>>;

const sound = (bytes: number) => Buffer.alloc(bytes, "so");
const said = (bytes: number) => ({
  modelTurn: {
    parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000", data: sound(bytes).toString("base64") } }],
  },
});
/** A message without what the runtime adds. */
const plain = ({ _msgid, ...msg }: Msg) => msg;
const state = (name: string) => (msg: Msg) => (msg.payload as { state?: string }).state === name;
const event = (name: string) => (msg: Msg) => msg.event === name;

describe("a live session", () => {
  let farEnd: FarEnd;
  let flow: Flow;
  /** What came to the server after the setup. */
  let frames: Inbox<Frame>;
  /** How the server answers a text that wants an answer. */
  let answer: (reply: (frame: object) => void) => void;

  beforeEach(async () => {
    frames = new Inbox();
    answer = () => {};
    farEnd = await startFarEnd(
      acceptSetup((frame, reply) => {
        frames.push(frame as Frame);
        if ((frame as Frame).clientContent?.turnComplete) answer(reply);
      }),
    );
  });
  afterEach(async () => {
    await flow.stop();
    await farEnd.close();
  });
  const start = async (properties: object = {}, settings: object = {}) => {
    flow = await Flow.start([connectionTo(farEnd, settings), ...session(properties)]);
  };
  const connect = async (msg: Msg = {}) => {
    flow.send("session", { ...msg, action: "connect" });
    await flow.at("events").next(state("connected"));
  };

  it("sends an answer as sound, as pieces and whole text, and as events", async () => {
    answer = (reply) => {
      reply({ serverContent: { ...said(480), outputTranscription: { text: "Hello " } } });
      reply({ serverContent: { outputTranscription: { text: "there." } } });
      reply({ serverContent: { generationComplete: true } });
      reply({ usageMetadata: { totalTokenCount: 7 }, serverContent: { turnComplete: true } });
    };
    await start();
    flow.send("session", { payload: "hello" });
    await flow.at("events").next(event("turnComplete"));
    const of = { session: "default", turn: 1 };
    assert.deepEqual(flow.all("audio").map(plain), [
      { ...of, payload: sound(480), mimeType: "audio/pcm;rate=24000" },
      { ...of, event: "generationComplete" },
      { ...of, event: "turnComplete" },
    ]);
    assert.deepEqual(flow.all("text").map(plain), [
      { ...of, role: "model", final: false, payload: "Hello " },
      { ...of, role: "model", final: false, payload: "there." },
      { ...of, role: "model", final: true, payload: "Hello there." },
    ]);
    assert.deepEqual(
      flow.all("events").map(({ event, payload }) => [event, (payload as { state?: string }).state]),
      [
        ["state", "connecting"],
        ["state", "connected"],
        ["usage", undefined],
        ["turnComplete", undefined],
      ],
    );
    assert.deepEqual(flow.all("tools"), []);
    assert.equal(flow.caught.items.length, 0);
  });

  it("names server and model in every state", async () => {
    await start({ model: "gemini-3.1-flash-live-preview" });
    await connect();
    const { payload } = flow.all("events", state("connected"))[0]!;
    assert.deepEqual(payload, {
      event: "state",
      state: "connected",
      server: "custom",
      model: "gemini-3.1-flash-live-preview",
    });
  });

  it("puts session and _session of a conversation on everything that it sends, and nothing else of its messages", async () => {
    answer = (reply) => {
      reply({ serverContent: { ...said(2), outputTranscription: { text: "yes" }, turnComplete: true } });
    };
    await start();
    const identity = { session: "kitchen", _session: { type: "websocket", id: "7" } };
    const more = { topic: "home", payload: "hello", color: "blue", turnComplete: true };
    const msg: Msg = { ...identity, ...more };
    flow.send("session", msg);
    await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(plain(msg), { ...identity, ...more });
    const sent = ["audio", "text", "events"].flatMap((output) => flow.all(output));
    assert.ok(sent.length >= 7);
    for (const { session, topic, _session, color } of sent)
      assert.deepEqual(
        { session, topic, _session, color },
        { ...identity, topic: undefined, color: undefined },
      );
  });

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

  it("sends an array as history, and a Buffer with an image type as a picture", async () => {
    await start();
    const history = [
      { role: "user", text: "My name is Ada." },
      { role: "model", text: "Hello Ada." },
    ];
    flow.send("session", { payload: history });
    flow.send("session", { payload: Buffer.from("picture"), mimeType: "image/jpeg" });
    assert.deepEqual((await frames.next()).clientContent, {
      turns: history.map(({ role, text }) => ({ role, parts: [{ text }] })),
      turnComplete: false,
    });
    const { data, mimeType } = (await frames.next()).realtimeInput!.video as Record<string, string>;
    assert.equal(mimeType, "image/jpeg");
    assert.equal(Buffer.from(data!, "base64").toString(), "picture");
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

  it("stops the answer on interrupt, and reports it on the audio and the events output", async () => {
    answer = (reply) => reply({ serverContent: said(100) });
    await start();
    flow.send("session", { payload: "tell me a long story" });
    await flow.at("audio").next();
    flow.send("session", { action: "interrupt" });
    await flow.at("audio").next(event("interrupted"));
    await flow.at("events").next(event("interrupted"));
    await frames.next();
    assert.deepEqual((await frames.next()).clientContent, { turnComplete: false });
  });

  it("reports an interruption by the server, and the reason for the end of a turn", async () => {
    answer = (reply) => {
      reply({ serverContent: said(100) });
      reply({ serverContent: { interrupted: true } });
      reply({ serverContent: { turnComplete: true, turnCompleteReason: "RESPONSE_REJECTED" } });
    };
    await start();
    flow.send("session", { payload: "hello" });
    const end = await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(end.payload, { event: "turnComplete", reason: "RESPONSE_REJECTED" });
    assert.deepEqual(
      flow.all("audio").map(({ event }) => event),
      [undefined, "interrupted", "turnComplete"],
    );
    assert.equal(flow.all("events", state("interrupted")).length, 1);
  });

  it("reports goAway and grounding as events", async () => {
    answer = (reply) => {
      reply({ goAway: { timeLeft: "50s" } });
      reply({ serverContent: { groundingMetadata: { webSearchQueries: ["weather"] } } });
    };
    await start();
    flow.send("session", { payload: "hello" });
    assert.deepEqual((await flow.at("events").next(event("goAway"))).payload, {
      event: "goAway",
      timeLeft: "50s",
    });
    const { payload } = await flow.at("events").next(event("grounding"));
    assert.deepEqual(payload, { event: "grounding", webSearchQueries: ["weather"] });
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
    answer = (reply) => reply({ serverContent: { turnComplete: true } });
    await start();
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
      /gemini-3.8-live does not support these settings: language, affectiveDialog/,
    );
    await connect();
    assert.doesNotMatch(JSON.stringify(farEnd.frames[0]), /de-DE|[aA]ffective/);
  });

  it("sends the model's thoughts only when they are included, marked as thoughts", async () => {
    answer = (reply) => {
      reply({ serverContent: { modelTurn: { parts: [{ text: "hm", thought: true }] } } });
      reply({ serverContent: { turnComplete: true } });
    };
    for (const thoughts of [true, false]) {
      await start({ model: "gemini-3.8-live-extended-thinking", includeThoughts: thoughts });
      flow.send("session", { payload: "hello" });
      await flow.at("events").next(event("turnComplete"));
      assert.deepEqual(
        flow.all("text").map(({ payload, thought }) => [payload, thought]),
        thoughts ? [["hm", true]] : [],
      );
      if (thoughts) await flow.stop();
    }
  });

  it("passes each message on as it is: no sound is copied on its way to the next node", async () => {
    answer = (reply) => reply({ serverContent: { ...said(480), outputTranscription: { text: "hi" } } });
    await start();
    const sent = flow.sends("session");
    flow.send("session", { payload: "hello" });
    const heard = await flow.at("audio").next();
    const words = await flow.at("text").next();
    assert.ok(sent().some((msg) => msg === heard && msg.payload === heard.payload));
    assert.ok(sent().some((msg) => msg === words));
  });

  it("shows the state of its one conversation, or how many there are", async () => {
    await start();
    const badges = flow.badges("session");
    const shown = async (text: string) => {
      const badge = await badges.next((badge) => badge.text === text);
      return `${badge.fill} ${badge.shape}`;
    };
    assert.equal(await shown("disconnected"), "grey ring");
    flow.send("session", { session: "kitchen", action: "connect" });
    assert.equal(await shown("connecting"), "yellow ring");
    assert.equal(await shown("connected"), "green dot");
    flow.send("session", { session: "hall", action: "connect" });
    assert.equal(await shown("1 live, 1 connecting"), "green dot");
    assert.equal(await shown("2 live, 0 connecting"), "green dot");
    flow.send("session", { session: "hall", action: "disconnect" });
    assert.equal(await shown("connected"), "green dot");
    flow.send("session", { session: "kitchen", action: "disconnect" });
    assert.equal(await shown("closed"), "grey ring");
  });

  it("shows that the user interrupted the model until the model speaks again", async () => {
    answer = (reply) => {
      reply({ serverContent: said(2) });
      reply({ serverContent: { interrupted: true } });
      reply({ serverContent: { turnComplete: true } });
      reply({ serverContent: said(2) });
    };
    await start();
    const badges = flow.badges("session");
    flow.send("session", { payload: "hello" });
    for (const text of ["connected", "interrupted", "connected"])
      await badges.next((badge) => badge.text === text);
  });

  it("changes its badge only with the state, and never shows sound or text in it", async () => {
    answer = (reply) => {
      for (let i = 0; i < 50; i++)
        reply({ serverContent: { ...said(480), outputTranscription: { text: "secret words" } } });
      reply({ serverContent: { turnComplete: true } });
    };
    await start();
    const badges = flow.badges("session");
    flow.send("session", { payload: "secret question" });
    await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(
      badges.items.map(({ text }) => text),
      ["disconnected", "connecting", "connected"],
    );
  });
});

describe("a live session with the simulator", () => {
  it("needs no key, and its states say that it is the simulator", async () => {
    const flow = await Flow.start([connection(), ...session()], {});
    flow.send("session", { payload: "Good morning" });
    const { payload } = await flow.at("events").next(state("connected"));
    assert.equal((payload as { server: string }).server, "simulator");
    await flow.at("events").next(event("turnComplete"));
    const whole = flow.all("text", ({ final }) => final === true);
    assert.match(String(whole[0]!.payload), /simulator.*Good morning/);
    assert.ok(flow.all("audio", ({ payload }) => Buffer.isBuffer(payload)).length > 2);
    await flow.stop();
  });
});
