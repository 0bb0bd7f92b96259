import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { node } from "../flow-node";
import { chunksOf, correlation, SPEECH_WAV, speech } from "../speech";
import { Flow, type Msg } from "./flow";

const FRAME = { mimeType: "audio/pcm;rate=16000" };

describe("audio in", () => {
  let flow: Flow;
  const start = async (properties: object = {}) => {
    flow = await Flow.start([
      node("in", "gemini-audio-in", { endAfterMs: 50, ...properties }, [["out"]]),
      node("out", "helper"),
    ]);
  };
  const ended = (key?: string) =>
    flow.at("out").next(({ action, session }) => action === "audioStreamEnd" && (!key || session === key));
  const frames = (wanted: (msg: Msg) => boolean = () => true) =>
    flow.all("out", (msg) => Buffer.isBuffer(msg.payload) && wanted(msg));
  const heard = (wanted?: (msg: Msg) => boolean) =>
    Buffer.concat(frames(wanted).map(({ payload }) => payload as Buffer));

  for (const size of [1, 100, 639, 641, 5_000, 70_400])
    it(`makes frames of 640 bytes from chunks of ${size}, without loss between them`, async () => {
      const said = speech.subarray(0, size === 1 ? 3_332 : speech.length);
      await start();
      for (const payload of chunksOf(said, size)) flow.send("in", { payload });
      await ended();
      const all = frames();
      for (const { payload, mimeType } of all.slice(0, -1)) {
        assert.equal((payload as Buffer).length, 640);
        assert.equal(mimeType, FRAME.mimeType);
      }
      assert.ok(heard().equals(said));
    });

  it("makes frames of the length that is set", async () => {
    await start({ frameMs: 100 });
    flow.send("in", { payload: speech.subarray(0, 6_400) });
    await ended();
    assert.deepEqual(
      frames().map(({ payload }) => (payload as Buffer).length),
      [3_200, 3_200],
    );
  });

  it("does not copy sound in whole frames", async () => {
    await start();
    const payload = Buffer.from(speech.subarray(0, 1_280));
    flow.send("in", { payload });
    await ended();
    for (const frame of frames()) assert.equal((frame.payload as Buffer).buffer, payload.buffer);
  });

  it("reads a WAV file, whole or in pieces, without its header", async () => {
    const wav = readFileSync(SPEECH_WAV);
    await start();
    flow.send("in", { payload: wav });
    await ended();
    assert.ok(heard().equals(speech));
    for (const payload of chunksOf(wav, 37)) flow.send("in", { payload, session: "pieces" });
    await ended("pieces");
    assert.ok(heard(({ session }) => session === "pieces").equals(speech));
  });

  it("takes raw sound after a WAV file in the same stream", async () => {
    await start();
    flow.send("in", { payload: readFileSync(SPEECH_WAV) });
    for (const payload of chunksOf(speech, 640)) flow.send("in", { payload });
    await ended();
    assert.ok(heard().equals(Buffer.concat([speech, speech])));
    assert.deepEqual(flow.caught.items, []);
  });

  it("reads base64", async () => {
    await start();
    flow.send("in", { payload: speech.subarray(0, 1_280).toString("base64") });
    await ended();
    assert.ok(heard().equals(speech.subarray(0, 1_280)));
  });

  it("converts 48 kHz stereo to 16 kHz mono when the mimeType says so", async () => {
    const stereo = Buffer.alloc(speech.length * 6);
    for (let i = 0; i < speech.length / 2; i++)
      for (let copy = 0; copy < 6; copy++) stereo.writeInt16LE(speech.readInt16LE(2 * i), 12 * i + 2 * copy);
    await start();
    for (const payload of chunksOf(stereo, 4_001))
      flow.send("in", { payload, mimeType: "audio/pcm;rate=48000;channels=2" });
    await ended();
    assert.ok(Math.abs(heard().length - speech.length) <= 4, `${heard().length} of ${speech.length} bytes`);
    assert.ok(correlation(speech.subarray(3_200, -3_200), 16_000, heard(), 16_000) > 0.95);
  });

  it("takes the format of its settings for sound without a mimeType", async () => {
    await start({ format: "pcm", sampleRate: "8000", channels: "1" });
    flow.send("in", { payload: Buffer.alloc(320) });
    await ended();
    assert.equal(heard().length, 640);
  });

  it("keeps all other properties of a message on each of its frames", async () => {
    await start();
    const said = Buffer.from(speech.subarray(0, 1_280));
    const before = Buffer.from(said);
    flow.send("in", {
      payload: said,
      topic: "home",
      session: 7,
      color: "blue",
      _session: { type: "tcp", id: "1" },
    });
    await ended();
    assert.equal(frames().length, 2);
    for (const { _msgid, payload, ...rest } of frames())
      assert.deepEqual(rest, {
        ...FRAME,
        topic: "home",
        session: 7,
        color: "blue",
        _session: { type: "tcp", id: "1" },
      });
    assert.ok(said.equals(before), "the received Buffer was written to");
  });

  it("sends the rest of a stream that has ended, and then audioStreamEnd with its session", async () => {
    await start();
    flow.send("in", { payload: speech.subarray(0, 700), topic: "home", _session: { type: "tcp", id: "1" } });
    const { _msgid, ...end } = await ended();
    const identity = { session: "1", _session: { type: "tcp", id: "1" } };
    assert.deepEqual(end, { ...identity, action: "audioStreamEnd" });
    const [whole, rest] = frames();
    assert.equal((whole!.payload as Buffer).length, 640);
    assert.deepEqual([rest!.session, (rest!.payload as Buffer).length], ["1", 60]);
    assert.equal(flow.at("out").items.at(-1)!.action, "audioStreamEnd");
  });

  it("starts anew after the end of a stream", async () => {
    await start();
    for (let i = 0; i < 2; i++) {
      flow.send("in", { payload: speech.subarray(0, 640) });
      await ended();
    }
    assert.ok(heard().equals(Buffer.concat([speech.subarray(0, 640), speech.subarray(0, 640)])));
  });

  const UNCHANGED: [what: string, msg: Msg][] = [
    ["an action", { action: "disconnect", payload: 5, topic: "home" }],
    ["an event", { event: "played", turn: 1 }],
    ["a text", { payload: "Hello", mimeType: "text/plain" }],
    ["a picture", { payload: Buffer.alloc(9), mimeType: "image/jpeg" }],
  ];
  for (const [what, msg] of UNCHANGED)
    it(`passes a message with ${what} unchanged`, async () => {
      await start();
      const before = { ...msg };
      flow.send("in", msg);
      const { _msgid, ...passed } = await flow.at("out").next();
      assert.deepEqual(passed, before);
    });

  it("separates the sound of two sessions", async () => {
    await start();
    const backwards = Buffer.from(speech);
    for (let i = 0; i < speech.length; i += 2)
      backwards.writeInt16LE(speech.readInt16LE(speech.length - 2 - i), i);
    const other = chunksOf(backwards, 333);
    for (const payload of chunksOf(speech, 333)) {
      flow.send("in", { payload, session: "kitchen" });
      flow.send("in", { payload: other.next().value, session: "hall" });
    }
    await ended();
    await ended();
    assert.ok(heard(({ session }) => session === "kitchen").equals(speech));
    assert.ok(heard(({ session }) => session === "hall").equals(backwards));
  });

  const refused: [what: string, msg: Msg, error: RegExp][] = [
    ["no payload", {}, /payload is of type undefined, not sound/],
    ["an object", { payload: { sound: 1 } }, /payload is of type object, not sound/],
    ["a text", { payload: "hello, how are you?" }, /not base64/],
    ["50 MB", { payload: Buffer.alloc(50e6) }, /47\.7 MiB of sound; a message may have at most 16 MiB/],
    [
      "an unknown format",
      { payload: Buffer.alloc(640), mimeType: "audio/ogg" },
      /"audio\/ogg" is not supported/,
    ],
    ["a rate of 3 Hz", { payload: Buffer.alloc(640), mimeType: "audio/pcm;rate=3" }, /3 Hz is not supported/],
    ["a mimeType that is not a string", { payload: Buffer.alloc(640), mimeType: { rate: 1 } }, /mimeType/],
    ["a bad session key", { payload: Buffer.alloc(640), session: {} }, /msg\.session must be a string/],
  ];
  for (const [what, msg, error] of refused)
    it(`refuses ${what} with an error to the Catch node, and continues the stream`, async () => {
      await start({ endAfterMs: 0 });
      flow.send("in", { payload: speech.subarray(0, 700) });
      flow.send("in", { ...msg, mark: what });
      const caught = await flow.nextError();
      assert.match(caught.message, error);
      assert.equal(caught.msg.mark, what);
      flow.send("in", { payload: speech.subarray(700, 1_280) });
      for (let i = 0; i < 2; i++) await flow.at("out").next();
      assert.ok(heard().equals(speech.subarray(0, 1_280)));
      assert.equal(flow.caught.items.length, 1);
    });

  it("sends no audioStreamEnd for a stream without sound", async () => {
    await start();
    flow.send("in", { payload: 5, session: "kitchen" });
    await flow.nextError();
    flow.send("in", { payload: speech.subarray(0, 640), session: "hall" });
    await ended("hall");
    flow.send("in", { payload: speech.subarray(0, 640), session: "hall" });
    await ended("hall");
    assert.deepEqual(
      flow.all("out", ({ session }) => session === "kitchen"),
      [],
    );
  });

  it("reports an incomplete sample at the end of a stream, and still ends it", async () => {
    await start();
    flow.send("in", { payload: Buffer.alloc(641), session: "mine" });
    const { message, msg } = await flow.nextError();
    assert.match(message, /ended in the middle of a sample/);
    assert.equal(msg.session, "mine");
    await ended("mine");
  });

  it("takes nothing more once it is closed: sound that arrived just before is dropped", async () => {
    await start();
    const sent = flow.sends("in");
    flow.send("in", { payload: speech });
    await flow.stop();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(sent(), []);
  });

  const unusable: [what: string, properties: object, error: RegExp][] = [
    ["a frame of 1 ms", { frameMs: 1 }, /"Frame length \(ms\)" must be a number from 10 to 200/],
    ["a timeout that is not a number", { endAfterMs: "soon" }, /"Stream timeout \(ms\)" must be a number/],
    ["an unknown format", { format: "mp3" }, /"Format" must be one of auto, pcm/],
    [
      "a rate of 3 Hz",
      { format: "pcm", sampleRate: 3, channels: 1 },
      /"Sample rate" must be one of 8000, .*; it is 3/,
    ],
    [
      "five channels",
      { format: "pcm", sampleRate: 8000, channels: 5 },
      /"Channels" must be one of 1, 2; it is 5/,
    ],
  ];
  for (const [what, properties, error] of unusable)
    it(`set to ${what}: shows a red badge, and an error per message`, async () => {
      await start(properties);
      const badge = flow.badges("in").items.at(-1)!;
      assert.equal(badge.fill, "red");
      assert.match(badge.text!, error);
      flow.send("in", { payload: speech });
      assert.match((await flow.nextError()).message, error);
    });
});
