import assert from "node:assert/strict";
import { node } from "../flow-node";
import { chunksOf, correlation, silence, speech } from "../speech";
import { connection, Flow, type Msg, session } from "./flow";

describe("interrupt", () => {
  let flow: Flow;
  const start = async () => {
    flow = await Flow.start([node("stop", "gemini-interrupt", {}, [["out"]]), node("out", "helper")]);
  };

  it("turns any message into an interrupt, and keeps its other properties", async () => {
    await start();
    const msg: Msg = { payload: "button", topic: "t", session: "kitchen", color: "blue" };
    flow.send("stop", msg);
    assert.equal(await flow.at("out").next(), msg);
    const { _msgid, ...rest } = msg;
    assert.deepEqual(rest, {
      payload: "button",
      topic: "t",
      session: "kitchen",
      color: "blue",
      action: "interrupt",
    });
  });

  it("passes only interrupted of the events of a session", async () => {
    await start();
    for (const event of ["state", "usage", "turnComplete", "interrupted", "goAway", "gap"])
      flow.send("stop", { event, payload: {} });
    flow.send("stop", { payload: "last" });
    await flow.at("out").next(({ payload }) => payload === "last");
    assert.deepEqual(
      flow.all("out").map(({ event, action }) => [event, action]),
      [
        ["interrupted", "interrupt"],
        [undefined, "interrupt"],
      ],
    );
  });
});

describe("all nodes together, with the simulator", () => {
  let flow: Flow;

  const start = async () => {
    const [live, ...others] = session();
    flow = await Flow.start([
      connection(),
      node("in", "gemini-audio-in", { endAfterMs: 0 }, [["session"]]),
      { ...live!, wires: [["out"], ["text"], ["tools"], ["events"]] },
      ...others,
      node("out", "gemini-audio-out", { sendAheadMs: 0 }, [["device"], ["playback"]]),
      node("device", "helper"),
      node("playback", "helper"),
      node("stop", "gemini-interrupt", {}, [["session", "out"]]),
    ]);
  };
  const speak = (key: string, sound: Buffer) => {
    for (const payload of chunksOf(sound, 1_000)) flow.send("in", { payload, session: key });
  };
  const heard = (key: string) =>
    Buffer.concat(
      flow
        .all("device", ({ payload, session }) => Buffer.isBuffer(payload) && session === key)
        .map(({ payload }) => payload as Buffer),
    );

  it("have a conversation: the simulator answers speech with the same speech", async () => {
    await start();
    speak("kitchen", Buffer.concat([speech, silence(1_000)]));
    await flow.at("playback").next(({ event }) => event === "turnComplete");
    assert.ok(correlation(speech, 16_000, heard("kitchen"), 24_000) > 0.9);
    assert.deepEqual(flow.caught.items, []);
  });

  it("an interrupt stops the model and the queue of one conversation, which then continues", async () => {
    await start();
    const long = "a rather long text that takes quite a while to say back, word by word by word";
    flow.send("session", { payload: long, session: "kitchen" });
    await flow.at("device").next(({ payload }) => Buffer.isBuffer(payload));
    flow.send("stop", { payload: "button", session: "kitchen" });
    await flow.at("playback").next(({ event }) => event === "flush");
    const atFlush = heard("kitchen").length;
    await flow.at("events").next(({ event }) => event === "turnComplete");
    assert.equal(heard("kitchen").length, atFlush);
    flow.send("session", { payload: "again", session: "kitchen" });
    await flow.at("device").next(({ payload }) => Buffer.isBuffer(payload));
    assert.deepEqual(flow.caught.items, []);
  });
});
