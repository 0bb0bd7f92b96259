// The model speaks first, and when a message asks for it.

import assert from "node:assert/strict";
import { answering, connection, event, Flow, session, startSession, textsIn } from "../flow";

const complete = { serverContent: { turnComplete: true } };

describe("the action reply", () => {
  it("makes the model speak, about what the payload says if there is one", async () => {
    const { flow, frames } = await startSession(answering((reply) => reply(complete)));
    flow.send("session", { action: "reply", payload: "Say that the washing machine is done." });
    await flow.at("events").next(event("turnComplete"));
    flow.send("session", { action: "reply" });
    await flow.at("events").next(event("turnComplete"));
    const [first, second] = textsIn(frames.items);
    assert.equal(first, "Say that the washing machine is done.");
    assert.match(second!, /^Begin the conversation/);
    assert.deepEqual(flow.caught.items, []);
  });

  it("with another payload than a string is an error that says what it takes", async () => {
    const { flow, farEnd } = await startSession();
    for (const payload of [1, {}, Buffer.from("Hi")]) {
      flow.send("session", { action: "reply", payload });
      const { message } = await flow.nextError();
      assert.match(message, /"reply" takes an instruction as a string in msg.payload, or no payload/);
    }
    assert.deepEqual(farEnd.requests, []);
  });
});

describe("the setting Model speaks first", () => {
  it("makes the model begin the conversation", async () => {
    const { flow, frames } = await startSession(undefined, {}, { speaksFirst: true });
    flow.send("session", { action: "connect" });
    assert.match(textsIn([await frames.next()])[0]!, /^Begin the conversation/);
  });

  it("is left out with a warning for a model that takes no texts", async () => {
    const { flow } = await startSession(
      undefined,
      {},
      {
        speaksFirst: true,
        model: "gemini-3.5-live-translate-preview",
      },
    );
    assert.match(
      await flow.warnings("session").next(),
      /does not support these settings: Model speaks first/,
    );
  });

  it("is an error with Single turn, which ends the conversation after the greeting", async () => {
    const flow = await Flow.start([connection(), ...session({ speaksFirst: true, singleTurn: true })]);
    flow.send("session", { payload: "hello" });
    assert.match(
      (await flow.nextError()).message,
      /"Model speaks first" needs a conversation of several turns/,
    );
  });
});
