// Turns of models that send no turnComplete, and the speech of users whose model does not report it.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { cut, Exchange } from "../exchange";
import { continuity, settings } from "../talk";

const TRANSCRIBE = "gemini-3.5-transcribe-live";
const TRANSLATE = "gemini-3.5-live-translate-preview";

const start = (model: string, more: object = {}) =>
  Exchange.start(
    {},
    { settings: { ...settings, model }, continuity: { ...continuity, stallTimeoutMs: 5_000, ...more } },
  );
const open = async (exchange: Exchange) => {
  exchange.talk.conversation.connect();
  await exchange.talk.next("state", ({ state }) => state === "connected");
};
const activity = (type: string, audioOffset: string) => ({
  serverContent: {},
  voiceActivity: { type, audioOffset },
});
const sound = {
  serverContent: {
    modelTurn: { parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000", data: "AAAA" } }] },
  },
};
const texts = (exchange: Exchange) =>
  exchange.talk
    .all("text")
    .map(({ role, text, final, interim }) => `${role} ${interim ? "interim" : final} ${text}`);

describe("a transcript of transcribe-live, which never sends turnComplete", () => {
  it("is final at the end of a segment; interim texts replace each other", async () => {
    const exchange = await start(TRANSCRIBE);
    await open(exchange);
    for (let segment = 1; segment <= 2; segment++) {
      exchange.reply(activity("ACTIVITY_START", "0.440s"));
      exchange.reply({ serverContent: { interimInputTranscription: { text: "hel" } } });
      exchange.reply({ serverContent: { interimInputTranscription: { text: "hello there" } } });
      exchange.reply({ serverContent: { inputTranscription: { text: "Hello there." } } });
      exchange.reply({ serverContent: { generationComplete: true } });
      exchange.reply(activity("ACTIVITY_END", "2s"));
      assert.equal((await exchange.talk.next("turnComplete")).turn, segment);
    }
    const segment = ["user interim hel", "user interim hello there", "user true Hello there."];
    assert.deepEqual(texts(exchange), [...segment, ...segment]);
    await exchange.pass(20_000);
    assert.equal(exchange.talk.all("turnComplete").length, 2);
    assert.deepEqual(exchange.talk.all("stall"), []);
  });

  it("of silence ends without a text", async () => {
    const exchange = await start(TRANSCRIBE);
    await open(exchange);
    exchange.reply(activity("ACTIVITY_START", "0.440s"));
    exchange.reply(activity("ACTIVITY_END", "2s"));
    assert.equal((await exchange.talk.next("turnComplete")).reason, "SILENCE");
    assert.deepEqual(texts(exchange), []);
  });

  it("ends a single-turn conversation", async () => {
    const exchange = await Exchange.start(
      {},
      { settings: { ...settings, model: TRANSCRIBE, singleTurn: true } },
    );
    await open(exchange);
    exchange.reply({ serverContent: { inputTranscription: { text: "Hello." } } });
    exchange.reply({ serverContent: { generationComplete: true } });
    await exchange.talk.next("state", ({ state }) => state === "closed");
  });

  it("is not sent as history to a new conversation", async () => {
    const exchange = await start(TRANSCRIBE, { onConnectionLoss: "restart" });
    await open(exchange);
    exchange.reply({ serverContent: { inputTranscription: { text: "Hello." } } });
    exchange.reply({ serverContent: { generationComplete: true } });
    await exchange.talk.next("turnComplete");
    exchange.line().socket.terminate();
    await exchange.talk.next("resumed");
    await exchange.settled();
    assert.deepEqual(exchange.lines(/context/), []);
  });
});

describe("a translation of live-translate, which sends no end at all", () => {
  it("ends the text of each side after its silence, and the turn with the later one", async () => {
    const exchange = await start(TRANSLATE);
    await open(exchange);
    exchange.reply({ serverContent: { inputTranscription: { languageCode: "de" } } });
    exchange.reply({ serverContent: { inputTranscription: { text: "Guten " } } });
    exchange.reply({ serverContent: { outputTranscription: { text: "Good ", languageCode: "en" } } });
    exchange.reply({ serverContent: { inputTranscription: { text: "Tag" } } });
    await exchange.settled();
    await exchange.pass(1_000);
    exchange.reply(sound);
    exchange.reply({ serverContent: { outputTranscription: { text: "day", languageCode: "en" } } });
    exchange.reply({ serverContent: {}, usageMetadata: { totalTokenCount: 40 } });
    await exchange.settled();
    await exchange.pass(1_000);
    const finals = () =>
      exchange.talk
        .all("text")
        .flatMap(({ final, role, text, language }) => (final ? [[role, text, language]] : []));
    assert.deepEqual(finals(), [["user", "Guten Tag", "de"]]);
    assert.deepEqual(exchange.talk.all("turnComplete"), []);
    await exchange.pass(1_000);
    assert.deepEqual(finals().at(-1), ["model", "Good day", "en"]);
    assert.deepEqual(
      exchange.talk.all("turnComplete").map(({ reason }) => reason),
      ["SILENCE"],
    );
    assert.equal(exchange.talk.all("usage")[0]?.usage.turn.total, 40);
  });

  it("is not reported as a stall when nobody speaks, however long", async () => {
    const exchange = await start(TRANSLATE);
    await open(exchange);
    exchange.reply(sound);
    await exchange.settled();
    await exchange.pass(60_000);
    assert.deepEqual(exchange.talk.all("stall"), []);
    assert.equal(exchange.talk.all("turnComplete").length, 1);
  });

  it("is completed, and leaves no timer, when the conversation ends during it", async () => {
    const exchange = await start(TRANSLATE);
    await open(exchange);
    exchange.reply(sound);
    await exchange.talk.next("audio");
    exchange.talk.conversation.disconnect();
    assert.equal(exchange.talk.all("turnComplete")[0]?.reason, "DISCONNECTED");
  });
});

describe("the speech of the user", () => {
  const frame = (amplitude: number) => {
    const pcm = Buffer.alloc(640);
    for (let n = 0; n < 320; n++) pcm.writeInt16LE(Math.round(amplitude * Math.sin(n / 5)), n * 2);
    return pcm;
  };
  const speak = (exchange: Exchange, amplitude: number, ms: number) => {
    for (let at = 0; at < ms; at += 20)
      exchange.talk.conversation.send({ kind: "sound", pcm: frame(amplitude), sampleRate: 16_000 }, () => {});
  };
  const idleText = (exchange: Exchange) =>
    exchange.talk.conversation.send(
      { kind: "text", text: "news", turnComplete: true, whenIdle: true },
      () => {},
    );
  const isSent = async (exchange: Exchange) => {
    await exchange.settled();
    return exchange.lines(/news/).length > 0;
  };

  for (const name of ["type", "voiceActivityType"])
    it(`is reported from a frame whose kind is named ${name}`, async () => {
      const exchange = await Exchange.start();
      await open(exchange);
      exchange.reply({
        serverContent: {},
        voiceActivity: { [name]: "ACTIVITY_START", audioOffset: "0.440s" },
      });
      exchange.reply({ serverContent: {}, voiceActivity: { [name]: "ACTIVITY_END", audioOffset: "10s" } });
      await exchange.talk.next("speech", ({ speaking }) => !speaking);
      assert.deepEqual(
        exchange.talk.all("speech").map(({ speaking, offsetMs }) => [speaking, offsetMs]),
        [
          [true, 440],
          [false, 10_000],
        ],
      );
    });

  it("delays a text that waits until the conversation is idle, also on a model that does not report speech", async () => {
    const exchange = await Exchange.start();
    await open(exchange);
    speak(exchange, 20, 200);
    speak(exchange, 8_000, 200);
    idleText(exchange);
    assert.equal(await isSent(exchange), false);
    speak(exchange, 20, 1_000);
    await exchange.pass(3_000);
    assert.ok(await isSent(exchange));
  });

  it("delays such a text while it is transcribed", async () => {
    const exchange = await Exchange.start();
    await open(exchange);
    exchange.reply({ serverContent: { inputTranscription: { text: "What is" } } });
    await exchange.talk.next("text");
    idleText(exchange);
    assert.equal(await isSent(exchange), false);
    await exchange.pass(3_000);
    assert.ok(await isSent(exchange));
  });

  it("differs from steady noise, which delays no text", async () => {
    const exchange = await Exchange.start();
    await open(exchange);
    speak(exchange, 2_000, 400);
    idleText(exchange);
    assert.ok(await isSent(exchange));
  });

  it("is taken from the server's reports once there are any", async () => {
    const exchange = await Exchange.start();
    await open(exchange);
    exchange.reply(activity("ACTIVITY_START", "0.4s"));
    await exchange.talk.next("speech");
    exchange.reply({ serverContent: { turnComplete: true } });
    exchange.reply(activity("ACTIVITY_END", "0.8s"));
    exchange.reply({ serverContent: { turnComplete: true } });
    await exchange.talk.next("turnComplete", ({ turn }) => turn === 2);
    speak(exchange, 20, 200);
    speak(exchange, 8_000, 200);
    idleText(exchange);
    assert.ok(await isSent(exchange));
  });

  it("is taken from its sound again on a new connection, which may report none", async () => {
    const exchange = await Exchange.start();
    await open(exchange);
    exchange.reply(activity("ACTIVITY_START", "0.4s"));
    exchange.reply(activity("ACTIVITY_END", "0.8s"));
    await exchange.talk.next("speech", ({ speaking }) => !speaking);
    cut(exchange.line());
    await exchange.talk.next("resumed");
    speak(exchange, 20, 200);
    speak(exchange, 8_000, 200);
    idleText(exchange);
    assert.equal(await isSent(exchange), false);
  });
});

describe("the tokens of a turn", () => {
  it("include thoughts that the server's total leaves out", async () => {
    const exchange = await Exchange.start();
    await open(exchange);
    exchange.reply({
      serverContent: { turnComplete: true },
      usageMetadata: {
        promptTokenCount: 522,
        responseTokenCount: 42,
        thoughtsTokenCount: 136,
        totalTokenCount: 564,
      },
    });
    assert.equal((await exchange.talk.next("usage")).usage.turn.total, 700);
  });

  it("are not counted twice when the total includes them", async () => {
    const exchange = await Exchange.start();
    await open(exchange);
    exchange.reply({
      serverContent: { turnComplete: true },
      usageMetadata: {
        promptTokenCount: 500,
        responseTokenCount: 40,
        thoughtsTokenCount: 100,
        cachedContentTokenCount: 300,
        toolUsePromptTokenCount: 20,
        totalTokenCount: 660,
      },
    });
    const { turn } = (await exchange.talk.next("usage")).usage;
    assert.deepEqual([turn.total, turn.cached, turn.toolUse], [660, 300, 20]);
  });
});

describe("a part of an answer that is not sound", () => {
  it("is ignored, and reported once per turn", async () => {
    const exchange = await Exchange.start();
    await open(exchange);
    const video = { inlineData: { mimeType: "video/mp4", data: "AAAA" } };
    const audio = sound.serverContent.modelTurn.parts[0];
    exchange.reply({ serverContent: { modelTurn: { parts: [video, audio, video] } } });
    await exchange.talk.next("audio");
    exchange.reply({ serverContent: { turnComplete: true } });
    await exchange.talk.next("turnComplete");
    assert.deepEqual(
      exchange.talk.all("failed").map(({ error }) => error.message),
      ["Gemini Live: the answer contains video/mp4, which is not sound; this part was ignored."],
    );
  });
});
