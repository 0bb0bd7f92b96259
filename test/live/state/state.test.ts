import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  awaitsServer,
  type Call,
  type ConversationState,
  canBeStopped,
  INITIAL,
  isAnswering,
  isBlocked,
  isIdle,
  isOpen,
  type StateEvent,
  transition,
  visibleState,
} from "../../../live/state/state";

const call = (id: string, blocking = false): Call => ({
  id,
  name: "get_weather",
  args: {},
  server: "tool",
  blocking,
  calledAt: 0,
  deadline: 1_000,
});

const connected: ConversationState = { ...INITIAL, connection: "connected" };
const busy: ConversationState = {
  ...connected,
  userSpeaking: true,
  button: "open",
  answer: "running",
  answerFollows: true,
  stopped: true,
  interrupted: true,
  thinking: true,
  calls: [call("1")],
  changeOver: "goAway",
};
const nothingOfTheAnswer = {
  userSpeaking: false,
  answer: "none",
  answerFollows: false,
  stopped: false,
  interrupted: false,
  thinking: false,
  changeOver: undefined,
} as const;

type Row = [
  what: string,
  from: Partial<ConversationState>,
  event: StateEvent,
  changes: Partial<ConversationState>,
];

const TABLE: Record<string, Row[]> = {
  connection: [
    ["is being made", { connection: "closed" }, { type: "connecting" }, { connection: "connecting" }],
    [
      "is open, and sound may open the next one",
      { connection: "connecting", soundOpensFrom: 5_000 },
      { type: "connected" },
      { connection: "connected", soundOpensFrom: Number.NEGATIVE_INFINITY },
    ],
    [
      "is lost: the turn is over, the tool calls and the pressed button stay",
      busy,
      { type: "connectionLost" },
      { ...nothingOfTheAnswer, connection: "connecting", button: "pressed" },
    ],
    [
      "is lost while the button is pressed and nothing was said",
      { button: "pressed" },
      { type: "connectionLost" },
      { connection: "connecting", button: "pressed" },
    ],
    ["is lost with the button released", {}, { type: "connectionLost" }, { connection: "connecting" }],
    ["is being closed", {}, { type: "closing" }, { connection: "closing" }],
    [
      "is closed: nothing is left of turn, calls and button",
      busy,
      { type: "closed" },
      { ...nothingOfTheAnswer, connection: "closed", button: "released", calls: [] },
    ],
  ],
  opening: [
    [
      "fails: sound opens the conversation 5 s later, and other input resumes it for some time",
      { connection: "connecting" },
      { type: "failed", permanent: false, now: 1_000, keepMs: 60_000 },
      { failures: 1, soundOpensFrom: 6_000, keepUntil: 61_000 },
    ],
    [
      "fails again: the pause doubles, and nothing is kept for a shorter time than before",
      { failures: 2, keepUntil: 90_000 },
      { type: "failed", permanent: false, now: 1_000, keepMs: 0 },
      { failures: 3, soundOpensFrom: 21_000 },
    ],
    [
      "fails for the twentieth time: the pause is 5 min",
      { failures: 20 },
      { type: "failed", permanent: false, now: 0, keepMs: 0 },
      { failures: 21, soundOpensFrom: 300_000, keepUntil: 0 },
    ],
    [
      "fails for good: sound does not open the conversation",
      {},
      { type: "failed", permanent: true, now: 0, keepMs: 0 },
      { failures: 1, soundOpensFrom: Number.POSITIVE_INFINITY, keepUntil: 0 },
    ],
  ],
  end: [
    [
      "starts the turns over, and nothing is worth keeping",
      { turn: 7, keepUntil: 5_000 },
      { type: "ended" },
      { turn: 1, keepUntil: Number.NEGATIVE_INFINITY },
    ],
    [
      "of a spent conversation is remembered",
      { turn: 7, spent: "budget" },
      { type: "ended" },
      { turn: 1, keepUntil: Number.POSITIVE_INFINITY },
    ],
    [
      "by the flow bars sound, and is remembered",
      {},
      { type: "disconnectedByFlow" },
      { soundOpensFrom: Number.POSITIVE_INFINITY, keepUntil: Number.POSITIVE_INFINITY },
    ],
    [
      "by the budget is remembered with its reason",
      {},
      { type: "spent", why: "budget" },
      { spent: "budget", keepUntil: Number.POSITIVE_INFINITY },
    ],
    [
      "by a reset makes everything possible again",
      { spent: "budget", failures: 3, keepUntil: Number.POSITIVE_INFINITY },
      { type: "reset" },
      { spent: undefined, failures: 0, keepUntil: Number.NEGATIVE_INFINITY },
    ],
    [
      "does not forget what was set for the next connection",
      { keepUntil: 1_000 },
      { type: "prepared", keepUntil: 2_000 },
      { keepUntil: 2_000 },
    ],
    ["keeps the later of two times", { keepUntil: 3_000 }, { type: "prepared", keepUntil: 2_000 }, {}],
  ],
  button: [
    ["is pressed", {}, { type: "buttonPressed" }, { button: "pressed" }],
    ["is pressed twice", { button: "open" }, { type: "buttonPressed" }, {}],
    ["starts an activity", { button: "pressed" }, { type: "activityOpened" }, { button: "open" }],
    ["is released", { button: "open" }, { type: "buttonReleased" }, { button: "released" }],
  ],
  user: [
    [
      "starts speaking: the answer to that is to be heard",
      { stopped: true, answer: "running" },
      { type: "userSpeech", speaking: true },
      { userSpeaking: true, stopped: false },
    ],
    [
      "stops speaking: an answer is awaited",
      { userSpeaking: true },
      { type: "userSpeech", speaking: false },
      { userSpeaking: false, answer: "awaited" },
    ],
    [
      "stops speaking over an answer that continues",
      { userSpeaking: true, answer: "running" },
      { type: "userSpeech", speaking: false },
      { userSpeaking: false },
    ],
    ["did not speak: no answer is awaited", {}, { type: "userSpeech", speaking: false }, {}],
    [
      "writes: an answer is awaited, and is to be heard",
      { stopped: true, answer: "awaited" },
      { type: "textSent" },
      { stopped: false },
    ],
    ["writes into silence", {}, { type: "textSent" }, { answer: "awaited" }],
    [
      "writes while an answer is running: another one follows",
      { answer: "running", stopped: true },
      { type: "textSent" },
      { answerFollows: true },
    ],
    [
      "writes while an answer is playing",
      { answer: "playing" },
      { type: "textSent" },
      { answerFollows: true },
    ],
  ],
  model: [
    ["answers", { answer: "awaited" }, { type: "modelContent" }, { answer: "running" }],
    [
      "answers after an interruption: this is the answer that was to follow",
      { answer: "running", answerFollows: true, interrupted: true },
      { type: "modelContent" },
      { answerFollows: false, interrupted: false },
    ],
    [
      "continues an answer before the one that follows",
      { answer: "running", answerFollows: true },
      { type: "modelContent" },
      {},
    ],
    ["has sent all of it", { answer: "running" }, { type: "generationComplete" }, { answer: "playing" }],
    ["had nothing to say", {}, { type: "generationComplete" }, {}],
    [
      "is interrupted: what was stopped is over",
      { answer: "running", stopped: true },
      { type: "interrupted" },
      { interrupted: true, stopped: false },
    ],
    [
      "completes a turn",
      { answer: "playing", stopped: true, turn: 3, failures: 2 },
      { type: "turnComplete" },
      { answer: "none", stopped: false, turn: 4, failures: 0 },
    ],
    [
      "completes a turn that another answer follows",
      { answer: "running", answerFollows: true },
      { type: "turnComplete" },
      { answer: "awaited", answerFollows: false, turn: 2 },
    ],
    ["thinks", {}, { type: "thinking", thinking: true }, { thinking: true }],
    ["has thought", { thinking: true }, { type: "thinking", thinking: false }, { thinking: false }],
  ],
  tools: [
    [
      "are called: no answer is awaited from the model now",
      { answer: "running", answerFollows: true, calls: [call("1")] },
      { type: "toolsCalled", calls: [call("2")] },
      { answer: "none", answerFollows: false, calls: [call("1"), call("2")] },
    ],
    [
      "have responded or were withdrawn",
      { calls: [call("1"), call("2"), call("3")] },
      { type: "callsSettled", ids: ["1", "3"] },
      { calls: [call("2")] },
    ],
    ["have responded, and the model speaks about it", {}, { type: "responseSent" }, { answer: "awaited" }],
    ["have responded while the model speaks", { answer: "running" }, { type: "responseSent" }, {}],
  ],
  "stop, stall and change-over": [
    [
      "a stop drops what still comes",
      { answer: "running" },
      { type: "stopped" },
      { stopped: true, interrupted: true },
    ],
    [
      "a stop that the server never confirms ends the answer",
      { answer: "running", answerFollows: true, stopped: true },
      { type: "stopTimedOut" },
      { answer: "none", answerFollows: false, stopped: false },
    ],
    ["an answer that was not stopped goes on", { answer: "running" }, { type: "stopTimedOut" }, {}],
    [
      "a stall ends the answer",
      { answer: "running", answerFollows: true, thinking: true },
      { type: "stalled" },
      { answer: "none", answerFollows: false, thinking: false },
    ],
    [
      "a change-over is planned",
      {},
      { type: "changeOverPlanned", cause: "goAway" },
      { changeOver: "goAway" },
    ],
    [
      "the first cause of a change-over stays",
      { changeOver: "goAway" },
      { type: "changeOverPlanned", cause: "token" },
      {},
    ],
  ],
};

for (const [subject, rows] of Object.entries(TABLE))
  describe(`the state of a conversation: ${subject}`, () => {
    for (const [what, from, event, changes] of rows)
      it(what, () => {
        const before: ConversationState = { ...connected, ...from };
        const copy = structuredClone(before);
        assert.deepEqual(transition(before, event), { ...before, ...changes });
        assert.deepEqual(before, copy, "the state before is not changed");
      });
  });

/** One event of each kind, as a conversation applies them. */
const EVENTS: StateEvent[] = Object.values(TABLE)
  .flat()
  .map(([, , event]) => event)
  .filter((event) => event.type !== "failed" && event.type !== "prepared");

/** Every state that some order of events leads to, without its counters. */
function reachable(): ConversationState[] {
  const plain = (state: ConversationState) => ({
    ...state,
    turn: 1,
    failures: 0,
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

describe("whatever happens in whatever order", () => {
  const states = reachable();

  it("is checked over a thousand states", () => assert.ok(states.length > 1_000, `${states.length} states`));

  it("a conversation that is closed waits for nothing", () => {
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

  it("an open conversation becomes idle when both sides, the tools and the button are done", () => {
    const ends: StateEvent[] = [
      { type: "buttonReleased" },
      { type: "userSpeech", speaking: false },
      { type: "callsSettled", ids: ["1", "2"] },
      { type: "thinking", thinking: false },
      { type: "turnComplete" },
      { type: "turnComplete" },
    ];
    for (const state of states) {
      const end = ends.reduce(transition, transition(state, { type: "connected" }));
      assert.ok(isIdle(end), JSON.stringify(state));
    }
  });

  it("is idle only while connected, with nobody speaking and nothing awaited", () => {
    for (const state of states) {
      const { connection, answer, userSpeaking, thinking, calls } = state;
      const quiet = answer === "none" && !userSpeaking && !thinking && calls.length === 0;
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

describe("questions about a state", () => {
  it("an answer can be stopped once, from the moment it is awaited", () => {
    for (const answer of ["awaited", "running", "playing"] as const) {
      assert.ok(canBeStopped({ ...connected, answer }));
      assert.equal(canBeStopped({ ...connected, answer, stopped: true }), false);
    }
    assert.equal(canBeStopped(connected), false);
  });

  it("it is the server's turn until it has sent all of the answer", () => {
    assert.deepEqual(
      (["none", "awaited", "running", "playing"] as const).map((answer) =>
        awaitsServer({ ...connected, answer }),
      ),
      [false, true, true, false],
    );
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
