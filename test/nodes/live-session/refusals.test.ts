// What a session refuses: it says so to the message, and goes on.

import assert from "node:assert/strict";
import { acceptSetup, type FarEnd } from "../../far-end";
import { node } from "../../flow-node";
import type { Inbox } from "../../inbox";
import { connection, Flow, type Frame, type Msg, session, startSession, state } from "../flow";

describe("a message that a session cannot use", () => {
  let farEnd: FarEnd;
  let flow: Flow;
  let frames: Inbox<Frame>;
  const start = async (settings: object = {}) => {
    ({ flow, farEnd, frames } = await startSession(acceptSetup(), settings));
  };

  const refused: [what: string, msg: Msg, error: RegExp][] = [
    ["an unknown action", { action: "explode" }, /msg\.action "explode" is unknown\. Use one of connect, /],
    ["an action that is no word", { action: { a: 1 } }, /msg\.action .* is unknown/],
    ["no payload", {}, /msg\.payload is of type undefined\. Send a Buffer/],
    ["a number", { payload: 42 }, /msg\.payload is of type number/],
    ["an object", { payload: { text: "hello" } }, /msg\.payload is of type object/],
    ["null", { payload: null }, /msg\.payload is null/],
    ["an empty text", { payload: "" }, /msg\.payload is an empty string/],
    ["an empty history", { payload: [] }, /msg\.payload is an empty array/],
    ["an empty Buffer", { payload: Buffer.alloc(0) }, /is an empty Buffer/],
    [
      "odd bytes",
      { payload: Buffer.alloc(641) },
      /641 bytes, but PCM16 has two bytes per sample.*an audio in node/,
    ],
    [
      "50 MB of sound",
      { payload: Buffer.alloc(50e6) },
      /50000000 bytes\. The limit is 4194304.*several messages/,
    ],
    [
      "a 50 MB image",
      { payload: Buffer.alloc(50e6), mimeType: "image/png" },
      /50000000 bytes\. The limit is 4194304/,
    ],
    [
      "a page in the place of an image",
      { payload: Buffer.from("<html>Log in</html>"), mimeType: "image/jpeg" },
      /msg\.payload is not image\/jpeg: it begins with "<html>Log in"\. Look at what the camera/,
    ],
    [
      "an image of another type",
      { payload: Buffer.from("\xff\xd8\xff\xe0", "latin1"), mimeType: "image/png" },
      /msg\.payload is not image\/png/,
    ],
    [
      "an unknown type of bytes",
      { payload: Buffer.alloc(640), mimeType: "video/mp4" },
      /msg\.mimeType "video\/mp4" is not supported\. Use audio\/pcm/,
    ],
    [
      "a mimeType that is no string",
      { payload: Buffer.alloc(640), mimeType: 16_000 },
      /msg\.mimeType 16000 is not supported/,
    ],
    [
      "an unknown format of sound",
      { payload: Buffer.alloc(640), mimeType: "audio/ogg" },
      /takes mono 16-bit PCM, not audio\/ogg/,
    ],
    [
      "a rate of 3 Hz",
      { payload: Buffer.alloc(640), mimeType: "audio/pcm;rate=3" },
      /3 Hz is not supported\. Use one of/,
    ],
    [
      "stereo",
      { payload: Buffer.alloc(640), mimeType: "audio/pcm;rate=16000;channels=2" },
      /takes mono 16-bit PCM.*an audio in node/,
    ],
    [
      "a WAV file",
      { payload: Buffer.alloc(640), mimeType: "audio/wav" },
      /takes mono 16-bit PCM, not audio\/wav\. Convert it with an audio in node/,
    ],
    [
      "history of other shape",
      { payload: [{ role: "system", text: "obey" }] },
      /payload\[0\] is not a turn of a history\. Each needs a role, "user" or "model", and a text/,
    ],
    ["history with a hole", { payload: [null] }, /payload\[0\] is not a turn/],
    ["a session key that is an object", { payload: "hello", session: {} }, /msg\.session must be a string/],
    ["a session key that is a function", { payload: "hello", session: () => 1 }, /msg\.session must be/],
  ];
  for (const [what, msg, error] of refused)
    it(`${what} is an error that the Catch node gets with the message, and the conversation continues`, async () => {
      await start();
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

  it("does not affect the conversations of other session keys", async () => {
    await start();
    flow.send("session", { session: "kitchen", payload: "hello", turnComplete: false });
    await frames.next();
    flow.send("session", { session: "hall", payload: Buffer.alloc(3) });
    assert.equal((await flow.nextError()).msg.session, "hall");
    flow.send("session", { session: "kitchen", payload: "still there?", turnComplete: false });
    assert.match(JSON.stringify(await frames.next()), /still there/);
    assert.equal(farEnd.requests.length, 1);
  });

  it("opens one conversation too many: an error, a refused event, and the others continue", async () => {
    await start({ maxConversations: 1 });
    flow.send("session", { session: "kitchen", payload: "hello", turnComplete: false });
    await frames.next();
    flow.send("session", { session: "hall", topic: "t", payload: "hello" });
    const { message, msg } = await flow.nextError();
    assert.match(message, /allows 1 open conversations, and all are in use/);
    assert.equal(msg.session, "hall");
    const refusedEvent = await flow.at("events").next(({ event }) => event === "refused");
    assert.deepEqual([refusedEvent.session, refusedEvent.topic], ["hall", undefined]);
    assert.equal((refusedEvent.payload as { code: string }).code, "GEMINI_CONVERSATION_LIMIT");
    flow.send("session", { session: "kitchen", payload: "again", turnComplete: false });
    await frames.next();
    flow.send("session", { session: "kitchen", action: "disconnect" });
    flow.send("session", { session: "hall", payload: "now?", turnComplete: false });
    assert.match(JSON.stringify(await frames.next()), /now\?/);
  });

  it("is an activity signal with automatic turn detection: the server would close the connection", async () => {
    flow = await Flow.start([connection(), ...session()]);
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connected"));
    flow.send("session", { action: "activityStart" });
    assert.match((await flow.nextError()).message, /"activityStart" needs manual turn detection/);
    flow.send("session", { payload: "still there?" });
    const turn = await flow.at("events").next(({ event }) => event === "turnComplete");
    assert.deepEqual(turn.payload, { event: "turnComplete" });
    assert.deepEqual(flow.all("events", state("closed")), []);
  });

  it("is not audioStreamEnd with manual turn detection: audio in sends it by itself, and it is omitted", async () => {
    flow = await Flow.start([connection(), ...session({ turnDetection: "manual" })]);
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connected"));
    flow.send("session", { action: "audioStreamEnd" });
    flow.send("session", { payload: "still there?" });
    const turn = await flow.at("events").next(({ event }) => event === "turnComplete");
    assert.deepEqual(turn.payload, { event: "turnComplete" });
    assert.deepEqual(flow.caught.items, []);
    assert.deepEqual(flow.all("events", state("closed")), []);
  });
});

describe("a live session with settings that are not valid", () => {
  let flow: Flow;

  const unusable: [what: string, connection: object, properties: object, error: RegExp][] = [
    [
      "a temperature that is no number",
      {},
      { temperature: "hot" },
      /"Temperature" must be a number from 0 to 2, or empty for the server default; it is "hot"/,
    ],
    [
      "a temperature out of range",
      {},
      { temperature: 3 },
      /"Temperature" must be a number from 0 to 2.*; it is 3/,
    ],
    [
      "an unknown turn detection",
      {},
      { turnDetection: "magic" },
      /"Turn detection" must be one of automatic, manual/,
    ],
    [
      "an unknown thinking level",
      {},
      { thinkingLevel: "DEEP" },
      /"Thinking level" must be one of "", MINIMAL, LOW/,
    ],
    [
      "an unknown kind of server",
      { server: "carrier pigeon" },
      {},
      /"Server" must be one of simulator, gemini, vertex, custom/,
    ],
    ["no address", { server: "custom", url: "" }, {}, /address must begin with http, https, ws or wss/],
    [
      "an address of another kind",
      { server: "custom", url: "ftp://x" },
      {},
      /address must begin with http, https, ws or wss/,
    ],
    [
      "a set-up time-out of 0",
      { connectTimeoutSeconds: 0 },
      {},
      /"Connect timeout \(s\)" must be a number from 1 to 300/,
    ],
    [
      "a limit that is no number",
      { maxConversations: "many" },
      {},
      /"Max conversations" must be a whole number/,
    ],
    [
      "a negative idle time",
      { idleTimeoutMinutes: -1 },
      {},
      /"Idle timeout \(min\)" must be a number from 0/,
    ],
    [
      "too much waiting sound",
      { offlineAudioSeconds: 1e9 },
      {},
      /"Offline audio buffer \(s\)" must be a number from 0 to 300/,
    ],
    [
      "no waiting messages",
      { offlineMessages: 0 },
      {},
      /"Offline message queue" must be a whole number from 1/,
    ],
  ];
  for (const [what, settings, properties, error] of unusable)
    it(`with ${what}: a red badge, and an error per message`, async () => {
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
    it(`when ${what}: a red badge, and an error per message that says what to do`, async () => {
      flow = await Flow.start([node("session", "gemini-live-session", { connection: of }, [[], [], [], []])]);
      assert.equal(flow.badges("session").items.at(-1)!.fill, "red");
      flow.send("session", { payload: "hello" });
      assert.match((await flow.nextError()).message, /has no connection\. Choose one in its dialog/);
    });

  it("the Gemini API without a key is an error that says where a key can come from", async () => {
    flow = await Flow.start([connection({ server: "gemini" }), ...session()], {});
    flow.send("session", { payload: "hello" });
    assert.match(
      (await flow.nextError()).message,
      /no API key\. Enter one, set GEMINI_API_KEY, or choose the simulator/,
    );
    const { cause } = (await flow.at("events").next(state("closed"))).payload as { cause: string };
    assert.match(cause, /no API key/);
    assert.equal(flow.badges("session").items.at(-1)!.fill, "red");
  });

  it("a setting that is absent has its default", async () => {
    const { flow, farEnd } = await startSession();
    flow.send("session", { action: "connect" });
    const { payload } = await flow.at("events").next(state("connected"));
    assert.equal((payload as { model: string }).model, "gemini-3.8-live");
    assert.match(farEnd.requests[0]!.url!, /v1beta/);
  });

  for (const [what, settings, properties, error] of [
    ["a number", { connectTimeoutSeconds: "" }, {}, /"Connect timeout \(s\)" must be.*; it is empty/],
    ["the API version", { apiVersion: " " }, {}, /"API version" must be a text that is not empty/],
    ["the model", {}, { model: "" }, /"Model" must be a text that is not empty; it is empty/],
  ] as const)
    it(`${what} that is empty is an error, unless empty means the server default`, async () => {
      flow = await Flow.start([connection(settings), ...session({ temperature: "", ...properties })]);
      assert.match(flow.badges("session").items.at(-1)!.text!, error);
    });
});
