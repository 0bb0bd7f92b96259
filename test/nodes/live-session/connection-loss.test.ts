// A connection that is lost again and again, a handle that is out of date, and questions that were stopped before the loss.

import assert from "node:assert/strict";
import { startSimulator } from "../../../simulator/server";
import { opened } from "../../clean-up";
import { acceptResumable, holdSetups } from "../../far-end";
import { connectionTo, event, Flow, type Frame, KEY, session, startSession, state, textsIn } from "../flow";

const complete = { serverContent: { turnComplete: true } };
const setups = (frames: Frame[]) =>
  frames.flatMap(({ setup }) => (setup ? [setup as { sessionResumption?: { handle?: string } }] : []));

describe("a server that accepts every setup and then closes with 1011", () => {
  it("gets the configured reconnect attempts, with one token for each and one error at the end", async () => {
    const simulator = await opened(
      startSimulator({ key: KEY, script: [{ at: "ready", do: "close", code: 1011, times: 100 }] }),
    );
    const flow = await Flow.start([
      connectionTo(simulator, { reconnectAttempts: 2, useEphemeralTokens: true }),
      ...session(),
    ]);
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("closed"));
    const waits = flow
      .all("events", state("connecting"))
      .flatMap(({ payload }) => (payload as { waitMs?: number }).waitMs || []);
    assert.equal(waits.length, 2);
    assert.ok(waits[1]! > waits[0]! * 1.1, `${waits}`);
    assert.equal(simulator.tokens.length, 3);
    assert.match((await flow.nextError()).message, /internal error/);
    assert.equal(flow.caught.items.length, 1);
  });

  it('is tried once with "report only", whatever the reconnect attempts', async () => {
    const { flow, farEnd } = await startSession((_frame, _reply, socket) => socket.close(1011, ""), {
      onConnectionLoss: "report",
      reconnectAttempts: 8,
    });
    flow.send("session", { payload: "hello", topic: "mine" });
    const { message, msg } = await flow.nextError();
    assert.match(message, /internal error/);
    assert.equal(msg.topic, "mine");
    await flow.at("events").next(state("closed"));
    assert.equal(farEnd.requests.length, 1);
  });
});

describe("a conversation whose handle is stale, since resumable: false followed it", () => {
  it("is resumed with it, and remembered partly", async () => {
    const { flow, farEnd } = await startSession(
      acceptResumable((_frame, reply, socket) => {
        reply({ sessionResumptionUpdate: { newHandle: "", resumable: false } });
        reply({ serverContent: { outputTranscription: { text: "Once upon " } } });
        socket.close(1011, "");
      }),
      { reconnectAttempts: 3 },
    );
    flow.send("session", { payload: "Tell me a story." });
    const { payload } = await flow.at("events").next(event("resumed"));
    assert.equal((payload as { remembered: unknown }).remembered, "partly");
    assert.deepEqual(setups(farEnd.frames as Frame[])[1]!.sessionResumption, { handle: "handle 1" });
  });
});

describe("a question that interrupt has stopped", () => {
  it("is not asked again after a lost connection", async () => {
    const { flow, farEnd, frames } = await startSession(
      acceptResumable((frame, reply) => {
        if (textsIn([frame as Frame]).includes("a second question")) reply(complete);
      }),
      { reconnectAttempts: 3 },
    );
    flow.send("session", { payload: "a question" });
    await frames.next();
    flow.send("session", { action: "interrupt" });
    await flow.at("events").next(event("interrupted"));
    farEnd.sockets[0]!.terminate();
    await flow.at("events").next(event("resumed"));
    flow.send("session", { payload: "a second question" });
    await flow.at("events").next((msg) => event("turnComplete")(msg) && msg.turn !== 1);
    assert.deepEqual(textsIn(frames.items), ["a question", "a second question"]);
  });

  it("while it waited for a connection is an error to its message, and is not asked", async () => {
    const server = holdSetups();
    const { flow, frames } = await startSession(server.onFrame);
    flow.send("session", { payload: "a question", topic: "mine" });
    await flow.at("events").next(state("connecting"));
    flow.send("session", { action: "interrupt" });
    const { message, msg } = await flow.nextError();
    assert.match(message, /stopped before it was sent/);
    assert.equal(msg.topic, "mine");
    server.accept();
    await flow.at("events").next(state("connected"));
    flow.send("session", { payload: "a second question" });
    await frames.next();
    assert.deepEqual(textsIn(frames.items), ["a second question"]);
  });
});

describe("kept conversations that cannot be resumed", () => {
  for (const [what, settings, properties] of [
    ["restart with context", { onConnectionLoss: "restart" }, {}],
    ["report only", { onConnectionLoss: "report" }, {}],
    ["single turn", {}, { singleTurn: true }],
  ] as const)
    it(`start a new conversation after a deploy, and report no resume: ${what}`, async () => {
      const kept = { keepConversations: true, ...properties };
      const { flow, farEnd } = await startSession(
        acceptResumable((_frame, reply) => reply(complete)),
        settings,
        kept,
      );
      flow.send("session", { payload: "hello" });
      await flow.at("events").next(event("turnComplete"));
      await flow.deploy([connectionTo(farEnd, settings), ...session({ ...kept, voice: "Kore" })]);
      const history = [{ role: "user", text: "My name is Ada." }];
      flow.send("session", { payload: history });
      flow.send("session", { payload: "Who am I?" });
      await flow.at("events").next(event("turnComplete"));
      assert.equal(setups(farEnd.frames as Frame[])[1]!.sessionResumption?.handle, undefined);
      assert.ok(textsIn(farEnd.frames as Frame[]).includes("My name is Ada."));
      assert.deepEqual(flow.all("events", event("resumed")), []);
    });
});
