// What leaves each output of a live session.

import assert from "node:assert/strict";
import { opened } from "../../clean-up";
import { startFarEnd } from "../../far-end";
import { node } from "../../flow-node";
import type { Inbox } from "../../inbox";
import {
  answering,
  connection,
  connectionTo,
  event,
  Flow,
  type Frame,
  type Msg,
  session,
  startSession,
  state,
} from "../flow";

const sound = (bytes: number) => Buffer.alloc(bytes, "so");
const said = (bytes: number) => ({
  modelTurn: {
    parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000", data: sound(bytes).toString("base64") } }],
  },
});
/** A message without what the runtime adds. */
const plain = ({ _msgid, ...msg }: Msg) => msg;

describe("the outputs of a live session", () => {
  let flow: Flow;
  let frames: Inbox<Frame>;
  const start = async (properties: object = {}, answer: Parameters<typeof answering>[0] = () => {}) => {
    ({ flow, frames } = await startSession(answering(answer), {}, properties));
  };
  const connect = async (msg: Msg = {}) => {
    flow.send("session", { ...msg, action: "connect" });
    await flow.at("events").next(state("connected"));
  };

  it("names each event itself, whatever fields the server sends with it", async () => {
    await start({}, (reply) => reply({ serverContent: { groundingMetadata: { event: "state", a: 1 } } }));
    flow.send("session", { payload: "hello" });
    assert.deepEqual((await flow.at("events").next(event("grounding"))).payload, {
      event: "grounding",
      a: 1,
    });
  });

  it("sends an answer as sound, as pieces and whole text, and as events", async () => {
    await start({}, (reply) => {
      reply({ serverContent: { ...said(480), outputTranscription: { text: "Hello " } } });
      reply({ serverContent: { outputTranscription: { text: "there." } } });
      reply({ serverContent: { generationComplete: true } });
      reply({ usageMetadata: { totalTokenCount: 7 }, serverContent: { turnComplete: true } });
    });
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
    await start({}, (reply) => {
      reply({ serverContent: { ...said(2), outputTranscription: { text: "yes" }, turnComplete: true } });
    });
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

  it("sends to the same client after a flow has changed the _session of a message that it was sent", async () => {
    await start({}, (reply) => reply({ serverContent: { turnComplete: true } }));
    const sent = flow.sends("session");
    const say = async (payload: string) => {
      flow.send("session", { payload, _session: { type: "websocket", id: "7" } });
      await flow.at("events").next(event("turnComplete"));
    };
    await say("hello");
    for (const { _session } of sent()) (_session as { id: string }).id = "another client";
    const before = sent().length;
    flow.send("session", { action: "disconnect", session: "7" });
    await flow.at("events").next(state("closed"));
    for (const { _session } of sent().slice(before))
      assert.deepEqual(_session, { type: "websocket", id: "7" });
    assert.ok(sent().length > before);
  });

  it("stops the answer on interrupt, and reports it on the audio and the events output", async () => {
    await start({}, (reply) => reply({ serverContent: said(100) }));
    flow.send("session", { payload: "tell me a long story" });
    await flow.at("audio").next();
    flow.send("session", { action: "interrupt" });
    await flow.at("audio").next(event("interrupted"));
    await flow.at("events").next(event("interrupted"));
    await frames.next();
    assert.deepEqual((await frames.next()).clientContent, { turnComplete: false });
  });

  it("reports an interruption by the server, and the reason for the end of a turn", async () => {
    await start({}, (reply) => {
      reply({ serverContent: said(100) });
      reply({ serverContent: { interrupted: true } });
      reply({ serverContent: { turnComplete: true, turnCompleteReason: "RESPONSE_REJECTED" } });
    });
    flow.send("session", { payload: "hello" });
    const end = await flow.at("events").next(event("turnComplete"));
    const cause = "The model rejected its answer. Ask in another way.";
    assert.deepEqual(end.payload, { event: "turnComplete", reason: "RESPONSE_REJECTED", cause });
    assert.deepEqual(
      flow.all("audio").map(({ event }) => event),
      [undefined, "interrupted", "turnComplete"],
    );
    assert.equal(flow.all("events", state("interrupted")).length, 1);
  });

  it("reports goAway and grounding as events", async () => {
    await start({}, (reply) => {
      reply({ goAway: { timeLeft: "50s" } });
      reply({ serverContent: { groundingMetadata: { webSearchQueries: ["weather"] } } });
    });
    flow.send("session", { payload: "hello" });
    assert.deepEqual((await flow.at("events").next(event("goAway"))).payload, {
      event: "goAway",
      timeLeft: "50s",
    });
    const { payload } = await flow.at("events").next(event("grounding"));
    assert.deepEqual(payload, { event: "grounding", webSearchQueries: ["weather"] });
  });

  it("sends the model's thoughts only when they are included, marked as thoughts", async () => {
    const answer = (reply: (frame: object) => void) => {
      reply({ serverContent: { modelTurn: { parts: [{ text: "hm", thought: true }] } } });
      reply({ serverContent: { turnComplete: true } });
    };
    for (const thoughts of [true, false]) {
      await start({ model: "gemini-3.8-live-extended-thinking", includeThoughts: thoughts }, answer);
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
    await start({}, (reply) =>
      reply({ serverContent: { ...said(480), outputTranscription: { text: "hi" } } }),
    );
    const sent = flow.sends("session");
    flow.send("session", { payload: "hello" });
    const heard = await flow.at("audio").next();
    const words = await flow.at("text").next();
    assert.ok(sent().some((msg) => msg === heard && msg.payload === heard.payload));
    assert.ok(sent().some((msg) => msg === words));
  });
});

describe("a live session in front of audio out", () => {
  const _session = { type: "websocket", id: "kitchen" };
  const ends: [what: string, msg: Msg][] = [
    ["at the action disconnect", { action: "disconnect", session: "kitchen" }],
    ["at the action reset", { action: "reset", session: "kitchen" }],
    ["when its client disconnects", { status: { event: "disconnect", _session } }],
  ];
  for (const [when, msg] of ends)
    it(`silences ${when} the rest of an answer that is over for the server`, async () => {
      const farEnd = await opened(
        startFarEnd(
          answering((reply) => {
            reply({ serverContent: said(10 * 48_000) });
            reply({ serverContent: { generationComplete: true, turnComplete: true } });
          }),
        ),
      );
      const flow = await Flow.start([
        connectionTo(farEnd),
        node("session", "gemini-live-session", { connection: "connection" }, [["out"], [], [], ["events"]]),
        node("events", "helper"),
        node("out", "gemini-audio-out", {}, [["device"], ["playback"]]),
        node("device", "helper"),
        node("playback", "helper"),
      ]);
      flow.send("session", { payload: "hello", _session });
      await flow.at("events").next(event("turnComplete"));
      await flow.at("device").next();
      flow.send("session", msg);
      const flush = await flow.at("playback").next(event("flush"));
      assert.deepEqual([flush.session, flush._session], ["kitchen", _session]);
      assert.ok((flush.payload as { unheardMs: number }).unheardMs > 5_000);
      const end = await flow.at("playback").next(event("turnComplete"));
      assert.equal((end.payload as { interrupted: boolean }).interrupted, true);
      await flow.stop();
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
