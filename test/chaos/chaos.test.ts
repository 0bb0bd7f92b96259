// A short chaos run, and whether the ledger notices what it should.

import assert from "node:assert/strict";
import { runChaos } from "./chaos";
import { type Connection, Ledger } from "./ledger";

const SEED = 17;

it("50 devices get through 12 s of faults: no text, tool result or gap is lost, doubled or wrong, and nothing is left behind", async function () {
  this.timeout(120_000);
  const { broken, texts, faults } = await runChaos({ seed: SEED, devices: 50, faultsMs: 12_000 });
  assert.deepEqual(broken, [], `npm run chaos -- --seed ${SEED} --minutes 0.2 repeats the faults`);
  assert.ok(texts > 100, `${texts} texts`);
  assert.ok(Object.keys(faults).length > 12, JSON.stringify(faults));
});

describe("the ledger of a chaos run notices", () => {
  const line = (more: Partial<Connection> = {}): Connection => ({
    device: "d1",
    acceptedAt: 0,
    closedAt: undefined,
    wasHeld: false,
    sound: undefined,
    ...more,
  });
  /** What it says after a text that was sent, and what `happens` then. */
  const afterText = (happens: (ledger: Ledger) => void) => {
    const ledger = new Ledger();
    ledger.note({ kind: "received", at: 1, text: "d1 t1" });
    ledger.note({ kind: "done", at: 2, text: "d1 t1" });
    happens(ledger);
    return ledger.check([], 0, 0);
  };
  const gapOf = (pauseMs: number, lostSoundMs: number) => {
    const ledger = new Ledger();
    const tell = (at: number, event: string, payload: object) =>
      ledger.note({ kind: "event", at, session: "d1", event, payload });
    tell(5, "state", { state: "connected" });
    tell(5_005, "gap", { pauseMs, lostSoundMs });
    tell(5_006, "state", { state: "connected" });
    const before = line({ closedAt: 2_000, sound: { first: 1, last: 19 } });
    return ledger.check([before, line({ acceptedAt: 5_000, sound: { first: 40, last: 50 } })], 0, 0);
  };

  it("nothing where a text arrived, and where a gap is as it was reported", () => {
    assert.deepEqual(
      afterText((ledger) => ledger.arrived("d1 t1", line())),
      [],
    );
    assert.deepEqual(gapOf(3_000, 2_000), []);
  });

  it("a text that was shown as sent and never arrived, arrived again after its answer, or was completed twice", () => {
    assert.match(String(afterText(() => {})), /never arrived and shown as sent.*d1 t1/);
    const again = afterText((ledger) => {
      ledger.arrived("d1 t1", line());
      ledger.note({ kind: "said", at: 3, session: "d1", said: "[d1 t1]" });
      ledger.arrived("d1 t1", line());
    });
    assert.match(String(again), /d1 t1 arrived again/);
    const done = { kind: "done", at: 3, text: "d1 t1" } as const;
    assert.match(String(afterText((ledger) => ledger.note(done))), /completed twice/);
  });

  it("a text that arrived before an earlier one", () => {
    const broken = afterText((ledger) => {
      ledger.note({ kind: "received", at: 3, text: "d1 t2" });
      ledger.note({ kind: "done", at: 4, text: "d1 t2" });
      ledger.arrived("d1 t2", line());
      ledger.arrived("d1 t1", line());
    });
    assert.match(String(broken), /d1 t1 arrived after d1 t2/);
  });

  it("a call that reached the flow twice, and a second response to it", () => {
    const broken = afterText((ledger) => {
      ledger.arrived("d1 t1", line());
      ledger.calls("call_1", line(), []);
      for (const at of [5, 6]) ledger.note({ kind: "called", at, call: "call_1" });
      for (const _ of [5, 6]) ledger.responded("call_1");
    });
    assert.match(String(broken), /reached the flow 2 times.*got 2 responses/);
  });

  it("a gap that was reported as shorter than it was, or with less sound lost", () => {
    assert.match(String(gapOf(500, 2_000)), /took 3000 ms and was reported as 500 ms/);
    assert.match(String(gapOf(3_000, 500)), /lost 2000 ms of sound and was reported with 500 ms/);
  });
});
