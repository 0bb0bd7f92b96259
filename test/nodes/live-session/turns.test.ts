// Turns of several parts: a text with images, and the history of a conversation.

import assert from "node:assert/strict";
import type { Inbox } from "../../inbox";
import { answering, event, type Flow, type Frame, type Msg, startSession } from "../flow";

const image = Buffer.from("\x89PNG\r\n\x1a\n an image", "latin1");
const inlineData = { mimeType: "image/png", data: image };
const sent = { inlineData: { mimeType: "image/png", data: image.toString("base64") } };
const complete = { serverContent: { turnComplete: true } };

describe("a message of a live session", () => {
  let flow: Flow;
  let frames: Inbox<Frame>;
  const start = async (properties: object = {}) => {
    ({ flow, frames } = await startSession(
      answering((reply) => reply(complete)),
      {},
      properties,
    ));
  };
  const content = async () =>
    (await frames.next()).clientContent as { turns: object[]; turnComplete: boolean };
  const refuses = async (payload: unknown, error: RegExp) => {
    flow.send("session", { payload });
    assert.match((await flow.nextError()).message, error);
  };

  describe("with parts", () => {
    it("is one turn of the user, which the model answers", async () => {
      await start();
      flow.send("session", { payload: { parts: [{ text: "What is this?" }, { inlineData }] } });
      assert.deepEqual(await content(), {
        turns: [{ role: "user", parts: [{ text: "What is this?" }, sent] }],
        turnComplete: true,
      });
      await flow.at("events").next(event("turnComplete"));
    });

    it("may have its image in base64, or as JSON has written a Buffer", async () => {
      await start();
      const base64 = image.toString("base64");
      for (const data of [
        base64,
        `${base64.slice(0, 4)}\r\n${base64.slice(4)}`,
        JSON.parse(JSON.stringify(image)),
      ]) {
        const parts = [{ inlineData: { ...inlineData, data } }];
        flow.send("session", { payload: { parts }, turnComplete: false });
        assert.deepEqual(await content(), { turns: [{ role: "user", parts: [sent] }], turnComplete: false });
      }
    });

    it("waits with whenIdle", async () => {
      await start();
      flow.send("session", { payload: "hello" });
      await content();
      flow.send("session", { payload: { parts: [{ inlineData }] }, whenIdle: true });
      assert.deepEqual((await content()).turns, [{ role: "user", parts: [sent] }]);
    });

    it("is an error that names the part that is wrong", async () => {
      await start();
      const part = (wrong: unknown) => ({ parts: [{ text: "Look!" }, wrong] });
      await refuses({ parts: [] }, /msg\.payload\.parts must be an array/);
      await refuses({ parts: image }, /msg\.payload\.parts must be an array/);
      await refuses(part("Look!"), /msg\.payload\.parts\[1\] is not a part\. Use \{text\}/);
      await refuses(
        part({ inlineData: { ...inlineData, mimeType: "image/gif" } }),
        /parts\[1\].*"image\/gif"/,
      );
      await refuses(part({ inlineData: { ...inlineData, data: 5 } }), /parts\[1\].*a Buffer or base64/);
      await refuses(
        part({ inlineData: { ...inlineData, data: `data:image/png;base64,${sent.inlineData.data}` } }),
        /parts\[1\].*base64.*without "data:" in front/,
      );
      await refuses(
        part({ inlineData: { ...inlineData, data: Buffer.alloc(5e6, image) } }),
        /5000000 bytes.*4194304/,
      );
      await refuses(
        part({ inlineData: { ...inlineData, mimeType: "image/jpeg" } }),
        /parts\[1\]\.inlineData\.data is not image\/jpeg: it begins with "\x89PNG/,
      );
      await refuses(part({ functionCall: { name: "get_time" } }), /only a history may have them/);
      assert.deepEqual(frames.items, []);
    });

    it("is an error on a model that takes only texts in a turn", async () => {
      await start({ model: "gemini-3.1-flash-live-preview" });
      await refuses({ parts: [{ inlineData }] }, /takes only texts in a turn.*a message of its own/);
      await refuses([{ role: "user", parts: [{ inlineData }] }], /takes only texts in a turn/);
    });
  });

  describe("with a history", () => {
    it("may have images, tool calls and their results", async () => {
      await start();
      const call = { functionCall: { name: "get_time", args: { city: "Ulm" } } };
      const result = { functionResponse: { name: "get_time", response: { output: "noon" } } };
      const payload = [
        { role: "user", parts: [{ text: "Where is this, and how late is it there?" }, { inlineData }] },
        { role: "model", parts: [call] },
        { role: "user", parts: [result] },
        { role: "model", text: "Ulm, noon." },
      ];
      flow.send("session", { payload });
      assert.deepEqual((await content()).turns, [
        { role: "user", parts: [{ text: "Where is this, and how late is it there?" }, sent] },
        { role: "model", parts: [call] },
        { role: "user", parts: [result] },
        { role: "model", parts: [{ text: "Ulm, noon." }] },
      ]);
    });

    it("may be the messages of the text output: the final ones count, as far as they were heard, without thoughts", async () => {
      await start();
      const text = (role: string, payload: string, more: object = {}): Msg => ({
        ...{ role, payload, final: true, turn: 1, session: "default", _msgid: "1" },
        ...more,
      });
      const payload = [
        text("user", "Hel", { final: false, interim: true }),
        text("user", "Hello."),
        text("model", "Somebody greets.", { thought: true }),
        text("model", "Good ", { final: false }),
        text("model", "Good morning to you", { heard: "Good morning" }),
        text("model", "Never heard", { heard: "" }),
      ];
      flow.send("session", { payload });
      assert.deepEqual((await content()).turns, [
        { role: "user", parts: [{ text: "Hello." }] },
        { role: "model", parts: [{ text: "Good morning" }] },
      ]);
    });

    it("may be what the text output has sent of another conversation, after a file kept it", async () => {
      ({ flow, frames } = await startSession(
        answering((reply) => {
          reply({ serverContent: { inputTranscription: { text: "What time is it?" } } });
          reply({ serverContent: { outputTranscription: { text: "It is " } } });
          reply({ serverContent: { outputTranscription: { text: "noon." } } });
          reply(complete);
        }),
      ));
      flow.send("session", { session: "last week", payload: "hello" });
      await content();
      await flow.at("events").next(event("turnComplete"));
      const kept = JSON.parse(JSON.stringify(flow.at("text").items));
      flow.send("session", { session: "today", payload: kept });
      assert.deepEqual((await content()).turns, [
        { role: "user", parts: [{ text: "What time is it?" }] },
        { role: "model", parts: [{ text: "It is noon." }] },
      ]);
    });

    it("is an error that names the entry that is wrong", async () => {
      await start();
      const good = { role: "user", text: "Hello." };
      for (const wrong of [
        "Hello.",
        null,
        { text: "Hello." },
        { ...good, text: "" },
        { ...good, role: "system" },
      ])
        await refuses([good, wrong], /msg\.payload\[1\] is not a turn of a history\. Each needs a role/);
      await refuses([good, { role: "model", final: true, payload: {} }], /msg\.payload\[1\] is not a turn/);
      await refuses([{ role: "user", parts: [{}] }], /msg\.payload\[0\]\.parts\[0\] is not a part/);
      const result = (response: unknown) => [
        { role: "user", parts: [{ functionResponse: { name: "get_time", response } }] },
      ];
      await refuses(result({ time: 1n }), /msg\.payload\[0\]\.parts\[0\] is no JSON object: .*BigInt/);
      await refuses(result(new Date()), /msg\.payload\[0\]\.parts\[0\] is not a part/);
      await refuses([{ role: "user", final: false, payload: "Hel" }], /a history without a final text/);
      assert.deepEqual(frames.items, []);
    });
  });
});
