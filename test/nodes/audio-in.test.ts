import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { OpusEncoder } from "../../audio/codecs/opus";
import { encode } from "../audio/input/encode";
import { pagesOf } from "../audio/ogg-opus";
import { pcm, samplesOf } from "../audio/tone";
import { cleanUp, opened } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { node } from "../flow-node";
import { Inbox } from "../inbox";
import { chunksOf, correlation, SPEECH_OGG, SPEECH_WAV, silence, speech } from "../speech";
import { connection, connectionTo, event, Flow, type Frame, type Msg, session, state } from "./flow";

const FRAME = { mimeType: "audio/pcm;rate=16000" };

describe("audio in", () => {
  let flow: Flow;
  const start = async (properties: object = {}) => {
    flow = await Flow.start([
      node("in", "gemini-audio-in", { endAfterMs: 50, ...properties }, [["out"], ["events"]]),
      node("out", "helper"),
      node("events", "helper"),
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

  it("reports texts among base64 once per stream, and takes the sound before and after them as it is", async () => {
    await start();
    for (const at of [0, 640, 1_280]) {
      flow.send("in", { payload: speech.subarray(at, at + 640).toString("base64") });
      flow.send("in", { payload: "ping" });
    }
    await ended();
    assert.ok(heard().equals(speech.subarray(0, 1_920)));
    assert.match((await flow.nextError()).message, /short string that is no whole samples/);
    assert.equal(flow.caught.items.length, 1);
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
    ["a text", { payload: "Hello", mimeType: "text/plain" }],
    ["an image", { payload: Buffer.alloc(9), mimeType: "image/jpeg" }],
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
      { payload: Buffer.alloc(640), mimeType: "audio/webm" },
      /"audio\/webm" is not supported/,
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

  it("sends no audioStreamEnd for empty payloads", async () => {
    await start();
    for (const payload of [Buffer.alloc(0), ""]) flow.send("in", { payload });
    flow.send("in", { payload: speech.subarray(0, 640), session: "other" });
    await ended("other");
    assert.deepEqual(
      flow.all("out", ({ session }) => session !== "other"),
      [],
    );
  });

  it("sends the rest of the sound before the audioStreamEnd of a microphone, and that once", async () => {
    await start();
    flow.send("in", { payload: speech.subarray(0, 700) });
    flow.send("in", { action: "audioStreamEnd" });
    flow.send("in", { payload: speech.subarray(0, 640), session: "other" });
    await ended("other");
    const own = flow.all("out", ({ session }) => session !== "other");
    assert.deepEqual(
      own.map(({ action, payload }) => action ?? (payload as Buffer).length),
      [640, 60, "audioStreamEnd"],
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

  it("sends nothing more once it is closed: sound that still waits for its decoder is dropped", async () => {
    await start();
    const sent = flow.sends("in");
    flow.send("in", { payload: readFileSync(SPEECH_OGG) });
    flow.send("in", { payload: speech });
    await flow.stop();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(sent(), []);
  });

  for (const [what, properties, payload] of [
    ["24-bit big-endian", { format: "pcm", encoding: "s24be" }, encode(speech, "s24be")],
    ["float", { format: "pcm", encoding: "f32le" }, encode(speech, "f32le")],
    ["base64 of 32-bit", { format: "pcm", encoding: "s32le" }, encode(speech, "s32le").toString("base64")],
  ] as const)
    it(`takes ${what} sound`, async () => {
      await start(properties);
      flow.send("in", { payload });
      await ended();
      assert.ok(heard().equals(speech));
    });

  for (const [format, encoding, mimeType] of [
    ["mulaw", "mulaw", "audio/pcmu"],
    ["alaw", "alaw", "audio/pcma"],
  ] as const)
    it(`takes ${format} of 8 kHz by its setting or by its mimeType`, async () => {
      const narrow = Buffer.alloc(speech.length / 2);
      for (let at = 0; at < narrow.length; at += 2) narrow.writeInt16LE(speech.readInt16LE(2 * at), at);
      await start({ format });
      for (const payload of chunksOf(encode(narrow, encoding), 160)) flow.send("in", { payload });
      for (const payload of chunksOf(encode(narrow, encoding), 160))
        flow.send("in", { payload, mimeType, session: "other" });
      await ended("default");
      await ended("other");
      const [one, other] = ["default", "other"].map((key) =>
        heard(({ session }) => (session ?? "default") === key),
      );
      assert.ok(correlation(narrow.subarray(1_600, -1_600), 8_000, one!, 16_000) > 0.95);
      assert.ok(one!.equals(other!));
    });

  it("decodes Ogg Opus that begins like such a file, in chunks of any size", async () => {
    await start();
    for (const payload of chunksOf(readFileSync(SPEECH_OGG), 333)) flow.send("in", { payload });
    await ended();
    assert.ok(correlation(speech.subarray(3_200, -3_200), 16_000, heard(), 16_000) > 0.9);
    assert.deepEqual(flow.caught.items, []);
  });

  it("takes each packet once that the network has doubled, by msg.seq", async () => {
    await start();
    for (const [seq, payload] of [...chunksOf(speech.subarray(0, 6_400), 640)].entries())
      for (const copy of [payload, payload]) flow.send("in", { payload: copy, seq });
    await ended();
    assert.deepEqual(heard(), speech.subarray(0, 6_400));
  });

  it("fills in for lost packets by msg.seq, which the frames keep", async () => {
    await start();
    const packets = [...chunksOf(speech.subarray(0, 6_400), 640)];
    for (const [seq, payload] of packets.entries()) if (seq < 3 || seq > 5) flow.send("in", { payload, seq });
    flow.send("in", { payload: speech.subarray(6_400, 7_040), seq: "no number" });
    await ended();
    const gap = Buffer.alloc(3 * 640);
    const [before, after] = [speech.subarray(0, 1_920), speech.subarray(3_840, 7_040)];
    assert.deepEqual(heard(), Buffer.concat([before, gap, after]));
    assert.deepEqual(
      frames().map(({ seq }) => seq),
      [0, 1, 2, 6, 6, 6, 6, 7, 8, 9, "no number"],
    );
  });

  it("decodes one Opus packet per message", async () => {
    const encoder = await OpusEncoder.create({ sampleRate: 16_000, frameMs: 60, bitRate: 24_000 });
    await start({ format: "opus" });
    for (const pcm of chunksOf(speech, 1_920)) flow.send("in", { payload: encoder.encode(pcm) });
    encoder.free();
    await ended();
    assert.ok(correlation(speech.subarray(3_200, -3_200), 16_000, heard(), 16_000) > 0.9);
  });

  it("reports a format that does not fit the bytes once per stream, and not per chunk", async () => {
    await start({ format: "opus" });
    for (let i = 0; i < 5; i++) flow.send("in", { payload: Buffer.alloc(640, 0xff) });
    for (let i = 0; i < 5; i++) flow.send("in", { payload: Buffer.alloc(640, 0xff), session: "b" });
    flow.send("in", { action: "disconnect" });
    await flow.at("out").next(({ action }) => action === "disconnect");
    assert.deepEqual(
      flow.caught.items.map(({ session }) => session),
      [undefined, "b"],
    );
    assert.match((flow.caught.items[0]!.error as Error).message, /not an Opus packet/);
  });

  it("reports damage of Ogg Opus once, and plays all that is whole", async () => {
    const pages = pagesOf(readFileSync(SPEECH_OGG));
    const damaged = Buffer.from(pages[2]!);
    damaged.fill(0, 300, 400);
    await start();
    for (const payload of [...pages.slice(0, 2), damaged, ...pages.slice(3)]) flow.send("in", { payload });
    flow.send("in", { payload: pages[0] });
    await ended();
    assert.equal(flow.caught.items.length, 1);
    assert.match((flow.caught.items[0]!.error as Error).message, /Ogg stream is damaged/);
    assert.ok(correlation(speech.subarray(35_000, -3_200), 16_000, heard(), 16_000) > 0.9);
  });

  it("plays an Ogg Opus stream on that began before the node was deployed", async () => {
    await start({ format: "ogg" });
    const rest = Buffer.concat(pagesOf(readFileSync(SPEECH_OGG)).slice(2)).subarray(20);
    for (const payload of chunksOf(rest, 400)) flow.send("in", { payload });
    await ended();
    assert.deepEqual(flow.caught.items, []);
    assert.ok(correlation(speech.subarray(44_000, -3_200), 16_000, heard(), 16_000) > 0.9);
  });

  it("reports an unsupported file in pieces once, and plays none of it", async () => {
    await start();
    const file = Buffer.concat([Buffer.from("fLaC"), encode(speech, "s16be")]);
    for (const payload of chunksOf(file, 1_280)) flow.send("in", { payload, session: "file" });
    flow.send("in", { payload: speech, session: "other" });
    await ended("other");
    assert.deepEqual(heard(), speech);
    assert.equal(flow.caught.items.length, 1);
    assert.match((flow.caught.items[0]!.error as Error).message, /The sound is FLAC/);
  });

  it("names the encoding that fits when the chosen one makes noise of the sound, once per stream", async () => {
    await start({ format: "pcm" });
    for (const payload of chunksOf(encode(speech, "s16be"), 640)) flow.send("in", { payload });
    await ended();
    assert.equal(flow.caught.items.length, 1);
    assert.match((flow.caught.items[0]!.error as Error).message, /it would be sound as s16be/);
  });

  it("reports a format that does not fit again in the next stream", async () => {
    await start({ format: "pcm" });
    for (let stream = 1; stream <= 2; stream++) {
      flow.send("in", { payload: encode(speech, "s16be") });
      await ended();
      assert.equal(flow.caught.items.length, stream);
    }
  });

  it("uses one channel of several", async () => {
    const stereo = Buffer.alloc(speech.length * 2);
    for (let i = 0; i < speech.length; i += 2) speech.copy(stereo, 2 * i + 2, i, i + 2);
    await start({ format: "pcm", channels: "2", channel: "2" });
    flow.send("in", { payload: stereo });
    await ended();
    assert.ok(heard().equals(speech));
  });

  it("makes quiet sound louder", async () => {
    await start({ gainDb: 6.0206 });
    flow.send("in", { payload: pcm([100, -100, 1000]) });
    await ended();
    assert.deepEqual(samplesOf(heard()), [200, -200, 2000]);
  });

  it("reports the level on its second output, in the interval that is set", async () => {
    await start({ levelMs: 100 });
    flow.send("in", { payload: Buffer.alloc(6_400), session: "hall", topic: "mic" });
    await ended();
    const levels = flow.all("events");
    assert.equal(levels.length, 2);
    const { _msgid, ...level } = levels[0]!;
    assert.deepEqual(level, {
      session: "hall",
      event: "level",
      payload: { event: "level", rms: -96, peak: -96 },
    });
  });

  it("reports no level unless it is asked to", async () => {
    await start();
    flow.send("in", { payload: speech });
    await ended();
    assert.deepEqual(flow.all("events"), []);
  });

  const speechAndPauses = Buffer.concat([silence(1_000), speech, silence(2_000), speech, silence(2_000)]);
  const actions = () => flow.all("out", ({ action }) => action !== undefined).map(({ action }) => action);

  it("with a speech gate sends speech with its pre-roll, and audioStreamEnd after each", async () => {
    await start({ gate: "speech", endAfterMs: 1_000 });
    for (const payload of chunksOf(speechAndPauses, 3_200)) flow.send("in", { payload, session: "hall" });
    for (let pauses = 0; pauses < 2; pauses++)
      await flow.at("events").next(({ payload }) => (payload as { speaking: boolean }).speaking === false);
    const sent = heard();
    assert.ok(correlation(speech.subarray(3_200, -3_200), 16_000, sent, 16_000) > 0.99);
    assert.ok(sent.length < 0.9 * speechAndPauses.length);
    assert.deepEqual(
      flow
        .all("events")
        .map(({ event, session, payload }) => [event, session, (payload as { speaking: boolean }).speaking]),
      [true, false, true, false].map((speaking) => ["speech", "hall", speaking]),
    );
    assert.deepEqual(actions(), ["audioStreamEnd", "audioStreamEnd"]);
  });

  it("with a gate for push to talk marks each speech with activityStart and activityEnd", async () => {
    await start({ gate: "pushToTalk", endAfterMs: 1_000 });
    for (const payload of chunksOf(speechAndPauses, 3_200)) flow.send("in", { payload });
    for (let turns = 0; turns < 2; turns++)
      await flow.at("out").next(({ action }) => action === "activityEnd");
    const order = flow.all("out").map(({ action }) => action ?? "sound");
    const marks = order.filter((entry, i) => entry !== order[i - 1]);
    assert.deepEqual(marks, [
      "activityStart",
      "sound",
      "activityEnd",
      "activityStart",
      "sound",
      "activityEnd",
    ]);
  });

  it("ends a turn of push to talk when the sound stops within it", async () => {
    await start({ gate: "pushToTalk" });
    flow.send("in", { payload: speech });
    await flow.at("out").next(({ action }) => action === "activityEnd");
    assert.deepEqual(actions(), ["activityStart", "activityEnd"]);
  });

  it("drives the turns of a live session that has no turn detection of its own", async () => {
    flow = await Flow.start([
      connection(),
      node("in", "gemini-audio-in", { gate: "pushToTalk" }, [["session"], []]),
      ...session({ turnDetection: "manual" }),
    ]);
    for (const payload of chunksOf(speechAndPauses, 3_200)) flow.send("in", { payload });
    await flow.at("audio").next(event("turnComplete"));
    await flow.at("audio").next(event("turnComplete"));
    assert.deepEqual(flow.caught.items, []);
  });

  it("lets a turn of push to talk last as long as the speech, also for more than two minutes", async () => {
    const sent = new Inbox<Frame>();
    const farEnd = await opened(
      startFarEnd(acceptSetup((frame) => sent.push((frame as { realtimeInput: Frame }).realtimeInput))),
    );
    flow = await Flow.start([
      connectionTo(farEnd),
      node("in", "gemini-audio-in", { gate: "pushToTalk", endAfterMs: 0 }, [["session"], []]),
      ...session({ turnDetection: "manual" }),
    ]);
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connected"));
    const bytesOf = ({ audio }: Frame) => Buffer.from(String(audio?.data ?? ""), "base64").length;
    let received = 0;
    for (let said = speech.length; said < 130 * 32_000; said += speech.length) {
      flow.send("in", { payload: speech });
      // Sound that comes faster than it is sent is dropped.
      while (received < said - 32_000) received += bytesOf(await sent.next());
    }
    flow.send("in", { payload: silence(1_000) });
    await sent.next(({ activityEnd }) => activityEnd !== undefined);
    const order = sent.items.map((frame) => Object.keys(frame)[0]);
    assert.deepEqual(
      order.filter((kind, i) => kind !== order[i - 1]),
      ["activityStart", "audio", "activityEnd"],
    );
    assert.ok(received > 125 * 32_000);
  });

  it("sends nothing of a muted session, and tells the session that the sound has ended", async () => {
    await start({ endAfterMs: 0 });
    for (const [action, value] of [
      [undefined, 1],
      ["mute", 2],
      ["unmute", 3],
    ] as const) {
      if (action) flow.send("in", { action, session: "a" });
      for (const key of ["a", "b"]) flow.send("in", { payload: Buffer.alloc(640, value), session: key });
    }
    flow.send("in", { action: "interrupt" });
    await flow.at("out").next(({ action }) => action === "interrupt");
    const of = (key: string) =>
      flow
        .all("out", ({ session }) => session === key)
        .map(({ action, payload }) => action ?? (payload as Buffer)[0]);
    assert.deepEqual(of("a"), [1, "audioStreamEnd", 3]);
    assert.deepEqual(of("b"), [1, 2, 3]);
  });

  it("with a speech gate sends no silence after it was muted in the middle of speech", async () => {
    await start({ gate: "speech", endAfterMs: 0 });
    flow.send("in", { payload: Buffer.concat([silence(500), speech]) });
    flow.send("in", { action: "mute" });
    flow.send("in", { action: "unmute" });
    await ended();
    const sent = frames().length;
    flow.send("in", { payload: silence(400) });
    flow.send("in", { action: "interrupt" });
    await flow.at("out").next(({ action }) => action === "interrupt");
    assert.equal(frames().length, sent);
  });

  it("keeps a session muted after its stream has ended, until it disconnects", async () => {
    await start();
    flow.send("in", { action: "mute" });
    flow.send("in", { payload: speech.subarray(0, 640) });
    flow.send("in", { payload: speech.subarray(0, 640), session: "other" });
    await ended("other");
    flow.send("in", { payload: speech.subarray(0, 640) });
    flow.send("in", { action: "disconnect" });
    flow.send("in", { payload: speech.subarray(640, 1_280) });
    await flow.at("out").next(({ action, session }) => action === "audioStreamEnd" && session === "default");
    assert.ok(heard(({ session }) => session !== "other").equals(speech.subarray(640, 1_280)));
  });

  it("keeps a thousand streams at most: more end those that have got no sound for longest", async () => {
    await start({ endAfterMs: 60_000 });
    for (let key = 0; key < 1_100; key++) flow.send("in", { payload: speech.subarray(0, 700), session: key });
    await ended("99");
    flow.send("in", { action: "interrupt" });
    await flow.at("out").next(({ action }) => action === "interrupt");
    const ends = flow.all("out", ({ action }) => action === "audioStreamEnd");
    assert.deepEqual(
      ends.map(({ session }) => session),
      Array.from({ length: 100 }, (_, key) => `${key}`),
    );
  });

  it("drops the rest of a stream whose conversation has ended: it opens no other one", async () => {
    await start();
    flow.send("in", { payload: speech.subarray(0, 700) });
    flow.send("in", { action: "disconnect" });
    flow.send("in", { payload: speech.subarray(0, 640), session: "other" });
    await ended("other");
    const own = flow.all("out", ({ session }) => session !== "other");
    assert.deepEqual(
      own.map(({ action, payload }) => action ?? (payload as Buffer).length),
      [640, "disconnect"],
    );
  });

  it("with half duplex does not listen while the device speaks, nor during the tail", async () => {
    await start({ halfDuplex: true, tailMs: 100, endAfterMs: 0 });
    const say = (value: number) => flow.send("in", { payload: Buffer.alloc(640, value) });
    say(1);
    flow.send("in", { event: "playing", payload: { event: "playing" }, session: "default" });
    say(2);
    flow.send("in", { event: "played", session: "default" });
    say(3);
    flow.send("in", { action: "interrupt" });
    await flow.at("out").next(({ action }) => action === "interrupt");
    const sentBy = performance.now();
    // Sound after the tail goes through again.
    const again = setInterval(() => say(4), 20);
    cleanUp(() => clearInterval(again));
    await flow.at("out").next(({ payload }) => Buffer.isBuffer(payload) && payload[0] === 4);
    clearInterval(again);
    assert.ok(performance.now() - sentBy > 50);
    assert.deepEqual([...new Set(frames().map(({ payload }) => (payload as Buffer)[0]))], [1, 4]);
    assert.deepEqual(actions(), ["audioStreamEnd", "interrupt"]);
  });

  it("ignores the events of audio out without half duplex", async () => {
    await start({ endAfterMs: 0 });
    flow.send("in", { event: "playing", session: "default" });
    flow.send("in", { payload: speech.subarray(0, 640) });
    assert.ok(Buffer.isBuffer((await flow.at("out").next()).payload));
  });

  const unusable: [what: string, properties: object, error: RegExp][] = [
    ["a frame of 1 ms", { frameMs: 1 }, /"Frame length \(ms\)" must be a number from 10 to 200/],
    ["a timeout that is not a number", { endAfterMs: "soon" }, /"Stream timeout \(ms\)" must be a number/],
    ["an unknown format", { format: "mp3" }, /"Format" must be one of auto, pcm, wav/],
    [
      "a rate of 3 Hz",
      { format: "pcm", sampleRate: 3, channels: 1 },
      /"Sample rate" must be one of 8000, .*; it is 3/,
    ],
    [
      "nine channels",
      { format: "pcm", sampleRate: 8000, channels: 9 },
      /"Channels" must be one of 1, 2, .*; it is 9/,
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
