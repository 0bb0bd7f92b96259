// The badge of a live session.

import assert from "node:assert/strict";
import type { Node, NodeAPI } from "node-red";
import { Badge } from "../../../nodes/live-session/badge";
import { answering, event, type Flow, startSession } from "../flow";

const said = (bytes: number) => ({
  modelTurn: {
    parts: [
      {
        inlineData: { mimeType: "audio/pcm;rate=24000", data: Buffer.alloc(bytes, "so").toString("base64") },
      },
    ],
  },
});

describe("the badge of a live session", () => {
  let flow: Flow;
  const start = async (properties: object = {}, answer: Parameters<typeof answering>[0] = () => {}) => {
    ({ flow } = await startSession(answering(answer), {}, properties));
  };

  it("shows the state of its one conversation, or how many there are", async () => {
    await start();
    const badges = flow.badges("session");
    const shown = async (text: string) => {
      const badge = await badges.next((badge) => badge.text === text);
      return `${badge.fill} ${badge.shape}`;
    };
    assert.equal(await shown("disconnected"), "grey ring");
    flow.send("session", { session: "kitchen", action: "connect" });
    assert.equal(await shown("connecting"), "yellow ring");
    assert.equal(await shown("connected"), "green dot");
    flow.send("session", { session: "hall", action: "connect" });
    assert.equal(await shown("1 live, 1 connecting"), "green dot");
    assert.equal(await shown("2 live, 0 connecting"), "green dot");
    flow.send("session", { session: "hall", action: "disconnect" });
    assert.equal(await shown("connected"), "green dot");
    flow.send("session", { session: "kitchen", action: "disconnect" });
    assert.equal(await shown("closed"), "grey ring");
  });

  it("shows that the user interrupted the model until the model speaks again", async () => {
    await start({}, (reply) => {
      reply({ serverContent: said(2) });
      reply({ serverContent: { interrupted: true } });
      reply({ serverContent: { turnComplete: true } });
      reply({ serverContent: said(2) });
    });
    const badges = flow.badges("session");
    flow.send("session", { payload: "hello" });
    for (const text of ["connected", "interrupted", "connected"])
      await badges.next((badge) => badge.text === text);
  });

  it("shows that an extended-thinking model works in the background, until it has answered", async () => {
    await start({ model: "gemini-3.8-live-extended-thinking" }, (reply) => {
      reply({ serverContent: { ...said(2), turnComplete: true, interactionStatus: "IN_PROGRESS" } });
      reply({ serverContent: { ...said(2), turnComplete: true }, interactionStatus: "IDLE" });
    });
    const badges = flow.badges("session");
    flow.send("session", { payload: "hello" });
    for (const text of ["connected", "thinking", "connected"])
      await badges.next((badge) => badge.text === text);
  });

  it("changes its badge only with the state, and never shows sound or text in it", async () => {
    await start({}, (reply) => {
      for (let i = 0; i < 50; i++)
        reply({ serverContent: { ...said(480), outputTranscription: { text: "secret words" } } });
      reply({ serverContent: { turnComplete: true } });
    });
    const badges = flow.badges("session");
    flow.send("session", { payload: "secret question" });
    await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(
      badges.items.map(({ text }) => text),
      ["disconnected", "connecting", "connected"],
    );
  });

  it("is told to Node-RED once for what looks the same", () => {
    const told: unknown[] = [];
    const red = { _: (key: string) => key } as NodeAPI;
    const badge = new Badge(red, { status: (status: unknown) => told.push(status) } as unknown as Node);
    for (const attempt of [1, 2])
      for (const waitMs of [500, 0]) badge.show(["connecting"], { attempt: { attempt, of: 10, waitMs } });
    badge.show(["connected"], { attempt: undefined });
    badge.show(["connected"]);
    for (const state of ["closed", "disconnected"] as const) badge.show([state], { cause: "no network" });
    assert.deepEqual(told, [
      { fill: "yellow", shape: "ring", text: "live-session.badge.connecting" },
      { fill: "yellow", shape: "ring", text: "live-session.badge.again" },
      { fill: "green", shape: "dot", text: "live-session.badge.connected" },
      { fill: "red", shape: "ring", text: "no network" },
    ]);
  });
});
