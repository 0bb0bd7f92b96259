// The token totals of a live session.

import assert from "node:assert/strict";
import type { Node } from "node-red";
import { UsageMeter } from "../../../live/turns/token-usage";
import { UsageTotals } from "../../../nodes/live-session/usage-totals";
import { replace } from "../../clean-up";
import { TestClock } from "../../clock";
import { node } from "../../flow-node";
import { answering, event, Flow, type Msg, session, startSession } from "../flow";
import { runtime } from "../runtime";

const HOUR = 60 * 60_000;

/** A turn with this many tokens of spoken answer. */
function turnOf(tokens: number) {
  const meter = new UsageMeter(undefined);
  meter.note({
    responseTokenCount: tokens,
    responseTokensDetails: [{ modality: "AUDIO", tokenCount: tokens }],
  } as object);
  return meter.endTurn()!.turn;
}

describe("the token totals of a live session", () => {
  let owner: Node;
  let clock: TestClock;
  let count = 0;
  const totals = () => new UsageTotals(owner, clock);
  const shown = (of: UsageTotals) =>
    of.days.map(({ day, model, turns, total, responseByModality }) => [
      day,
      model,
      turns,
      total,
      responseByModality.AUDIO,
    ]);

  beforeEach(async () => {
    count += 1;
    const id = `owner ${count}`;
    await Flow.start([node(id, "helper")]);
    owner = runtime.getNode(id) as unknown as Node;
    clock = new TestClock();
    // The test's clock begins at 9:30 UTC, which is 23:30 there.
    replace(process.env, "TZ", "Pacific/Kiritimati");
  });

  it("are by the local day and by model, with their modalities; those of today are of all models", () => {
    const of = totals();
    of.count("a", turnOf(1));
    of.count("b", turnOf(2));
    const today = of.count("a", turnOf(4));
    assert.deepEqual([today.day, today.turns, today.total], ["2026-11-22", 3, 7]);
    assert.deepEqual(today.responseByModality, { AUDIO: 7 });
    assert.ok(!("model" in today));
    clock.advance(HOUR);
    assert.equal(of.count("a", turnOf(8)).total, 8);
    assert.deepEqual(shown(of), [
      ["2026-11-22", "a", 2, 5, 5],
      ["2026-11-22", "b", 1, 2, 2],
      ["2026-11-23", "a", 1, 8, 8],
    ]);
  });

  it("are kept for 31 days, and for a limited number of models", () => {
    const of = totals();
    for (let day = 1; day <= 40; day++) {
      of.count("a", turnOf(day));
      clock.advance(24 * HOUR);
    }
    assert.deepEqual(
      of.days.map(({ total }) => total),
      Array.from({ length: 31 }, (_, n) => n + 10),
    );
    for (let n = 0; n < 210; n++) of.count(`model ${n}`, turnOf(1));
    assert.equal(of.days.length, 200);
    assert.equal(of.days.at(-1)!.model, "model 209");
  });

  it("count a turn of a day before all that are kept, which a clock shows before it is set", () => {
    const of = totals();
    for (let day = 1; day <= 31; day++) {
      clock.advance(24 * HOUR);
      of.count("a", turnOf(1));
    }
    const kept = of.days;
    clock = new TestClock();
    const unset = totals();
    assert.equal(unset.count("a", turnOf(5)).total, 5);
    assert.deepEqual(unset.days, kept);
  });

  it("survive a deploy, and a restart by the node's context, but not the node", () => {
    totals().count("a", turnOf(1));
    const replaced = totals();
    replaced.count("a", turnOf(2));
    assert.deepEqual(shown(replaced), [["2026-11-22", "a", 2, 3, 3]]);
    // As in a new process, in which only the context is left.
    replaced.forget();
    assert.deepEqual(shown(totals()), [["2026-11-22", "a", 2, 3, 3]]);
    replaced.forget();
    owner.context().set("usage", undefined);
    assert.deepEqual(shown(totals()), []);
  });

  it("ignore what a flow has written to their place in the context", () => {
    const incomplete = { day: "2026-11-22", model: "a", turns: 1, total: 1, promptByModality: {} };
    for (const value of ["none", [null, 7, { day: "2026-11-22", model: "a" }, incomplete]]) {
      owner.context().set("usage", value);
      const of = totals();
      assert.deepEqual(of.days, []);
      of.forget();
    }
  });
});

describe("a live session", () => {
  const answer = (reply: (frame: object) => void) =>
    reply({ usageMetadata: { promptTokenCount: 7 }, serverContent: { turnComplete: true } });
  const today = ({ payload }: Msg) => (payload as { today: { turns: number; total: number } }).today;
  const say = async (flow: Flow, key: string) => {
    flow.send("session", { payload: "hello", session: key });
    return flow.at("events").next(event("usage"));
  };

  it("has the totals of today over all conversations in the event usage, and answers the action usage as its event usageTotals", async () => {
    const { flow } = await startSession(answering(answer));
    const before = today(await say(flow, "kitchen"));
    const { turns, total } = today(await say(flow, "hall"));
    assert.deepEqual([turns, total], [before.turns + 1, before.total + 7]);
    const asked = { session: "office", topic: "bill", payload: "please" };
    flow.send("session", { ...asked, action: "usage" });
    const { _msgid, ...msg } = await flow.at("events").next(event("usageTotals"));
    const { days } = msg.payload as { days: { model: string; turns: number; total: number }[] };
    assert.deepEqual(msg, {
      session: "office",
      topic: "bill",
      event: "usageTotals",
      payload: { event: "usageTotals", days },
    });
    assert.deepEqual(
      [days.at(-1)!.model, days.at(-1)!.turns, days.at(-1)!.total],
      ["gemini-3.8-live", turns, total],
    );
    assert.equal(
      flow.all("events", ({ session }) => session === "office").length,
      1,
      "it opens no conversation",
    );
  });

  it("counts on after a deploy, and from 0 when it is deleted and added again", async () => {
    const { flow, farEnd } = await startSession(answering(answer));
    const first = today(await say(flow, "kitchen"));
    const server = { id: "connection", type: "gemini-live-config", server: "custom", url: farEnd.url };
    await flow.deploy([server, ...session({ name: "renamed" })]);
    assert.equal(today(await say(flow, "kitchen")).turns, first.turns + 1);
    await flow.deploy([server, ...session().filter(({ id }) => id !== "session")]);
    await flow.deploy([server, ...session()]);
    assert.equal(today(await say(flow, "kitchen")).turns, 1);
  });
});
