// The example flow that writes the minutes of a meeting, in a real Node-RED.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { startSimulator } from "../../simulator/server";
import { cleanUp, opened } from "../clean-up";
import { deploy, listenAsEditor, post, startNodeRed } from "../node-red";
import { openPage, type PageClient } from "../page-client";
import { temporaryFolder } from "../sound-programs";
import { chunksOf, silence, speech } from "../speech";
import { example } from "./example";

const { flow, idOf } = example("minutes of a meeting");

describe("the example flow: minutes of a meeting", () => {
  /** Starts the flow with a folder and a simulator of the test. */
  const start = async () => {
    const FOLDER = join(temporaryFolder(), "meeting");
    const simulator = await opened(startSimulator());
    const nodeRed = await startNodeRed();
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(() => news.close());
    const own = flow.map((node) => {
      if (node.type === "tab") return { ...node, env: [{ name: "FOLDER", value: FOLDER, type: "str" }] };
      return node.type === "gemini-live-config" ? { ...node, server: "custom", url: simulator.url } : node;
    });
    await deploy(nodeRed, news, own, "full");
    const shown = async (name: string) => (await news.debug.next(({ id }) => id === idOf(name))).msg;
    const press = (name: string) => post(nodeRed, `/inject/${idOf(name)}`);
    const open = async (page: string) => {
      const { client } = await openPage(`${nodeRed.url}/${page}`);
      client.tell({ type: "action", action: "connect" });
      await client.next("state", ({ state }) => state === "connected");
      return client;
    };
    /** Presses the button, and returns the name and the text of the file. */
    const write = async () => {
      await press("write the minutes");
      const name = await shown("written");
      return { name, text: readFileSync(name, "utf8") };
    };
    await press("new meeting");
    await shown("started");
    return { simulator, nodeRed, FOLDER, shown, press, open, write };
  };

  /** Speaks in real time, as a microphone does, until `isOver`. */
  const speakUntil = async (client: PageClient, isOver: Promise<unknown>) => {
    let over = false;
    const end = () => {
      over = true;
    };
    isOver.then(end, end);
    while (!over)
      for (const chunk of chunksOf(speech, 3_200)) {
        client.speak(chunk);
        await setTimeout(100);
        if (over) break;
      }
    client.speak(silence(1_500));
    await isOver;
  };
  const isInterim = (client: PageClient) => client.next("text", ({ interim }) => interim === true);
  const final = (client: PageClient) => client.next("text", ({ final }) => final);
  /** Says something short, and returns its text. */
  const say = async (client: PageClient) => {
    client.speak(Buffer.concat([speech, silence(1_500)]));
    return (await final(client)).text;
  };

  it("is a Markdown file with speaker and time, in the order in which they began to speak", async () => {
    const { nodeRed, FOLDER, shown, open, write } = await start();
    const [anna, ben] = [await open("anna"), await open("ben")];
    // Ben says something short while Anna speaks, so his text is complete before hers.
    const interrupts = async () => {
      await isInterim(anna);
      return say(ben);
    };
    const began = Date.now();
    const short = interrupts();
    await speakUntil(anna, short);
    const { text: long } = await final(anna);
    const notes = [JSON.parse(await shown("noted")), JSON.parse(await shown("noted"))];
    assert.deepEqual(
      notes.map(({ speaker, text }) => [speaker, text]),
      [
        ["Ben", await short],
        ["Anna", long],
      ],
    );
    const { name, text } = await write();
    assert.ok(name.startsWith(FOLDER), name);
    assert.match(name, /\/minutes-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}\.md$/);
    const time = (at: number) => new Date(at).toTimeString().slice(0, 8);
    const [{ at: benAt }, { at: annaAt }] = notes;
    assert.ok(began < annaAt && annaAt < benAt && benAt < Date.now());
    assert.equal(
      text.replace(/^# Minutes of \d{4}-\d\d-\d\d\n\n/, ""),
      `**Anna, ${time(annaAt)}**\n\n${long}\n\n**Ben, ${time(benAt)}**\n\n${await short}\n`,
    );
    for (const client of [anna, ben]) assert.equal(client.heard().length, 0);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });

  it("has everything that is said before and after the server ends the connections", async () => {
    const { simulator, nodeRed, shown, open, write } = await start();
    const anna = await open("anna");
    const resumed = () => anna.next("event", ({ event }) => event === "resumed");
    const leaves = async () => {
      await isInterim(anna);
      simulator.order({ at: "now", do: "goAway", timeLeftMs: 50_000 });
      await anna.next("event", ({ event }) => event === "goAway");
    };
    await speakUntil(anna, leaves());
    const { text: first } = await final(anna);
    await resumed();
    const second = await say(anna);
    for (const text of [first, second]) assert.equal(JSON.parse(await shown("noted")).text, text);
    assert.equal(simulator.conversations.length, 2);
    const said = (await write()).text.match(/^\(.*\)$/gm);
    assert.deepEqual(said, [first, second]);
    assert.doesNotMatch(nodeRed.output(), /\[error\]/);
  });

  it("begins anew with a new meeting, in a file of its own, and says when there is nothing to write", async () => {
    const { shown, press, open, write } = await start();
    await press("write the minutes");
    assert.match(await shown("problem"), /Nobody has said anything/);
    const ben = await open("ben");
    const before = await say(ben);
    await shown("noted");
    const first = await write();
    await press("new meeting");
    await shown("started");
    await say(ben);
    await shown("noted");
    const second = await write();
    assert.notEqual(second.name, first.name);
    assert.equal(second.text.match(/\*\*Ben/g)?.length, 1);
    assert.equal(readFileSync(first.name, "utf8"), first.text);
    assert.ok(first.text.includes(before));
  });
});
