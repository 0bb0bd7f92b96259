// Deploys of single nodes while sound passes through them: whoever waits for the end of something is told.

import assert from "node:assert/strict";
import { opened } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { type FlowNode, node } from "../flow-node";
import { chunksOf, silence, speech } from "../speech";
import { connectionTo, event, Flow, type Msg, session } from "./flow";

const speaking = ({ payload }: Msg) => (payload as { speaking?: boolean }).speaking;

describe("a deploy of audio out while it plays", () => {
  const nodes = (properties: object) => [
    node("play", "gemini-audio-out", properties, [["device"], ["listen", "events"]]),
    node("listen", "gemini-audio-in", { halfDuplex: true, tailMs: 0, endAfterMs: 0 }, [["heard"], []]),
    ...["device", "events", "heard"].map((id) => node(id, "helper")),
  ];

  it("flushes the device, and says how much was not heard", async () => {
    const flow = await Flow.start(nodes({ flush: "text", flushTemplate: "stop {{turn}}" }));
    flow.send("play", { payload: Buffer.alloc(48_000 * 5), turn: 3, session: "hall" });
    flow.send("play", { event: "turnComplete", turn: 3, session: "hall" });
    await flow.at("device").next();
    await flow.deploy(nodes({ frameMs: 40 }));
    const { payload, turn, session } = await flow.at("events").next(event("flush"));
    assert.deepEqual([payload, turn, session], ["stop 3", 3, "hall"]);
    const { payload: end } = await flow.at("events").next(event("turnComplete"));
    assert.deepEqual(end, { event: "turnComplete", turn: 3, playback: true, interrupted: true });
  });

  it("lets audio in listen again, which did not while the device spoke", async () => {
    const flow = await Flow.start(nodes({}));
    flow.send("play", { payload: Buffer.alloc(48_000 * 5), turn: 1 });
    await flow.at("events").next(event("playing"));
    await flow.deploy(nodes({ frameMs: 40 }));
    await flow.at("events").next(event("flush"));
    flow.send("listen", { payload: Buffer.alloc(640) });
    await flow.at("heard").next();
  });

  it("says nothing when nothing plays", async () => {
    const flow = await Flow.start(nodes({}));
    flow.send("play", { payload: Buffer.alloc(960), turn: 1 });
    flow.send("play", { event: "turnComplete", turn: 1 });
    await flow.at("events").next(event("played"));
    await flow.deploy(nodes({ frameMs: 40 }));
    flow.send("play", { event: "turnComplete", turn: 2 });
    await flow.at("events").next(({ event, turn }) => event === "turnComplete" && turn === 2);
    assert.deepEqual(flow.all("events", event("flush")), []);
  });
});

describe("a deploy of audio in while somebody speaks", () => {
  const nodes = (properties: object) => [
    node("in", "gemini-audio-in", { endAfterMs: 60_000, ...properties }, [["out"], ["events"]]),
    ...["out", "events"].map((id) => node(id, "helper")),
  ];
  const say = (flow: Flow) => {
    for (const payload of chunksOf(Buffer.concat([silence(500), speech]), 640)) flow.send("in", { payload });
  };
  const actions = (flow: Flow) =>
    flow.all("out", ({ action }) => action !== undefined).map(({ action }) => action);

  for (const [gate, end] of [
    ["speech", "audioStreamEnd"],
    ["pushToTalk", "activityEnd"],
  ])
    it(`closes the speech gate: ${end}, and no more speaking`, async () => {
      const flow = await Flow.start(nodes({ gate }));
      say(flow);
      assert.equal(speaking(await flow.at("events").next()), true);
      await flow.deploy(nodes({ gate, gainDb: 1 }));
      assert.equal(speaking(await flow.at("events").next()), false);
      assert.equal(actions(flow).at(-1), end);
    });

  for (const action of ["disconnect", "reset"])
    it(`closes the speech gate also at the action ${action}, before that`, async () => {
      const flow = await Flow.start(nodes({ gate: "speech" }));
      say(flow);
      await flow.at("events").next();
      flow.send("in", { action });
      assert.equal(speaking(await flow.at("events").next()), false);
      await flow.at("out").next((msg) => msg.action === action);
      assert.deepEqual(actions(flow), ["audioStreamEnd", action]);
    });
});

describe("a deploy of a live session in the middle of an answer", () => {
  const chunk = {
    serverContent: {
      modelTurn: {
        parts: [
          { inlineData: { mimeType: "audio/pcm;rate=24000", data: Buffer.alloc(4_800).toString("base64") } },
        ],
      },
    },
  };
  const start = async (pacing: string) => {
    const farEnd = await opened(
      startFarEnd(acceptSetup((frame, reply) => "clientContent" in frame && reply(chunk))),
    );
    const nodes = (instruction: string): FlowNode[] => [
      connectionTo(farEnd),
      ...session({ instruction }).map((each) =>
        each.id === "session"
          ? { ...each, wires: [["audio", "play"], ["text"], ["tools"], ["events"]] }
          : each,
      ),
      node("play", "gemini-audio-out", { pacing }, [["device"], ["played"]]),
      ...["device", "played"].map((id) => node(id, "helper")),
    ];
    const flow = await Flow.start(nodes("Be brief."));
    const ask = async () => {
      flow.send("session", { payload: "What time is it?" });
      await flow.at("audio").next(({ payload }) => Buffer.isBuffer(payload));
    };
    await ask();
    let deploys = 0;
    return { flow, ask, deploy: () => flow.deploy(nodes(`Answer in ${++deploys} words.`)) };
  };

  for (const pacing of ["realTime", "whole"])
    it(`ends the turn for the device, which plays what has come, and a later answer is another one (${pacing})`, async () => {
      const { flow, ask, deploy } = await start(pacing);
      await deploy();
      await flow.at("played").next(event("turnComplete"));
      await flow.at("played").next(event("played"));
      await ask();
      await deploy();
      await flow.at("played").next(event("played"));
      assert.equal(flow.all("played", event("playing")).length, 2);
      const bytes = flow.at("device").items.map(({ payload }) => (payload as Buffer).length);
      assert.equal(
        bytes.reduce((sum, length) => sum + length),
        9_600,
      );
    });

  it("reports the end to the device alone", async () => {
    const { flow, deploy } = await start("realTime");
    const reported = flow.at("events").items.length;
    await deploy();
    const { turn, session } = await flow.at("audio").next(event("turnComplete"));
    assert.deepEqual([turn, session], [1, "default"]);
    assert.equal(flow.at("events").items.length, reported);
  });
});
