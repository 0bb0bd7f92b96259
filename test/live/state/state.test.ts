// The transitions of a conversation's state, one by one and in any order.

import assert from "node:assert/strict";
import {
  awaitsServer,
  type ConversationState,
  canBeStopped,
  INITIAL,
  isAnswering,
  isBlocked,
  isIdle,
  isOpen,
  type StateEvent,
  visibleState,
} from "../../../live/state/state";
import { transition } from "../../../live/state/transition";
import { CONNECTION } from "./connection-rows";
import { call, connected } from "./rows";
import { TURN } from "./turn-rows";

const TABLE = { ...CONNECTION, ...TURN };

for (const [subject, rows] of Object.entries(TABLE))
  describe(`the state of a conversation: ${subject}`, () => {
    for (const [what, from, event, changes] of rows)
      it(what, () => {
        const before: ConversationState = { ...connected, ...from };
        const copy = structuredClone(before);
        assert.deepEqual(transition(before, event), { ...before, ...changes });
        assert.deepEqual(before, copy, "the previous state is not changed");
      });
  });

/** The events of the table, each once, as a conversation applies them. */
const EVENTS: StateEvent[] = [
  ...new Map(
    Object.values(TABLE)
      .flat()
      .map(([, , event]) => [JSON.stringify(event), event] as const),
  ).values(),
].filter((event) => event.type !== "failed" && event.type !== "prepared");

/** Every state that some order of events leads to, without counters and without what changes nothing else. */
function reachable(): ConversationState[] {
  const plain = (state: ConversationState) => ({
    ...state,
    turn: 1,
    failures: 0,
    spent: undefined,
    changeOver: undefined,
    unproven: false,
    calls: state.calls.slice(0, 1),
  });
  const found = new Map<string, ConversationState>([[JSON.stringify(INITIAL), INITIAL]]);
  for (const state of found.values())
    for (const event of EVENTS) {
      const next = plain(transition(state, event));
      const key = JSON.stringify(next);
      if (!found.has(key)) found.set(key, next);
    }
  return [...found.values()];
}

describe("any order of events", () => {
  let states: ConversationState[];
  before(() => {
    states = reachable();
  });

  it("leads to more than a thousand states", () =>
    assert.ok(states.length > 1_000, `${states.length} states`));

  it("leaves a closed conversation with nothing awaited, blocked or planned", () => {
    for (const state of states) {
      const closed = transition(state, { type: "closed" });
      assert.equal(isOpen(closed), false);
      assert.equal(isIdle(closed), false);
      assert.equal(
        awaitsServer(closed) || canBeStopped(closed) || isAnswering(closed) || isBlocked(closed),
        false,
      );
      assert.equal(closed.button, "released");
      assert.equal(closed.changeOver, undefined);
    }
  });

  it("leads to idle once both sides, the tools and the button are done", () => {
    const ends: StateEvent[] = [
      { type: "buttonReleased" },
      { type: "userSpeech", speaking: false },
      { type: "userAudible", audible: false },
      { type: "callsSettled", ids: ["1", "2"] },
      { type: "thinking", thinking: false },
      { type: "turnComplete" },
      { type: "turnComplete" },
    ];
    for (const state of states) {
      const end = ends.reduce(transition, transition(state, { type: "connected", resumed: false }));
      assert.ok(isIdle(end), JSON.stringify(state));
    }
  });

  it("is idle exactly while connected, with nobody speaking and nothing awaited", () => {
    for (const state of states) {
      const { connection, answer, userSpeaking, userAudible, thinking, calls } = state;
      const quiet = answer === "none" && !userSpeaking && !userAudible && !thinking && calls.length === 0;
      assert.equal(isIdle(state), connection === "connected" && quiet);
    }
  });

  it("shows an interruption only while connected", () => {
    for (const state of states) {
      const wanted = state.connection === "connected" && state.interrupted ? "interrupted" : state.connection;
      assert.equal(visibleState(state), wanted);
    }
  });
});

describe("what a state says", () => {
  it("an answer can be stopped once, from when it is awaited", () => {
    for (const answer of ["awaited", "running", "playing"] as const) {
      assert.ok(canBeStopped({ ...connected, answer }));
      assert.equal(canBeStopped({ ...connected, answer, stopped: true }), false);
    }
    assert.equal(canBeStopped(connected), false);
  });

  it("it is the server's turn until the turn is complete, and while it thinks without a tool call", () => {
    assert.deepEqual(
      (["none", "awaited", "running", "playing"] as const).map((answer) =>
        awaitsServer({ ...connected, answer }),
      ),
      [false, true, true, true],
    );
    assert.ok(awaitsServer({ ...connected, thinking: true }));
    assert.equal(awaitsServer({ ...connected, thinking: true, calls: [call("1")] }), false);
  });

  it("only a blocking call blocks", () => {
    assert.equal(isBlocked({ ...connected, calls: [call("1")] }), false);
    assert.equal(isBlocked({ ...connected, calls: [call("1"), call("2", true)] }), true);
  });

  it("connecting and connected are open", () => {
    const open = (connection: ConversationState["connection"]) => isOpen({ ...INITIAL, connection });
    assert.ok(open("connecting") && open("connected"));
    assert.ok(!open("disconnected") && !open("closing") && !open("closed"));
  });
});
