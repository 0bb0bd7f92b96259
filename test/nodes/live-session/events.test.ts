// The events output of a live session: what its messages hold, and that they are copies.

import assert from "node:assert/strict";
import { type Output, toOutputs } from "../../../nodes/live-session/outputs";
import { answering, event, startSession, state } from "../flow";

const start = async (settings: object, answer: object[]) =>
  (
    await startSession(
      answering((reply) => answer.forEach(reply)),
      settings,
    )
  ).flow;

describe("the events output of a live session", () => {
  it("names the event in the payload, too, and has no undefined details", async () => {
    const flow = await start({}, [
      { usageMetadata: { totalTokenCount: 7 } },
      { goAway: { timeLeft: "50s" } },
      { serverContent: { turnComplete: true } },
    ]);
    flow.send("session", { payload: "hello" });
    await flow.at("events").next(event("turnComplete"));
    flow.send("session", { action: "disconnect" });
    await flow.at("events").next(state("closed"));
    const events = flow.all("events");
    assert.deepEqual(
      new Set(events.map(({ event }) => event)),
      new Set(["state", "usage", "goAway", "turnComplete"]),
    );
    for (const { event, payload } of events) {
      assert.equal((payload as { event: string }).event, event);
      assert.deepEqual(payload, JSON.parse(JSON.stringify(payload)));
    }
  });

  it("sends copies: the arguments of a tool call are the flow's own", () => {
    const call = {
      id: "1",
      name: "f",
      args: { list: [1] },
      server: "",
      blocking: false,
      calledAt: 0,
      deadline: 0,
    };
    const source = { node: "session", session: "", server: "simulator", model: "" } as const;
    const [[, { payload }]] = toOutputs({ type: "toolCall", call }, source) as [Output];
    assert.deepEqual(payload, call.args);
    assert.notEqual((payload as typeof call.args).list, call.args.list);
  });

  it("sends copies: a flow that changes the usage does not change the token budget", async () => {
    const flow = await start({ tokenBudget: 10 }, [
      { usageMetadata: { totalTokenCount: 7 }, serverContent: { turnComplete: true } },
    ]);
    flow.send("session", { payload: "hello" });
    const { payload } = await flow.at("events").next(event("usage"));
    const { turn, conversation } = payload as Record<string, { total: number }>;
    turn!.total = -1000;
    conversation!.total = -1000;
    await flow.at("events").next(event("turnComplete"));
    flow.send("session", { payload: "hello again" });
    const refused = await flow.at("events").next(event("refused"));
    assert.equal((refused.payload as { what: string }).what, "tokenBudget");
  });
});
