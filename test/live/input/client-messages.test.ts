// Input as each model accepts it: the texts and history of 3.1, turns with images, and sound as the SDK sends it.

import assert from "node:assert/strict";
import { Session } from "@google/genai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { soundMessage } from "../../../live/input/client-messages";
import { answer, cut, Exchange } from "../exchange";
import { startSimulated } from "../simulated";
import { continuity, settings } from "../talk";

const model31 = { settings: { ...settings, model: "gemini-3.1-flash-live-preview" } };
const history = { kind: "history", turns: [{ role: "user", text: "My name is Ada." }] } as const;

describe("a 3.1 model", () => {
  it("gets history only at the start, announced in the setup, and texts as realtimeInput", async () => {
    const exchange = await Exchange.start({}, model31);
    const { talk } = exchange;
    await talk.send({ ...history, turns: [...history.turns] });
    await talk.say("hello");
    await exchange.seen("1 realtimeText hello");
    assert.deepEqual(exchange.setups[0]!.historyConfig, { initialHistoryInClientContent: true });
    assert.deepEqual(exchange.lines(/user|realtime/), [
      "1 text user: My name is Ada.",
      "1 realtimeText hello",
    ]);
    await assert.rejects(talk.say("by the way", false), /no context in an open conversation/);
    await assert.rejects(talk.send({ kind: "history", turns: [] }), /only before a conversation begins/);
  });

  it("gets no history again when the conversation is resumed", async () => {
    const exchange = await Exchange.start({}, model31);
    await exchange.talk.send({ ...history, turns: [...history.turns] });
    await exchange.settled();
    cut(exchange.line());
    await exchange.talk.next("resumed");
    await exchange.settled();
    assert.equal(exchange.setups[1]!.historyConfig, undefined);
    assert.deepEqual(exchange.lines(/^2/), ["2 setup handle 1"]);
  });

  it("gets no clientContent on interrupt, which it would refuse: the answer is dropped here", async () => {
    const exchange = await Exchange.start({}, model31);
    await exchange.talk.say("hello");
    await exchange.settled();
    exchange.talk.conversation.interrupt();
    await exchange.settled();
    assert.equal(exchange.talk.all("interrupted").length, 1);
    assert.deepEqual(exchange.lines(/context|text/), []);
  });
});

describe("a history that JSON cannot hold", () => {
  it("is an error, also when it opens the conversation, which goes on", async () => {
    const { talk } = await Exchange.start({ text: answer });
    const response = { time: 12n } as Record<string, unknown>;
    const parts = [{ functionResponse: { name: "get_time", response } }];
    await assert.rejects(
      talk.send({ kind: "history", turns: [{ role: "user", text: "", parts }] }),
      /BigInt/,
    );
    await talk.say("hello");
    await talk.next("turnComplete");
  });
});

describe("a text with an image", () => {
  const png = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAJ";
  const parts = [{ text: "What is this?" }, { inlineData: { mimeType: "image/png", data: png } }] as const;
  const question = { kind: "text", text: "What is this?", parts, turnComplete: true } as const;

  it("is one turn for the model, which sees the image", async () => {
    const { talk } = await startSimulated();
    await talk.send(question);
    const { text } = await talk.next("text", ({ final }) => final);
    assert.match(text, /What is this\?.*1 image, a PNG of 8×9/);
  });

  it("is sent again whole when the connection is lost before the answer, and is part of a restart with context", async () => {
    const exchange = await Exchange.start(
      { text: (line) => (line.number === 1 ? cut(line) : answer(line)) },
      { continuity: { ...continuity, onConnectionLoss: "restart" } },
    );
    const turn = { role: "user", parts };
    await exchange.talk.send(question);
    await exchange.talk.next("turnComplete");
    cut(exchange.line());
    await exchange.talk.next("resumed", ({ attempts }) => attempts > 0 && exchange.line().number === 3);
    await exchange.settled();
    const contents = exchange.farEnd.frames.flatMap(({ clientContent }) => clientContent ?? []);
    assert.deepEqual(contents, [
      { turns: [turn], turnComplete: true },
      { turns: [turn], turnComplete: true },
      { turns: [turn, { role: "model", parts: [{ text: "Well, yes" }] }], turnComplete: false },
    ]);
  });

  it("is stored with the handle as JSON can hold it", async () => {
    let stored = "";
    const handles = {
      load: async () => (stored ? JSON.parse(stored) : undefined),
      save: (handle: unknown) => {
        stored = handle ? JSON.stringify(handle) : "";
      },
    };
    const exchange = await Exchange.start({}, { handles });
    await exchange.talk.send(question);
    await exchange.settled();
    exchange.talk.conversation.close();
    const later = await Exchange.start({ text: answer }, { handles });
    later.talk.conversation.connect();
    await later.talk.next("turnComplete");
    assert.deepEqual(later.farEnd.frames.at(-1), {
      clientContent: { turns: [{ role: "user", parts }], turnComplete: true },
    });
  });
});

describe("sound", () => {
  for (const [server, isVertexAI] of [
    ["the Gemini API", false],
    ["Vertex AI", true],
  ] as const)
    it(`is the message that Google's SDK sends to ${server}, byte for byte`, () => {
      let sent = "";
      const session = new Session(
        { send: (json: string) => (sent = json) } as never,
        {
          isVertexAI: () => isVertexAI,
        } as never,
      );
      const anySound = fc.uint8Array({ maxLength: 2_000 });
      fc.assert(
        fc.property(anySound, fc.constantFrom(8_000, 16_000, 44_100), (bytes, sampleRate) => {
          const pcm = Buffer.from(bytes);
          session.sendRealtimeInput({
            audio: { data: pcm.toString("base64"), mimeType: `audio/pcm;rate=${sampleRate}` },
          });
          assert.equal(soundMessage({ kind: "sound", pcm, sampleRate }).toString(), sent);
        }),
      );
    });
});
