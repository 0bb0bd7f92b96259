import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { listenAsEditor, type NodeRed, post, startNodeRed } from "../node-red";
import { openPage, type PageClient } from "../page-client";
import { chunksOf, correlation, silence, speech } from "../speech";
import { example } from "./example";

const { flow, idOf } = example("interpreter for two");

/** The recording backwards: the other speaker. */
const reversed = Buffer.from(speech);
for (let at = 0; at < speech.length; at += 2)
  reversed.writeInt16LE(speech.readInt16LE(speech.length - 2 - at), at);

/** Speaks in real time, as a microphone does. */
async function speakLive(client: PageClient, sound: Buffer) {
  for (const chunk of chunksOf(sound, 3_200)) {
    client.speak(chunk);
    await setTimeout(100);
  }
}

describe("the example flow: interpreter for two", () => {
  let nodeRed: NodeRed;

  before(async () => {
    nodeRed = await startNodeRed();
    const news = await listenAsEditor(nodeRed.url);
    await post(nodeRed, "/flows", flow);
    for (const name of ["to English", "to German"])
      await news.badges.next(({ node, text }) => node === idOf(name) && text === "disconnected");
    news.close();
  });
  after(() => nodeRed.stop());

  const open = async (page: "german" | "english") => {
    const { client } = await openPage(`${nodeRed.url}/${page}`);
    client.tell({ type: "action", action: "connect" });
    const { model } = await client.next("state", ({ state }) => state === "connected");
    assert.equal(model, "gemini-3.5-live-translate-preview");
    return client;
  };
  const said = (sound: Buffer) => Buffer.concat([sound, silence(1_000)]);
  const texts = ({ told }: PageClient) =>
    told.items.flatMap((message) => (message.type === "text" && message.final ? [message] : []));
  /** How much of the beginning of `sound` is in what the page plays: the silence at its end is not translated. */
  const hears = (client: PageClient, sound: Buffer) =>
    correlation(sound.subarray(0, 48_000), 16_000, client.heard(), 24_000);
  /** The end of a translation on the page that plays it. */
  const played = (client: PageClient) => client.next("turnComplete");

  it("says what one speaker says on the page of the other, and not on that of the speaker", async () => {
    const german = await open("german");
    const english = await open("english");
    german.speak(said(speech));
    await played(english);
    assert.ok(hears(english, speech) > 0.9);
    // While the tail of audio in lasts, the speaker is silent.
    await speakLive(english, Buffer.concat([silence(600), said(reversed)]));
    await played(german);
    assert.ok(hears(german, reversed) > 0.9);
    assert.ok(hears(english, reversed) < 0.5);
    assert.ok(hears(german, speech) < 0.5);
    assert.deepEqual(
      [german, english].map((client) => texts(client).map(({ role, language }) => [role, language])),
      [
        [
          ["user", "de"],
          ["model", "de"],
        ],
        [
          ["model", "en"],
          ["user", "en"],
        ],
      ],
    );
    await Promise.all([german.leave(), english.leave()]);
  });

  it("does not translate back what a microphone hears of the translation", async () => {
    const german = await open("german");
    const english = await open("english");
    german.speak(said(speech));
    await english.next("sound");
    english.speak(speech);
    await played(english);
    assert.deepEqual(german.heard().length, 0);
    await speakLive(english, Buffer.concat([silence(600), said(reversed)]));
    await played(german);
    assert.ok(hears(german, reversed) > 0.9);
    assert.ok(german.heard().length < 1.5 * (speech.length + 32_000), "it heard both");
    await Promise.all([german.leave(), english.leave()]);
  });

  it("is silent while the other page is closed, and says nothing of errors", async () => {
    const german = await open("german");
    german.speak(said(speech));
    assert.equal((await german.next("text", ({ final }) => final)).role, "user");
    assert.equal(german.heard().length, 0);
    assert.doesNotMatch(nodeRed.output(), /\[error\]|Error:/);
  });
});
