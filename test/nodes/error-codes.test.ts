// What a flow gets of the codes of errors: behind a Catch node, and in events.

import assert from "node:assert/strict";
import { opened } from "../clean-up";
import { startFarEnd } from "../far-end";
import { node } from "../flow-node";
import { catching, connectionTo, Flow, session, state } from "./flow";

/** A switch node behind the Catch node, and a node for each of its outputs. */
const sorting = [
  catching(["sort"]),
  node(
    "sort",
    "switch",
    {
      property: "error.code",
      propertyType: "msg",
      rules: [
        { t: "eq", v: "GEMINI_KEY_REFUSED", vt: "str" },
        { t: "eq", v: "GEMINI_INPUT", vt: "str" },
        { t: "else" },
      ],
      checkall: "false",
      outputs: 3,
    },
    [["key"], ["input"], ["other"]],
  ),
  ...["key", "input", "other"].map((id) => node(id, "helper")),
];

const refusing = (code: number, reason: string) =>
  opened(startFarEnd((_frame, _reply, socket) => socket.close(code, reason)));

describe("the code of an error", () => {
  it("is msg.error.code behind a Catch node, so that a switch node tells a refused key from a wrong message", async () => {
    const farEnd = await refusing(1007, "API key not valid. Please pass a valid API key.");
    const flow = await Flow.start([connectionTo(farEnd), ...session(), ...sorting]);
    flow.send("session", { payload: "Hello", topic: "t" });
    const { error, topic } = await flow.at("key").next();
    const { code, message, cause } = error as { code: string; message: string; cause: object };
    assert.equal(topic, "t");
    assert.equal(code, "GEMINI_KEY_REFUSED");
    assert.match(message, /^GEMINI_KEY_REFUSED: Gemini Live: the API key was refused\. Check the key/);
    assert.deepEqual(cause, { code: 1007 });
    flow.send("session", { action: "explode" });
    await flow.at("input").next();
    assert.deepEqual(flow.at("other").items, []);
  });

  it("is in the event of the state that the error led to, while the session connects and when it gives up", async () => {
    const farEnd = await refusing(1011, "Internal error encountered.");
    const flow = await Flow.start([connectionTo(farEnd, { reconnectAttempts: 2 }), ...session()]);
    flow.send("session", { action: "connect" });
    const closed = await flow.at("events").next(state("closed"));
    const cause = "the server had an internal error";
    const reported = flow.all("events").map(({ payload }) => payload as Record<string, unknown>);
    assert.deepEqual(
      reported.map(({ state, cause, code }) => [state, cause, code]),
      [
        ["connecting", undefined, undefined],
        ["connecting", cause, "GEMINI_SERVER"],
        ["connecting", cause, "GEMINI_SERVER"],
        ["closed", cause, "GEMINI_SERVER"],
      ],
    );
    assert.equal(closed.payload, reported.at(-1));
  });

  it("of an error outside of any message reaches Catch nodes, too", async () => {
    const farEnd = await opened(
      startFarEnd((frame, reply) => {
        if (frame.setup) reply({ setupComplete: {} });
        else reply("no JSON");
      }),
    );
    const flow = await Flow.start([connectionTo(farEnd), ...session(), ...sorting]);
    flow.send("session", { payload: "Hello" });
    const { error } = await flow.at("other").next();
    assert.equal((error as { code: string }).code, "GEMINI_PROTOCOL");
  });

  it("of invalid settings is on every message that the node rejects, and begins the line of the log", async () => {
    const flow = await Flow.start([...session({ connection: "" }), ...sorting]);
    flow.send("session", { payload: "Hello" });
    const { error } = await flow.at("other").next();
    assert.equal((error as { code: string }).code, "GEMINI_SETTING");
    assert.match(flow.everything(), /GEMINI_SETTING: The live session has no connection/);
  });
});
