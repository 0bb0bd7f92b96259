// Turns that the server never ends, and input that a model does not take.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { begin, Exchange } from "../exchange";
import { continuity, settings } from "../talk";

const stalls = { continuity: { ...continuity, stallTimeoutMs: 5_000 } };

describe("a turn that the server never ends", () => {
  it("is a stall, but not before its sound has been played", async () => {
    const exchange = await Exchange.start(
      {
        text: ({ reply }) => {
          const data = Buffer.alloc(20 * 48_000).toString("base64");
          const part = { inlineData: { mimeType: "audio/pcm;rate=24000", data } };
          reply({ serverContent: { modelTurn: { parts: [part] } } });
          reply({ serverContent: { generationComplete: true } });
        },
      },
      stalls,
    );
    await exchange.talk.say("Tell me a story.");
    await exchange.talk.next("generationComplete");
    await exchange.pass(22_000);
    assert.deepEqual(exchange.talk.all("stall"), []);
    await exchange.pass(5_000);
    assert.equal(exchange.talk.all("stall").length, 1);
  });

  it("reports its text as a whole after every 20,000 characters, so that it does not grow without a limit", async () => {
    const exchange = await Exchange.start();
    await exchange.talk.say("Talk.", false);
    const text = "word ".repeat(1_000);
    for (let n = 0; n < 10; n++) exchange.reply({ serverContent: { outputTranscription: { text } } });
    await exchange.settled();
    const whole = exchange.talk.all("text").filter(({ final }) => final);
    assert.deepEqual(
      whole.map((each) => each.text.length),
      [19_999, 19_999],
    );
  });

  it("is a stall while the model only thinks", async () => {
    const exchange = await Exchange.start(
      {
        text: (line) => {
          begin(line);
          line.reply({ serverContent: { turnComplete: true, interactionStatus: "IN_PROGRESS" } });
        },
      },
      stalls,
    );
    await exchange.talk.say("Think.");
    await exchange.talk.next("thinking");
    await exchange.pass(6_000);
    assert.equal(exchange.talk.all("stall").length, 1);
  });
});

describe("a text, an image or an instruction for a model that takes only sound", () => {
  for (const model of ["gemini-3.5-transcribe-live", "gemini-3.5-live-translate-preview"])
    it(`is refused with an error: ${model}`, async () => {
      const exchange = await Exchange.start({}, { settings: { ...settings, model } });
      await assert.rejects(exchange.talk.say("hello"), /takes sound only/);
      await assert.rejects(
        exchange.talk.send({ kind: "history", turns: [{ role: "user", text: "hello" }] }),
        /takes sound only/,
      );
      await assert.rejects(
        exchange.talk.send({ kind: "image", data: Buffer.alloc(9), mimeType: "image/png" }),
        /takes sound only: send texts and images to/,
      );
      await assert.rejects(async () => exchange.talk.instruct("Be brief."), /takes no instruction/);
      assert.deepEqual(exchange.lines(/setup/), []);
    });
});
