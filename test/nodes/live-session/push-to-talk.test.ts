// Push to talk in a flow: the button is pressed and released by messages, while sound keeps coming.

import assert from "node:assert/strict";
import { acceptSetup } from "../../far-end";
import { skip, startSession, state } from "../flow";

const MANUAL = { turnDetection: "manual" };

describe("push to talk in a flow", () => {
  it("makes one handshake and reports one error per press when the server refuses the key", async () => {
    const { flow, farEnd } = await startSession(
      (_frame, _reply, socket) => socket.close(1007, "API key not valid. Please pass a valid API key."),
      {},
      MANUAL,
    );
    const speak = () => {
      for (let n = 0; n < 50; n++) flow.send("session", { payload: Buffer.alloc(640) });
    };
    for (let presses = 1; presses <= 2; presses++) {
      flow.send("session", { action: "activityStart" });
      speak();
      assert.match((await flow.nextError()).message, /API key was refused/);
      speak();
      flow.send("session", { payload: 0 });
      assert.match((await flow.nextError()).message, /payload is of type number/);
      assert.equal(farEnd.requests.length, presses);
    }
  });

  it("is over with a disconnect: sound opens no other conversation, the next press does", async () => {
    const { flow, farEnd, frames } = await startSession(acceptSetup(), {}, MANUAL);
    flow.send("session", { action: "activityStart" });
    flow.send("session", { payload: Buffer.alloc(640) });
    await frames.next(({ realtimeInput }) => !!realtimeInput?.audio);
    flow.send("session", { action: "disconnect" });
    await flow.at("events").next(state("closed"));
    for (let n = 0; n < 50; n++) flow.send("session", { payload: Buffer.alloc(640) });
    assert.equal(flow.all("events", state("connecting")).length, 1);
    flow.send("session", { action: "activityStart" });
    await flow.at("events").next(state("connected"));
    assert.equal(farEnd.requests.length, 2);
  });

  it("sends nothing of what was said more than a second before the press", async () => {
    const { flow, frames } = await startSession(acceptSetup(), {}, MANUAL);
    flow.send("session", { action: "connect" });
    await flow.at("events").next(state("connected"));
    for (let n = 0; n < 25; n++) flow.send("session", { payload: Buffer.alloc(640, "old") });
    skip(1_100);
    flow.send("session", { action: "activityStart" });
    flow.send("session", { payload: Buffer.alloc(640, "new") });
    flow.send("session", { action: "activityEnd" });
    await frames.next(({ realtimeInput }) => !!realtimeInput?.activityEnd);
    const sound = frames.items.flatMap(
      ({ realtimeInput }) => (realtimeInput?.audio as { data: string }) ?? [],
    );
    assert.deepEqual(
      sound.map(({ data }) => data),
      [Buffer.alloc(640, "new").toString("base64")],
    );
  });
});
