import assert from "node:assert/strict";
import { systemClock } from "../../audio/clock";
import { OpusDecoder } from "../../audio/codecs/opus";
import { toMono } from "../../audio/codecs/samples";
import { WavReader } from "../../audio/codecs/wav";
import { parseMimeType } from "../../audio/formats";
import { Playback } from "../../audio/playback";
import { replace } from "../clean-up";
import { node } from "../flow-node";
import { chunksOf, correlation, speech } from "../speech";
import { event, Flow, type Msg, skip } from "./flow";

/** Sound of the model, in which each sample has the value of its position. */
const counting = (ms: number) => {
  const pcm = Buffer.alloc(ms * 48);
  for (let i = 0; i < pcm.length; i += 2) pcm.writeUInt16LE((i / 2) % 30_000, i);
  return pcm;
};

describe("audio out", () => {
  let flow: Flow;
  const start = async (properties: object = {}) => {
    flow = await Flow.start([
      node("out", "gemini-audio-out", properties, [["device"], ["events"]]),
      node("device", "helper"),
      node("events", "helper"),
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
    it(`plays all sound in order, in frames, and then reports turnComplete (${pacing})`, async () => {
      await start({ pacing });
      const sound = counting(333);
      for (const chunk of chunksOf(sound, 5_000)) say(chunk);
      complete({ topic: "home" });
      const { _msgid, ...end } = await flow.at("events").next(event("turnComplete"));
      assert.deepEqual(end, {
        event: "turnComplete",
        payload: { event: "turnComplete", playback: true, turn: 1 },
        turn: 1,
        session: "default",
        topic: "home",
      });
      assert.ok(heard().equals(sound));
      for (const { payload, mimeType } of frames().slice(0, -1)) {
        assert.equal((payload as Buffer).length, 960);
        assert.equal(mimeType, "audio/pcm;rate=24000");
      }
    });

  for (const [rate, factor] of [
    [8_000, 1 / 3],
    [16_000, 2 / 3],
    [48_000, 2],
  ] as const)
    it(`plays at ${rate} Hz, in frames of the configured length`, async () => {
      await start({ sampleRate: rate, frameMs: 60, pacing: "burst" });
      const sound = Buffer.alloc(48_000);
      for (let i = 0; i < sound.length; i += 2)
        sound.writeInt16LE(Math.round(9_000 * Math.sin((2 * Math.PI * 440 * (i / 2)) / 24_000)), i);
      for (const chunk of chunksOf(sound, 11_520)) say(chunk);
      complete();
      await flow.at("events").next(event("turnComplete"));
      assert.ok(Math.abs(heard().length - sound.length * factor) <= 4);
      assert.ok(correlation(sound.subarray(4_800, -4_800), 24_000, heard(), rate) > 0.95);
      for (const { payload, mimeType } of frames().slice(0, -1)) {
        assert.equal((payload as Buffer).length, rate * 0.12);
        assert.equal(mimeType, `audio/pcm;rate=${rate}`);
      }
    });

  for (const pacing of ["realTime", "burst"])
    it(`sends the chunks of the model as they come, without a copy, when no frame length is set (${pacing})`, async () => {
      await start({ version: 2, pacing });
      const chunks = [...chunksOf(counting(500), 11_520)];
      for (const chunk of chunks) say(chunk);
      complete();
      await flow.at("events").next(event("turnComplete"));
      assert.deepEqual(
        frames().map(
          ({ payload }) => (payload as Buffer).buffer === chunks[0]!.buffer && (payload as Buffer).length,
        ),
        chunks.map(({ length }) => length),
      );
    });

  it("gives each frame the properties of its own sound message, not of the first one", async () => {
    await start({ pacing: "burst" });
    for (const turn of [1, 2]) {
      say(counting(100), { turn, topic: `turn ${turn}` });
      complete({ turn });
      await flow.at("events").next(event("turnComplete"));
    }
    assert.deepEqual(
      [...new Set(frames().map(({ turn, topic }) => `${turn}: ${topic}`))],
      ["1: turn 1", "2: turn 2"],
    );
  });

  it("plays all of a sound that is longer than the time after which unused playbacks are closed", async () => {
    // Timers of seconds run a hundred times as fast.
    const { after } = systemClock;
    replace(systemClock, "after", (ms, callback) => after(ms >= 1_000 ? ms / 100 : ms, callback));
    await start({ sendAheadMs: 0, jitterBufferMs: 0 });
    const sound = counting(1_000);
    say(sound);
    complete();
    await flow.at("device").next();
    skip(61_000);
    await flow.at("events").next(event("turnComplete"));
    assert.ok(heard().equals(sound));
  });

  it("keeps a thousand playbacks at most, and frees those that have played before those that play", async () => {
    await start({ pacing: "whole" });
    let freed = 0;
    const { free } = Playback.prototype;
    replace(Playback.prototype, "free", function (this: Playback) {
      freed += 1;
      free.call(this);
    });
    say(counting(20), { session: "plays" });
    for (let key = 0; key < 1_100; key++) complete({ session: key });
    await flow.at("events").next(({ session }) => session === "1099");
    assert.equal(freed, 101);
    complete({ session: "plays" });
    const { payload } = await flow.at("device").next();
    assert.ok((payload as Buffer).equals(counting(20)));
  });

  it("takes the sample rate of a message from its mimeType", async () => {
    await start({ pacing: "burst" });
    say(speech, { mimeType: "audio/pcm;rate=16000" });
    complete();
    await flow.at("events").next(event("turnComplete"));
    assert.ok(correlation(speech.subarray(3_200, -3_200), 16_000, heard(), 24_000) > 0.9);
  });

  for (const [what, stop] of [
    ["the model is interrupted", { event: "interrupted" }],
    ["it gets the action interrupt", { action: "interrupt" }],
  ] as const)
    it(`drops its queue when ${what}, and sends flush on its second output`, async () => {
      await start({ sendAheadMs: 0 });
      say(counting(5_000), { _session: { type: "websocket", id: "1" } });
      await flow.at("device").next();
      flow.send("out", { ...stop, _session: { type: "websocket", id: "1" }, topic: "home" });
      const { _msgid, ...flush } = await flow.at("events").next(event("flush"));
      const { heardMs, unheardMs, ...details } = flush.payload as Record<string, number>;
      assert.deepEqual(details, { event: "flush", turn: 1, seq: frames().length });
      assert.ok(heardMs! + unheardMs! > 4_900 && heardMs! < 1_000, JSON.stringify(flush.payload));
      assert.deepEqual(flush, {
        event: "flush",
        turn: 1,
        payload: flush.payload,
        session: "1",
        // What stops the sound may be a button, whose topic must not be published to.
        ...("event" in stop && { topic: "home" }),
        _session: { type: "websocket", id: "1" },
      });
      assert.ok(heard().length < 48 * 4_000);
      // The next turn plays from its start, without a rest of the old one.
      const before = frames().length;
      say(counting(100), { session: "1", turn: 2 });
      complete({ session: "1", turn: 2 });
      await flow.at("events").next(event("turnComplete"));
      assert.ok(
        Buffer.concat(
          frames()
            .slice(before)
            .map(({ payload }) => payload as Buffer),
        ).equals(counting(100)),
      );
    });

  it("sends flush even if its queue is empty, because the device may have a buffer", async () => {
    await start();
    flow.send("out", { event: "interrupted" });
    await flow.at("events").next(event("flush"));
  });

  const whenStopped: [when: string, messages: Msg[]][] = [
    [
      "a turn that is stopped",
      [
        { event: "interrupted", turn: 1 },
        { event: "turnComplete", turn: 1 },
      ],
    ],
    [
      "a turn that is stopped before its sound",
      [{ action: "interrupt" }, { event: "turnComplete", turn: 1 }],
    ],
    [
      "a turn that is stopped after its end, while it plays",
      [{ event: "turnComplete", turn: 1 }, { action: "interrupt" }],
    ],
  ];
  for (const [when, messages] of whenStopped)
    it(`reports turnComplete with interrupted: true for ${when}, and without it for the next turn`, async () => {
      await start({ sendAheadMs: 0 });
      if (!when.includes("before")) say(counting(5_000));
      for (const msg of messages) flow.send("out", msg);
      const { payload } = await flow.at("events").next(event("turnComplete"));
      assert.deepEqual(payload, { event: "turnComplete", playback: true, turn: 1, interrupted: true });
      say(counting(20), { turn: 2 });
      complete({ turn: 2 });
      const next = await flow.at("events").next(event("turnComplete"));
      assert.deepEqual([next.turn, next.payload], [2, { event: "turnComplete", playback: true, turn: 2 }]);
      assert.deepEqual(
        flow
          .all("events", (msg) => msg.event === "flush" || msg.event === "turnComplete")
          .map((msg) => msg.event),
        ["flush", "turnComplete", "turnComplete"],
      );
    });

  it("reports turnComplete of a turn without sound", async () => {
    await start();
    complete();
    await flow.at("events").next(event("turnComplete"));
  });

  it("sends only whole frames within a turn, however long its sound pauses", async () => {
    await start({ sampleRate: "16000", jitterBufferMs: 60 });
    const sound = counting(407);
    say(sound.subarray(0, 48 * 207), { session: "kitchen" });
    // Sound that does not fill its jitter buffer plays after half a second: by then the kitchen has paused that long, too.
    say(counting(40), { session: "hall" });
    await flow.at("device").next(({ session }) => session === "hall");
    say(sound.subarray(48 * 207), { session: "kitchen" });
    complete({ session: "kitchen" });
    await flow.at("events").next(event("turnComplete"));
    const lengths = frames(({ session }) => session === "kitchen").map(
      ({ payload }) => (payload as Buffer).length,
    );
    assert.deepEqual(new Set(lengths.slice(0, -1)), new Set([640]));
    assert.ok(Math.abs(lengths.reduce((sum, length) => sum + length, 0) - 32 * 407) <= 2);
  });

  it("plays a shorter last frame when the generation is complete", async () => {
    await start({ jitterBufferMs: 2_000 });
    say(counting(30));
    flow.send("out", { event: "generationComplete", turn: 1 });
    await flow.at("device").next();
    await flow.at("device").next();
    assert.ok(heard().equals(counting(30)));
    assert.deepEqual(flow.all("events", event("turnComplete")), []);
  });

  it("plays a jitter buffer that is not full when no more sound comes", async () => {
    await start({ jitterBufferMs: 2_000 });
    say(counting(20));
    await flow.at("device").next();
    assert.ok(heard().equals(counting(20)));
  });

  it("separates the sound of two sessions: an interruption of one does not affect the other", async () => {
    await start();
    const sound = counting(400);
    for (const chunk of chunksOf(sound, 5_000)) {
      say(chunk, { session: "kitchen" });
      say(chunk, { session: "hall", topic: "h" });
    }
    flow.send("out", { event: "interrupted", session: "kitchen" });
    complete({ session: "hall" });
    await flow.at("events").next((msg) => msg.event === "turnComplete" && msg.session === "hall");
    assert.ok(heard(({ session }) => session === "hall").equals(sound));
    assert.ok(heard(({ session }) => session === "kitchen").length < sound.length);
    assert.ok(frames(({ session }) => session === "hall").every(({ topic }) => topic === "h"));
  });

  it("keeps all other properties of a message, and does not write to its Buffer", async () => {
    await start({ pacing: "burst" });
    const sound = counting(20);
    say(sound, { color: "blue", topic: "home" });
    const { _msgid, payload, ...rest } = await flow.at("device").next();
    assert.deepEqual(rest, {
      mimeType: "audio/pcm;rate=24000",
      turn: 1,
      seq: 1,
      color: "blue",
      topic: "home",
      session: "default",
    });
    assert.ok(sound.equals(counting(20)));
    assert.equal((payload as Buffer).buffer, sound.buffer, "a whole frame was copied");
  });

  it("ignores other events", async () => {
    await start();
    for (const name of ["usage", "state", "generationComplete"]) flow.send("out", { event: name });
    complete();
    await flow.at("events").next();
    assert.deepEqual(flow.all("device"), []);
    assert.deepEqual(
      flow.all("events").map(({ event }) => event),
      ["turnComplete"],
    );
  });

  const refused: [what: string, msg: Msg, error: RegExp][] = [
    ["a text", { payload: "hello" }, /payload is not a Buffer\. Wire the audio output of a live session/],
    ["no payload", {}, /payload is not a Buffer/],
    ["odd bytes", { payload: Buffer.alloc(961) }, /961 bytes ends in the middle of a sample/],
    [
      "stereo",
      { payload: Buffer.alloc(960), mimeType: "audio/pcm;rate=24000;channels=2" },
      /takes mono 16-bit PCM/,
    ],
    [
      "a WAV file",
      { payload: Buffer.alloc(960), mimeType: "audio/wav" },
      /"audio\/wav" is not supported\. Audio out takes mono 16-bit PCM/,
    ],
    ["a rate of 3 Hz", { payload: Buffer.alloc(960), mimeType: "audio/pcm;rate=3" }, /3 Hz is not supported/],
    ["an image", { payload: Buffer.alloc(960), mimeType: "image/png" }, /"image\/png" is not supported/],
    ["a bad session key", { payload: Buffer.alloc(960), session: {} }, /msg\.session must be a string/],
    ["more than its queue limit", { payload: Buffer.alloc(50e6) }, /ms of sound were dropped/],
  ];
  for (const [what, msg, error] of refused)
    it(`refuses ${what} with an error to the Catch node, and continues to play`, async () => {
      await start();
      say(counting(100));
      flow.send("out", { ...msg, mark: what });
      const caught = await flow.nextError();
      assert.match(caught.message, error);
      assert.equal(caught.msg.mark, what);
      say(counting(100));
      complete();
      await flow.at("events").next(event("turnComplete"));
      assert.ok(heard().equals(Buffer.concat([counting(100), counting(100)])));
    });

  it("numbers the frames of each turn, and each frame has the turn of its sound", async () => {
    await start({ sendAheadMs: 5_000, jitterBufferMs: 0 });
    for (const turn of [1, 2]) {
      say(counting(50), { turn });
      complete({ turn });
    }
    await flow.at("events").next((msg) => msg.event === "turnComplete" && msg.turn === 2);
    assert.deepEqual(
      frames().map(({ turn, seq }) => [turn, seq]),
      [1, 2].flatMap((turn) => [1, 2, 3].map((seq) => [turn, seq])),
    );
  });

  for (const [format, mimeType, encoding] of [
    ["float", "audio/pcm;rate=16000;encoding=float;bits=32", "f32le"],
    ["mulaw", "audio/pcmu;rate=16000", "mulaw"],
    ["alaw", "audio/pcma;rate=16000", "alaw"],
  ] as const)
    it(`sends ${format}, which audio in reads again by its mimeType`, async () => {
      await start({ format, sampleRate: "16000", pacing: "burst" });
      say(speech, { mimeType: "audio/pcm;rate=16000" });
      complete();
      await flow.at("events").next(event("turnComplete"));
      assert.ok(frames().every((msg) => msg.mimeType === mimeType));
      const parsed = { encoding, sampleRate: 16_000, channels: 1 };
      assert.deepEqual(parseMimeType(mimeType), parsed);
      const read = toMono(heard(), parsed);
      if (format === "float") assert.ok(read.equals(speech));
      else assert.ok(correlation(speech, 16_000, read, 16_000) > 0.99);
    });

  it("sends the whole answer as one WAV file", async () => {
    await start({ format: "wav", pacing: "whole" });
    for (const chunk of chunksOf(counting(333), 5_000)) say(chunk);
    assert.deepEqual(frames(), []);
    flow.send("out", { event: "generationComplete", turn: 1 });
    const { payload, mimeType } = await flow.at("device").next();
    assert.equal(mimeType, "audio/wav");
    const reader = new WavReader();
    const [piece] = reader.push(payload as Buffer);
    assert.deepEqual(piece!.format, { encoding: "s16le", sampleRate: 24_000, channels: 1 });
    assert.ok(piece!.pcm.equals(counting(333)));
    assert.deepEqual(reader.rest, Buffer.alloc(0), "the header has the length");
  });

  it("sends the header of a WAV stream before the frames of each turn", async () => {
    await start({ format: "wav", pacing: "burst", sampleRate: "8000" });
    for (const turn of [1, 2]) {
      say(counting(60), { turn });
      complete({ turn });
    }
    await flow.at("events").next((msg) => msg.event === "turnComplete" && msg.turn === 2);
    assert.deepEqual(
      frames().map(({ turn, seq, payload }) => [turn, seq, (payload as Buffer).length]),
      [1, 2].flatMap((turn) => [[turn, 0, 44], ...[1, 2, 3].map((seq) => [turn, seq, 320])]),
    );
    const [piece] = new WavReader().push(heard(({ turn }) => turn === 2));
    assert.equal(piece!.format.sampleRate, 8_000);
    assert.equal(piece!.pcm.length, 960);
  });

  it("sends Opus packets of the frame length and the rate that are set", async () => {
    await start({ format: "opus", sampleRate: "24000", frameMs: 60, pacing: "burst" });
    say(speech, { mimeType: "audio/pcm;rate=16000" });
    complete();
    await flow.at("events").next(event("turnComplete"));
    const decoder = await OpusDecoder.create(1);
    const packets = frames().map(({ payload }) => decoder.decode(payload as Buffer));
    decoder.free();
    assert.deepEqual(new Set(packets.map(({ length }) => length)), new Set([60 * 32]));
    assert.equal(frames()[0]!.mimeType, "audio/opus;rate=24000");
    const back = Buffer.concat(packets);
    assert.ok(correlation(speech.subarray(3_200, -3_200), 16_000, back, 16_000) > 0.9);
  });

  it("sends Opus packets of 20 ms when no frame length is set", async () => {
    await start({ version: 2, format: "opus", sampleRate: "24000", pacing: "burst" });
    say(counting(100));
    complete();
    await flow.at("events").next(event("turnComplete"));
    assert.equal(frames().length, 5);
  });

  it("sends the header of a WAV stream as base64 text, too", async () => {
    await start({ format: "wav", base64: true, pacing: "burst" });
    say(counting(20));
    const { payload } = await flow.at("device").next();
    assert.equal(Buffer.from(payload as string, "base64").toString("latin1", 0, 4), "RIFF");
    assert.equal(typeof payload, "string");
  });

  it("sends base64 text when it is asked to", async () => {
    await start({ base64: true, pacing: "burst" });
    say(counting(20));
    const { payload } = await flow.at("device").next();
    assert.equal(payload, counting(20).toString("base64"));
  });

  it("drops what the session still sends of an answer that the flow has stopped", async () => {
    await start();
    say(counting(100));
    flow.send("out", { action: "interrupt" });
    say(counting(100));
    complete();
    say(counting(20), { turn: 2 });
    complete({ turn: 2 });
    await flow.at("events").next((msg) => msg.event === "turnComplete" && msg.turn === 2);
    const order = [...flow.at("device").items, ...flow.all("events", event("flush"))];
    assert.ok(order.length > 0);
    assert.ok(heard(({ turn }) => turn === 1).length <= counting(100).length);
    assert.ok(heard(({ turn }) => turn === 2).equals(counting(20)));
  });

  const flushes: [kind: string, properties: object, payload: unknown][] = [
    [
      "JSON",
      { flush: "json", flushTemplate: '{"event":"clear","streamSid":"{{session}}","turn":{{turn}}}' },
      { event: "clear", streamSid: 'a"b', turn: 7 },
    ],
    ["text", { flush: "text", flushTemplate: "STOP {{turn}} {{unknown}}" }, "STOP 7 {{unknown}}"],
    [
      "bytes",
      { flush: "bytes", flushTemplate: "ff {{turn:2}}{{seq:1}} 00" },
      Buffer.from("ff00070000", "hex"),
    ],
  ];
  for (const [kind, properties, payload] of flushes)
    it(`sends the device's own flush message: ${kind}`, async () => {
      await start(properties);
      flow.send("out", { event: "interrupted", turn: 7, session: 'a"b' });
      const flush = await flow.at("events").next(event("flush"));
      assert.deepEqual(flush.payload, payload);
    });

  it("flushes with bytes also a turn that is no finite number", async () => {
    await start({ flush: "bytes", flushTemplate: "ff {{turn:2}}" });
    flow.send("out", { event: "interrupted", turn: Number.POSITIVE_INFINITY });
    assert.deepEqual((await flow.at("events").next(event("flush"))).payload, Buffer.from("ff0000", "hex"));
  });

  const unusable: [what: string, properties: object, error: RegExp][] = [
    [
      "a rate that is not a number",
      { sampleRate: "fast" },
      /"Sample rate" must be one of 8000, .*; it is "fast"/,
    ],
    ["an unsupported rate", { sampleRate: 12_345 }, /"Sample rate" must be one of 8000, .*; it is 12345/],
    ["a frame of 1 ms", { frameMs: 1 }, /"Frame length \(ms\)" must be a number from 10 to 200/],
    ["an unknown pacing", { pacing: "slow" }, /"Pacing" must be one of realTime, burst, whole/],
    ["a negative send-ahead", { sendAheadMs: -1 }, /"Send-ahead \(ms\)" must be a number from 0 to 5000/],
    ["a jitter buffer of an hour", { jitterBufferMs: 3.6e6 }, /"Jitter buffer \(ms\)" must be a number/],
    ["Opus of 44.1 kHz", { format: "opus", sampleRate: "44100" }, /Opus takes 8, 12, 16, 24 or 48 kHz/],
    ["Opus frames of 30 ms", { format: "opus", frameMs: 30 }, /Opus takes frames of 10, 20, 40 or 60 ms/],
    ["Opus as a whole", { format: "opus", pacing: "whole" }, /cannot be Opus packets/],
    ["a flush template that is no JSON", { flush: "json", flushTemplate: "{" }, /flush template must be/],
    [
      "flush JSON with the session key outside quotation marks",
      { flush: "json", flushTemplate: '{"of":{{session}}}' },
      /flush template must be/,
    ],
    [
      "flush bytes that are not hexadecimal",
      { flush: "bytes", flushTemplate: "f" },
      /flush template must be/,
    ],
    ["an empty flush text", { flush: "text" }, /flush template must be/],
    ["no queue", { queueLimitSeconds: 0 }, /"Queue limit \(s\)" must be a number from 1/],
  ];
  for (const [what, properties, error] of unusable)
    it(`set to ${what}: shows a red badge, and an error per message`, async () => {
      await start(properties);
      const badge = flow.badges("out").items.at(-1)!;
      assert.equal(badge.fill, "red");
      assert.match(badge.text!, error);
      say(counting(20));
      assert.match((await flow.nextError()).message, error);
    });
});
