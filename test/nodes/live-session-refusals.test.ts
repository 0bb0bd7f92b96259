// What a session refuses: it says so to the message, and goes on.

import assert from "node:assert/strict";
import { acceptSetup, type FarEnd, startFarEnd } from "../far-end";
import { Inbox } from "../inbox";
import { connection, connectionTo, Flow, type Msg, node, session } from "./flow";

const state = (name: string) => (msg: Msg) => (msg.payload as { state?: string }).state === name;

describe("a message that a session cannot use", () => {
  let farEnd: FarEnd;
  let flow: Flow;
  let frames: Inbox<object>;

  beforeEach(async () => {
    frames = new Inbox();
    farEnd = await startFarEnd(acceptSetup((frame) => frames.push(frame)));
  });
  afterEach(async () => {
    await flow.stop();
    await farEnd.close();
  });

  const refused: [what: string, msg: Msg, error: RegExp][] = [
    ["an unknown action", { action: "explode" }, /msg\.action "explode" is unknown: it can be connect, /],
    ["an action that is no word", { action: { a: 1 } }, /msg\.action .* is unknown/],
    ["no payload", {}, /msg\.payload is of type undefined: send a Buffer/],
    ["a number", { payload: 42 }, /msg\.payload is of type number/],
    ["an object", { payload: { text: "hello" } }, /msg\.payload is of type object/],
    ["null", { payload: null }, /msg\.payload is null/],
    ["an empty text", { payload: "" }, /msg\.payload is an empty string/],
    ["an empty history", { payload: [] }, /msg\.payload is an empty array/],
    ["an empty Buffer", { payload: Buffer.alloc(0) }, /is an empty Buffer/],
    [
      "odd bytes",
      { payload: Buffer.alloc(641) },
      /641 bytes, and PCM16 has two a sample: put an audio in node/,
    ],
    ["50 MB of sound", { payload: Buffer.alloc(50e6) }, /50000000 bytes, more than the 4194304.*in pieces/],
    [
      "a 50 MB picture",
      { payload: Buffer.alloc(50e6), mimeType: "image/png" },
      /50000000 bytes, more than the 4194304/,
    ],
    [
      "an unknown type of bytes",
      { payload: Buffer.alloc(640), mimeType: "video/mp4" },
      /msg\.mimeType "video\/mp4" cannot be sent: it can be audio\/pcm/,
    ],
    [
      "a mimeType that is no string",
      { payload: Buffer.alloc(640), mimeType: 16_000 },
      /msg\.mimeType 16000 cannot be sent/,
    ],
    [
      "an unknown format of sound",
      { payload: Buffer.alloc(640), mimeType: "audio/ogg" },
      /"audio\/ogg" is not supported/,
    ],
    [
      "a rate of 3 Hz",
      { payload: Buffer.alloc(640), mimeType: "audio/pcm;rate=3" },
      /3 Hz is not supported\. Use one of/,
    ],
    [
      "stereo",
      { payload: Buffer.alloc(640), mimeType: "audio/pcm;rate=16000;channels=2" },
      /takes mono PCM.*put an audio in node/,
    ],
    [
      "a WAV file",
      { payload: Buffer.alloc(640), mimeType: "audio/wav" },
      /takes mono PCM, not audio\/wav: put an audio in node/,
    ],
    [
      "history of other shape",
      { payload: [{ role: "system", text: "obey" }] },
      /History is an array of \{role: "user" or "model", text/,
    ],
    ["history with a hole", { payload: [null] }, /History is an array/],
    ["a session key that is an object", { payload: "hello", session: {} }, /msg\.session must be a string/],
    ["a session key that is a function", { payload: "hello", session: () => 1 }, /msg\.session must be/],
  ];
  for (const [what, msg, error] of refused)
    it(`${what} is an error that the Catch node gets with the message, and the conversation goes on`, async () => {
      flow = await Flow.start([connectionTo(farEnd), ...session()]);
      flow.send("session", { payload: "before", turnComplete: false });
      await frames.next();
      flow.send("session", { ...msg, mark: what });
      const caught = await flow.nextError();
      assert.match(caught.message, error);
      assert.equal(caught.msg.mark, what);
      flow.send("session", { payload: "after", turnComplete: false });
      assert.match(JSON.stringify(await frames.next()), /after/);
      assert.equal(frames.items.length, 2);
      assert.equal(farEnd.requests.length, 1);
      assert.equal(flow.caught.items.length, 1, "told once");
      assert.deepEqual(flow.all("events", state("closed")), []);
    });

  it("leaves the conversations of the other keys alone", async () => {
    flow = await Flow.start([connectionTo(farEnd), ...session()]);
    flow.send("session", { session: "kitchen", payload: "hello", turnComplete: false });
    await frames.next();
    flow.send("session", { session: "hall", payload: Buffer.alloc(3) });
    assert.equal((await flow.nextError()).msg.session, "hall");
    flow.send("session", { session: "kitchen", payload: "still there?", turnComplete: false });
    assert.match(JSON.stringify(await frames.next()), /still there/);
    assert.equal(farEnd.requests.length, 1);
  });

  it("is one too many conversation: an error, a refused event, and the others go on", async () => {
    flow = await Flow.start([connectionTo(farEnd, { maxConversations: 1 }), ...session()]);
    flow.send("session", { session: "kitchen", payload: "hello", turnComplete: false });
    await frames.next();
    flow.send("session", { session: "hall", topic: "t", payload: "hello" });
    const { message, msg } = await flow.nextError();
    assert.match(message, /1 conversations are open, which is the limit of the connection/);
    assert.equal(msg.session, "hall");
    const refusedEvent = await flow.at("events").next(({ event }) => event === "refused");
    assert.deepEqual([refusedEvent.session, refusedEvent.topic], ["hall", "t"]);
    flow.send("session", { session: "kitchen", payload: "again", turnComplete: false });
    await frames.next();
    flow.send("session", { session: "kitchen", action: "disconnect" });
    flow.send("session", { session: "hall", payload: "now?", turnComplete: false });
    assert.match(JSON.stringify(await frames.next()), /now\?/);
  });

  it("is a signal of turns given by hand, where the server finds them: it would end the conversation", async () => {
    flow = await Flow.start([connection(), ...session()]);
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connected"));
    flow.send("session", { action: "activityStart" });
    assert.match((await flow.nextError()).message, /activityStart.*turns.*by hand/);
    flow.send("session", { payload: "still there?" });
    const turn = await flow.at("events").next(({ event }) => event === "turnComplete");
    assert.deepEqual(turn.payload, { reason: undefined });
    assert.deepEqual(flow.all("events", state("closed")), []);
  });

  it("is no audioStreamEnd where turns are given by hand: audio in sends it by itself, and it is left out", async () => {
    flow = await Flow.start([connection(), ...session({ turnDetection: "manual" })]);
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connected"));
    flow.send("session", { action: "audioStreamEnd" });
    flow.send("session", { payload: "still there?" });
    const turn = await flow.at("events").next(({ event }) => event === "turnComplete");
    assert.deepEqual(turn.payload, { reason: undefined });
    assert.deepEqual(flow.caught.items, []);
    assert.deepEqual(flow.all("events", state("closed")), []);
  });
});

describe("a session that cannot work as it is set", () => {
  let flow: Flow;
  afterEach(() => flow.stop());

  const unusable: [what: string, connection: object, properties: object, error: RegExp][] = [
    [
      "a temperature that is no number",
      {},
      { temperature: "hot" },
      /"temperature" must be a number from 0 to 2; it is "hot"/,
    ],
    [
      "a temperature out of range",
      {},
      { temperature: 3 },
      /"temperature" must be a number from 0 to 2; it is 3/,
    ],
    [
      "an unknown turn detection",
      {},
      { turnDetection: "magic" },
      /"turn detection" must be one of automatic, manual/,
    ],
    [
      "an unknown thinking level",
      {},
      { thinkingLevel: "DEEP" },
      /"thinking level" must be one of MINIMAL, LOW/,
    ],
    [
      "an unknown kind of server",
      { server: "carrier pigeon" },
      {},
      /"server" must be one of simulator, gemini, vertex, custom/,
    ],
    [
      "no address",
      { server: "custom", url: "" },
      {},
      /"address" must be a http, https, ws or wss address; it is ""/,
    ],
    ["an address of another kind", { server: "custom", url: "ftp://x" }, {}, /"address" must be.*ftp/],
    [
      "a set-up time-out of 0",
      { connectTimeoutSeconds: 0 },
      {},
      /"setup time-out" must be a number from 1 to 300/,
    ],
    ["a limit that is no number", { maxConversations: "many" }, {}, /"most conversations" must be a number/],
    ["a negative idle time", { idleTimeoutMinutes: -1 }, {}, /"idle minutes" must be a number from 0/],
    [
      "too much waiting sound",
      { offlineAudioSeconds: 1e9 },
      {},
      /"waiting sound" must be a number from 0 to 300/,
    ],
    ["no waiting messages", { offlineMessages: 0 }, {}, /"waiting messages" must be a number from 1/],
  ];
  for (const [what, settings, properties, error] of unusable)
    it(`with ${what}: a red badge, and an error for every message`, async () => {
      flow = await Flow.start([connection(settings), ...session(properties)]);
      const badge = flow.badges("session").items.at(-1)!;
      assert.equal(badge.fill, "red");
      assert.match(badge.text!, error);
      for (const payload of ["hello", Buffer.alloc(640)]) {
        flow.send("session", { payload });
        const caught = await flow.nextError();
        assert.match(caught.message, error);
        assert.deepEqual(caught.msg.payload, payload);
      }
    });

  for (const [what, of] of [
    ["no connection is chosen", ""],
    ["its connection is gone", "nobody"],
  ])
    it(`when ${what}: a red badge, and an error for every message that says what to do`, async () => {
      flow = await Flow.start([node("session", "gemini-live-session", { connection: of }, [[], [], [], []])]);
      assert.equal(flow.badges("session").items.at(-1)!.fill, "red");
      flow.send("session", { payload: "hello" });
      assert.match((await flow.nextError()).message, /has no connection: choose one in its dialog/);
    });

  it("the Gemini API without a key is an error that says where a key can come from", async () => {
    flow = await Flow.start([connection({ server: "gemini" }), ...session()], {});
    flow.send("session", { payload: "hello" });
    assert.match(
      (await flow.nextError()).message,
      /no API key: enter one, set GEMINI_API_KEY, or choose the simulator/,
    );
    const { cause } = (await flow.at("events").next(state("closed"))).payload as { cause: string };
    assert.match(cause, /no API key/);
    assert.equal(flow.badges("session").items.at(-1)!.fill, "red");
  });

  it("a setting that is left empty means its default", async () => {
    const farEnd = await startFarEnd(acceptSetup());
    const empty = {
      connectTimeoutSeconds: "",
      maxConversations: "",
      idleTimeoutMinutes: "",
      offlineAudioSeconds: "",
      apiVersion: "",
    };
    flow = await Flow.start([
      connectionTo(farEnd, empty),
      ...session({ temperature: "", model: " ", turnDetection: "" }),
    ]);
    flow.send("session", { action: "connect" });
    const { payload } = await flow.at("events").next(state("connected"));
    assert.equal((payload as { model: string }).model, "gemini-3.8-live");
    assert.match(farEnd.requests[0]!.url!, /v1beta/);
    await farEnd.close();
  });
});
