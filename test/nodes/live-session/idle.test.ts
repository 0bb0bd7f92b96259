// Messages that wait until neither side speaks, and instructions that change.

import assert from "node:assert/strict";
import { acceptResumable, acceptSetup, holdSetups } from "../../far-end";
import { event, type Frame, startSession, state, textsIn } from "../flow";

const complete = { serverContent: { turnComplete: true } };

describe("texts that wait until the conversation is idle", () => {
  it("are sent in order, each after the answer to the one before", async () => {
    const { flow, farEnd, frames } = await startSession();
    const texts = async () => textsIn([await frames.next()]);
    const answer = () => farEnd.sockets[0]!.send(JSON.stringify(complete));
    flow.send("session", { payload: "a question" });
    assert.deepEqual(await texts(), ["a question"]);
    const waiting = ["the laundry is done", "the door is open", "it is six o'clock"];
    for (const payload of waiting) flow.send("session", { payload, whenIdle: true });
    for (const text of waiting) {
      assert.equal(textsIn(frames.items).includes(text), false, `${text} came too early`);
      answer();
      assert.deepEqual(await texts(), [text]);
    }
    answer();
    for (let turn = 0; turn < 4; turn++) await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(flow.caught.items, []);
  });
});

describe("the action update", () => {
  const instructions = (frames: Record<string, Frame[string]>[]) =>
    frames.flatMap(({ setup }) =>
      setup ? [(setup.systemInstruction as { parts: { text: string }[] } | undefined)?.parts[0]?.text] : [],
    );
  const update = { action: "update", payload: "Speak like a pirate." };

  it("before a conversation opens is in its first setup", async () => {
    const { flow, farEnd } = await startSession();
    flow.send("session", { ...update });
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connected"));
    assert.deepEqual(instructions(farEnd.frames), ["Speak like a pirate."]);
  });

  it("while a conversation is connecting is in the setup with which it resumes", async () => {
    const server = holdSetups(acceptResumable());
    const { flow, farEnd } = await startSession(server.onFrame);
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connecting"));
    flow.send("session", { ...update });
    server.accept();
    await flow.at("events").next(event("resumed"));
    assert.deepEqual(instructions(farEnd.frames).at(-1), "Speak like a pirate.");
  });

  it("is an error in a conversation that cannot resume, which says what to do", async () => {
    const { flow, farEnd } = await startSession(acceptSetup(), { onConnectionLoss: "report" });
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connected"));
    flow.send("session", { ...update, topic: "mine" });
    const { message, msg } = await flow.nextError();
    assert.match(message, /"report only".*"disconnect"/);
    assert.equal(msg.topic, "mine");
    assert.equal(farEnd.requests.length, 1);
  });
});
