// What browser out makes of the messages of a live session, audio out and Catch nodes, and to which page it sends them.

import assert from "node:assert/strict";
import type { NodeMessage } from "../../../browser/protocol";
import { openPage } from "../../page-client";
import type { Flow, Msg } from "../flow";
import { startPageFlow } from "./page-flow";

const sound = Buffer.alloc(960, 5);
/** Messages of the flow, and what the page gets of each. */
const CONVERSIONS: [what: string, msg: Msg, wanted: NodeMessage][] = [
  [
    "a generation that is complete",
    { event: "generationComplete", turn: 2 },
    { type: "generationComplete", turn: 2 },
  ],
  [
    "a turn whose sound was sent, without audio out",
    { event: "turnComplete", turn: 2 },
    { type: "turnComplete", turn: 2 },
  ],
  [
    "a turn whose sound was sent, by audio out",
    { event: "turnComplete", turn: 2, payload: { event: "turnComplete", playback: true, interrupted: true } },
    { type: "turnComplete", turn: 2, interrupted: true },
  ],
  [
    "a turn that the model has ended",
    { event: "turnComplete", turn: 2, payload: { event: "turnComplete", reason: "STOP" } },
    { type: "event", event: "turnComplete", payload: { event: "turnComplete", reason: "STOP" } },
  ],
  ["an interruption, on the audio output", { event: "interrupted", turn: 2 }, { type: "flush" }],
  [
    "an interruption, on the events output",
    { event: "interrupted", turn: 2, payload: { event: "interrupted" } },
    { type: "event", event: "interrupted", payload: { event: "interrupted" } },
  ],
  ["the flush of audio out", { event: "flush", payload: { event: "flush" } }, { type: "flush" }],
  [
    "a piece of a transcript",
    { payload: "Hel", role: "model", final: false, turn: 1 },
    { type: "text", role: "model", text: "Hel", final: false, turn: 1 },
  ],
  [
    "an interim transcript in a language",
    { payload: "Guten", role: "user", final: false, interim: true, language: "de-DE", turn: 1 },
    { type: "text", role: "user", text: "Guten", final: false, interim: true, turn: 1, language: "de-DE" },
  ],
  [
    "a thought",
    { payload: "Hm", role: "model", final: true, thought: true, turn: 1 },
    { type: "text", role: "model", text: "Hm", final: true, thought: true, turn: 1 },
  ],
  [
    "a state, with the partner of the conversation",
    { event: "state", payload: { event: "state", state: "connected", server: "simulator", model: "m" } },
    { type: "state", state: "connected", server: "simulator", model: "m" },
  ],
  [
    "what a server says that nobody knows yet",
    { event: "other", payload: { event: "other", path: "newKind", value: [{ a: 1 }] } },
    { type: "event", event: "other", payload: { event: "other", path: "newKind", value: [{ a: 1 }] } },
  ],
  [
    "other events, with their details",
    { event: "thinking", payload: { event: "thinking", thinking: true } },
    { type: "event", event: "thinking", payload: { event: "thinking", thinking: true } },
  ],
  [
    "a tool call, without its arguments",
    {
      payload: { city: "Berlin" },
      toolCall: { id: "1", name: "get_weather", node: "n", session: "s", tool: "t" },
    },
    { type: "tool", id: "1", name: "get_weather" },
  ],
  [
    "a tool call that is withdrawn",
    { event: "cancelled", payload: { reason: "timeout" }, toolCall: { id: "1", name: "get_weather" } },
    { type: "tool", id: "1", name: "get_weather", cancelled: true },
  ],
  [
    "an error of a Catch node, whatever else the message holds",
    { payload: sound, error: { message: "The key is refused.", source: {} } },
    { type: "error", message: "The key is refused." },
  ],
  [
    "the code of an error beside its message",
    { error: { message: "GEMINI_QUOTA: Too many requests.", code: "GEMINI_QUOTA", source: {} } },
    { type: "error", message: "Too many requests.", code: "GEMINI_QUOTA" },
  ],
];

const ownerIn = async (flow: Flow, { client }: Awaited<ReturnType<typeof openPage>>) => {
  client.tell({ type: "text", text: "Hello" });
  return (await flow.at("flow").next())._session;
};

describe("browser out", () => {
  for (const [what, msg, wanted] of CONVERSIONS)
    it(`tells a page: ${what}`, async () => {
      const { flow, page } = await startPageFlow();
      const opened = await openPage(page);
      flow.send("out", { ...msg, _session: await ownerIn(flow, opened), session: "any" });
      assert.deepEqual(await opened.client.told.next(), wanted);
    });

  it("sends sound as it is, with its rate and its turn before it whenever they change", async () => {
    const { flow, page } = await startPageFlow();
    const opened = await openPage(page);
    const _session = await ownerIn(flow, opened);
    for (const [rate, turn] of [
      [24_000, 1],
      [24_000, 1],
      [16_000, 1],
      [16_000, 2],
    ] as const)
      flow.send("out", { _session, payload: sound, mimeType: `audio/pcm;rate=${rate}`, turn });
    await opened.client.next("sound", ({ turn }) => turn === 2);
    await opened.client.settled();
    const { told } = opened.client;
    assert.deepEqual(
      told.items.filter(({ type }) => type === "sound"),
      [
        { type: "sound", rate: 24_000, turn: 1 },
        { type: "sound", rate: 16_000, turn: 1 },
        { type: "sound", rate: 16_000, turn: 2 },
      ],
    );
    assert.equal(opened.client.heard().length, 4 * sound.length);
  });

  it("has a page connect again when its conversation has left for another Node-RED, after the end of its sound", async () => {
    const { flow, page } = await startPageFlow();
    const opened = await openPage(page);
    const _session = await ownerIn(flow, opened);
    const closed = opened.client.closeCode();
    flow.send("out", { _session, event: "left", payload: { event: "left", conversations: 0 } });
    flow.send("out", { _session, payload: sound, mimeType: "audio/pcm;rate=24000", turn: 1 });
    assert.equal(await closed, 1001);
    assert.equal(opened.client.heard().length, sound.length);
  });

  it("sends the rate and the turn again to a page that has come back", async () => {
    const { flow, page } = await startPageFlow();
    const opened = await openPage(page);
    const msg = { _session: await ownerIn(flow, opened), payload: sound, turn: 1 };
    flow.send("out", msg);
    await opened.client.next("sound");
    await opened.client.leave();
    const again = await openPage(page, opened.resume);
    flow.send("out", msg);
    assert.deepEqual(await again.client.next("sound"), { type: "sound", rate: 24_000, turn: 1 });
  });

  it("sends a message to its page and to no other", async () => {
    const { flow, page } = await startPageFlow();
    const pages = [await openPage(page), await openPage(page)];
    const owners = [await ownerIn(flow, pages[0]!), await ownerIn(flow, pages[1]!)];
    flow.send("out", { _session: owners[1], payload: "Hello", role: "model", final: true });
    await pages[1]!.client.next("text");
    await pages[0]!.client.settled();
    assert.deepEqual(
      pages[0]!.client.told.items.map(({ type }) => type),
      ["ready", "pong"],
    );
  });

  it("drops a message for a page that has gone", async () => {
    const { flow, page } = await startPageFlow();
    const [opened, other] = [await openPage(page), await openPage(page)];
    const _session = await ownerIn(flow, opened);
    const last = await ownerIn(flow, other);
    await opened.client.leave();
    for (const id of [_session, { type: "gemini-browser", id: "never there" }])
      flow.send("out", { _session: id, payload: sound });
    flow.send("out", { _session: last, event: "flush" });
    await other.client.next("flush");
    assert.deepEqual(flow.caught.items, []);
    assert.equal(other.client.sound.length, 0);
  });

  for (const _session of [undefined, { type: "websocket", id: "a" }, { type: "tcp", id: "b" }])
    it(`refuses a message that belongs to no page with an error, and sends it to nobody: ${_session?.type}`, async () => {
      const { flow, page } = await startPageFlow();
      const { client } = await openPage(page);
      flow.send("out", { payload: sound, ...(_session && { _session }) });
      assert.match((await flow.nextError()).message, /belongs to no page/);
      await client.settled();
      assert.equal(client.sound.length, 0);
    });

  it("refuses a message that it does not know, and sound that a page cannot play, with an error", async () => {
    const { flow, page } = await startPageFlow();
    const _session = await ownerIn(flow, await openPage(page));
    for (const msg of [{ payload: { a: 1 } }, { payload: "Hello" }, {}]) {
      flow.send("out", { _session, ...msg });
      assert.match((await flow.nextError()).message, /cannot show this message/);
    }
    flow.send("out", { _session, payload: sound, mimeType: "audio/pcm;rate=24000;channels=2" });
    assert.match((await flow.nextError()).message, /plays mono 16-bit PCM/);
  });

  it("logs an error that belongs to no page instead of sending it around in a circle", async () => {
    const { flow } = await startPageFlow();
    flow.send("out", { error: { message: "Not for a page.", source: {} } });
    flow.send("out", { payload: sound });
    await flow.nextError();
    assert.equal(flow.caught.items.length, 1);
    assert.match(flow.everything(), /belongs to no page.*It reports: Not for a page\./);
  });
});
