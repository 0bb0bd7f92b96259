// What is limited: images that wait, token budget, open conversations.

import assert from "node:assert/strict";
import { acceptSetup, holdSetups } from "../../far-end";
import { answering, event, skip, startSession, state, textsIn } from "../flow";

describe("a live session that is connecting", () => {
  it("keeps one image, the newest: 100 of them leave room for texts", async () => {
    const server = holdSetups();
    const { flow, frames } = await startSession(server.onFrame, { offlineMessages: 1 });
    for (let n = 1; n <= 100; n++)
      flow.send("session", {
        payload: Buffer.from(`\xff\xd8\xff image ${n}`, "latin1"),
        mimeType: "image/jpeg",
      });
    flow.send("session", { payload: "what do you see?" });
    server.accept();
    await frames.next(({ clientContent }) => !!clientContent);
    const images = frames.items.flatMap(
      ({ realtimeInput }) => (realtimeInput?.video as { data: string }) ?? [],
    );
    assert.deepEqual(
      images.map(({ data }) => Buffer.from(data, "base64").toString("latin1", 4)),
      ["image 100"],
    );
    assert.deepEqual(flow.caught.items, []);
  });
});

describe("a spent token budget", () => {
  it("ends the conversation until a reset: texts are errors, connect and sound do nothing", async () => {
    const { flow, farEnd, frames } = await startSession(
      answering((reply) =>
        reply({ usageMetadata: { totalTokenCount: 7 }, serverContent: { turnComplete: true } }),
      ),
      { tokenBudget: 5 },
    );
    flow.send("session", { payload: "hello" });
    await flow.at("events").next(event("refused"));
    flow.send("session", { action: "connect" });
    flow.send("session", { action: "disconnect" });
    flow.send("session", { payload: Buffer.alloc(640) });
    flow.send("session", { payload: "hello again" });
    assert.match((await flow.nextError()).message, /has used 7 tokens of its budget of 5.*"reset"/);
    assert.equal(farEnd.requests.length, 1);
    flow.send("session", { action: "reset" });
    flow.send("session", { payload: "a new conversation" });
    await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(textsIn(frames.items), ["hello", "a new conversation"]);
  });
});

describe("a spent token budget and settings of the conversation", () => {
  it("stays spent with another model, and after a disconnect, until a reset", async () => {
    const { flow, farEnd } = await startSession(
      answering((reply) =>
        reply({ usageMetadata: { totalTokenCount: 7 }, serverContent: { turnComplete: true } }),
      ),
      { tokenBudget: 5 },
    );
    flow.send("session", { action: "connect", payload: { voice: "Puck" } });
    flow.send("session", { payload: "hello" });
    await flow.at("events").next(event("refused"));
    for (const action of [
      { action: "disconnect" },
      { action: "connect", payload: { turnDetection: "manual" } },
      { action: "connect", payload: { model: "gemini-2.5-flash-native-audio-preview-12-2025" } },
    ]) {
      flow.send("session", action);
      flow.send("session", { payload: "hello again" });
      assert.match((await flow.nextError()).message, /budget of 5.*"reset"/);
    }
    flow.send("session", { action: "reset" });
    await flow.at("events").next(state("connected"));
    assert.equal(farEnd.requests.length, 2);
  });
});

describe("max conversations", () => {
  it("ends a conversation that was idle for 30 s for a new one, with an event and a warning", async () => {
    const { flow } = await startSession(acceptSetup(), { maxConversations: 2 });
    const warnings = flow.warnings("session");
    const connect = async (session: string) => {
      flow.send("session", { session, action: "connect" });
      await flow.at("events").next(state("connected", session));
    };
    await connect("a page that was closed");
    skip(20_000);
    await connect("hall");
    skip(11_000);
    await connect("kitchen");
    const closed = flow.all("events", state("closed"));
    assert.deepEqual(
      closed.map(({ session }) => session),
      ["a page that was closed"],
    );
    assert.match((closed[0]!.payload as { cause: string }).cause, /ended for another conversation/);
    assert.match(await warnings.next(), /ended for a new one/);
    assert.deepEqual(flow.caught.items, []);
  });
});
