import assert from "node:assert/strict";
import { chunksOf, correlation, speech } from "../speech";
import { Flow, type Msg, node } from "./flow";

/** Sound of the model; each sample says where it stood. */
const counting = (ms: number) => {
  const pcm = Buffer.alloc(ms * 48);
  for (let i = 0; i < pcm.length; i += 2) pcm.writeUInt16LE((i / 2) % 30_000, i);
  return pcm;
};
const event = (name: string) => (msg: Msg) => msg.event === name;

describe("audio out", () => {
  let flow: Flow;
  afterEach(() => flow.stop());
  const start = async (properties: object = {}) => {
    flow = await Flow.start([
      node("out", "gemini-audio-out", properties, [["device"]]),
      node("device", "helper"),
    ]);
  };
  const say = (payload: Buffer, rest: object = {}) =>
    flow.send("out", { payload, mimeType: "audio/pcm;rate=24000", turn: 1, ...rest });
  const complete = (rest: object = {}) => flow.send("out", { event: "turnComplete", turn: 1, ...rest });
  const frames = (wanted: (msg: Msg) => boolean = () => true) =>
    flow.all("device", (msg) => Buffer.isBuffer(msg.payload) && wanted(msg));
  const heard = (wanted?: (msg: Msg) => boolean) =>
    Buffer.concat(frames(wanted).map(({ payload }) => payload as Buffer));

  for (const pacing of ["realTime", "burst"])
    it(`plays everything in order, in frames, and then says that the turn is complete (${pacing})`, async () => {
      await start({ pacing });
      const sound = counting(333);
      for (const chunk of chunksOf(sound, 5_000)) say(chunk);
      complete({ topic: "home" });
      const { _msgid, ...end } = await flow.at("device").next(event("turnComplete"));
      assert.deepEqual(end, {
        event: "turnComplete",
        payload: { event: "turnComplete" },
        turn: 1,
        session: "default",
        topic: "home",
      });
      assert.ok(heard().equals(sound));
      for (const { payload, mimeType } of frames().slice(0, -1)) {
        assert.equal((payload as Buffer).length, 960);
        assert.equal(mimeType, "audio/pcm;rate=24000");
      }
      assert.equal(flow.at("device").items.at(-1)!.event, "turnComplete");
    });

  for (const [rate, factor] of [
    [8_000, 1 / 3],
    [16_000, 2 / 3],
    [48_000, 2],
  ] as const)
    it(`plays at ${rate} Hz, in frames of the length that is set`, async () => {
      await start({ sampleRate: rate, frameMs: 60, pacing: "burst" });
      const sound = Buffer.alloc(48_000);
      for (let i = 0; i < sound.length; i += 2)
        sound.writeInt16LE(Math.round(9_000 * Math.sin((2 * Math.PI * 440 * (i / 2)) / 24_000)), i);
      for (const chunk of chunksOf(sound, 11_520)) say(chunk);
      complete();
      await flow.at("device").next(event("turnComplete"));
      assert.ok(Math.abs(heard().length - sound.length * factor) <= 4);
      assert.ok(correlation(sound.subarray(4_800, -4_800), 24_000, heard(), rate) > 0.95);
      for (const { payload, mimeType } of frames().slice(0, -1)) {
        assert.equal((payload as Buffer).length, rate * 0.12);
        assert.equal(mimeType, `audio/pcm;rate=${rate}`);
      }
    });

  it("takes the rate of each message from its mimeType", async () => {
    await start({ pacing: "burst" });
    say(speech, { mimeType: "audio/pcm;rate=16000" });
    complete();
    await flow.at("device").next(event("turnComplete"));
    assert.ok(correlation(speech.subarray(3_200, -3_200), 16_000, heard(), 24_000) > 0.9);
  });

  for (const [what, stop] of [
    ["the model is interrupted", { event: "interrupted" }],
    ["it is told to by an action", { action: "interrupt" }],
  ] as const)
    it(`drops what is queued when ${what}, and tells the device to do the same`, async () => {
      await start({ sendAheadMs: 0 });
      say(counting(5_000), { _session: { type: "websocket", id: "1" } });
      await flow.at("device").next();
      flow.send("out", { ...stop, _session: { type: "websocket", id: "1" }, topic: "home" });
      const { _msgid, ...flush } = await flow.at("device").next(event("flush"));
      assert.deepEqual(flush, {
        ...stop,
        event: "flush",
        payload: { event: "flush" },
        session: "1",
        topic: "home",
        _session: { type: "websocket", id: "1" },
      });
      assert.ok(heard().length < 48 * 4_000);
      // Nothing of the old turn comes any more: the next turn is heard from its beginning.
      const before = frames().length;
      say(counting(100), { session: "1" });
      complete({ session: "1" });
      await flow.at("device").next(event("turnComplete"));
      assert.ok(
        Buffer.concat(
          frames()
            .slice(before)
            .map(({ payload }) => payload as Buffer),
        ).equals(counting(100)),
      );
    });

  it("tells the device to flush also when nothing is queued: the device may have more", async () => {
    await start();
    flow.send("out", { event: "interrupted" });
    await flow.at("device").next(event("flush"));
  });

  it("says that a turn without sound is complete", async () => {
    await start();
    complete();
    await flow.at("device").next(event("turnComplete"));
  });

  it("plays a last half frame when the model has said everything", async () => {
    await start({ jitterBufferMs: 2_000 });
    say(counting(30));
    flow.send("out", { event: "generationComplete", turn: 1 });
    await flow.at("device").next();
    await flow.at("device").next();
    assert.ok(heard().equals(counting(30)));
    assert.deepEqual(
      flow.all("device", ({ event }) => event !== undefined),
      [],
    );
  });

  it("plays what waits in the jitter buffer when no more comes", async () => {
    await start({ jitterBufferMs: 2_000 });
    say(counting(20));
    await flow.at("device").next();
    assert.ok(heard().equals(counting(20)));
  });

  it("keeps the sound of two sessions apart, and an interruption of one leaves the other", async () => {
    await start();
    const sound = counting(400);
    for (const chunk of chunksOf(sound, 5_000)) {
      say(chunk, { session: "kitchen" });
      say(chunk, { session: "hall", topic: "h" });
    }
    flow.send("out", { event: "interrupted", session: "kitchen" });
    complete({ session: "hall" });
    await flow.at("device").next((msg) => msg.event === "turnComplete" && msg.session === "hall");
    assert.ok(heard(({ session }) => session === "hall").equals(sound));
    assert.ok(heard(({ session }) => session === "kitchen").length < sound.length);
    assert.ok(frames(({ session }) => session === "hall").every(({ topic }) => topic === "h"));
  });

  it("leaves everything else of a message as it is, and does not write into its Buffer", async () => {
    await start({ pacing: "burst" });
    const sound = counting(20);
    say(sound, { colour: "blue", topic: "home" });
    const { _msgid, payload, ...rest } = await flow.at("device").next();
    assert.deepEqual(rest, {
      mimeType: "audio/pcm;rate=24000",
      turn: 1,
      colour: "blue",
      topic: "home",
      session: "default",
    });
    assert.ok(sound.equals(counting(20)));
    assert.equal((payload as Buffer).buffer, sound.buffer, "whole frames are not copied");
  });

  it("passes no other event on", async () => {
    await start();
    for (const name of ["usage", "state", "generationComplete"]) flow.send("out", { event: name });
    complete();
    await flow.at("device").next();
    assert.deepEqual(
      flow.all("device").map(({ event }) => event),
      ["turnComplete"],
    );
  });

  const refused: [what: string, msg: Msg, error: RegExp][] = [
    [
      "a text",
      { payload: "hello" },
      /payload is not a Buffer: audio out takes the audio output of a session/,
    ],
    ["no payload", {}, /payload is not a Buffer/],
    ["odd bytes", { payload: Buffer.alloc(961) }, /961 bytes of sound end in the middle of a sample/],
    ["stereo", { payload: Buffer.alloc(960), mimeType: "audio/pcm;rate=24000;channels=2" }, /takes mono PCM/],
    ["a WAV file", { payload: Buffer.alloc(960), mimeType: "audio/wav" }, /takes mono PCM, not audio\/wav/],
    ["a rate of 3 Hz", { payload: Buffer.alloc(960), mimeType: "audio/pcm;rate=3" }, /3 Hz is not supported/],
    ["a picture", { payload: Buffer.alloc(960), mimeType: "image/png" }, /"image\/png" is not supported/],
    ["a bad session key", { payload: Buffer.alloc(960), session: {} }, /msg\.session must be a string/],
    ["more than its queue holds", { payload: Buffer.alloc(50e6) }, /ms of sound were dropped/],
  ];
  for (const [what, msg, error] of refused)
    it(`refuses ${what} with an error that the Catch node gets, and goes on playing`, async () => {
      await start();
      say(counting(100));
      flow.send("out", { ...msg, mark: what });
      const caught = await flow.nextError();
      assert.match(caught.message, error);
      assert.equal(caught.msg.mark, what);
      say(counting(100));
      complete();
      await flow.at("device").next(event("turnComplete"));
      assert.ok(heard().equals(Buffer.concat([counting(100), counting(100)])));
    });

  const unusable: [what: string, properties: object, error: RegExp][] = [
    ["a rate that is no number", { sampleRate: "fast" }, /"sample rate" must be a number from 8000 to 96000/],
    ["a rate that it cannot make", { sampleRate: 12_345 }, /12345 Hz is not supported\. Use one of/],
    ["a frame of 1 ms", { frameMs: 1 }, /"frame length" must be a number from 10 to 200/],
    ["an unknown pace", { pacing: "slow" }, /"pacing" must be one of realTime, burst/],
    ["a negative lead", { sendAheadMs: -1 }, /"lead" must be a number from 0 to 5000/],
    ["a jitter buffer of an hour", { jitterBufferMs: 3.6e6 }, /"jitter buffer" must be a number/],
    ["no queue", { queueLimitSeconds: 0 }, /"queue" must be a number from 1/],
  ];
  for (const [what, properties, error] of unusable)
    it(`set to ${what}: a red badge, and an error for every message`, async () => {
      await start(properties);
      const badge = flow.badges("out").items.at(-1)!;
      assert.equal(badge.fill, "red");
      assert.match(badge.text!, error);
      say(counting(20));
      assert.match((await flow.nextError()).message, error);
    });
});
