// Every transition of the state, as rows of a table: the state before, the event, and what it changes.

import { type Call, type ConversationState, INITIAL, type StateEvent } from "../../../live/state/state";

export const call = (id: string, blocking = false): Call => ({
  id,
  name: "get_weather",
  args: {},
  server: "tool",
  blocking,
  calledAt: 0,
  deadline: 1_000,
});

export const connected: ConversationState = { ...INITIAL, connection: "connected" };
const busy: ConversationState = {
  ...connected,
  userSpeaking: true,
  button: "open",
  answer: "running",
  answerFollows: true,
  hasCalled: true,
  stopped: true,
  interrupted: true,
  userAudible: true,
  thinking: true,
  calls: [call("1")],
  unproven: true,
  changeOver: "goAway",
};
const nothingOfTheAnswer = {
  userSpeaking: false,
  userAudible: false,
  unproven: false,
  answer: "none",
  answerFollows: false,
  hasCalled: false,
  stopped: false,
  interrupted: false,
  thinking: false,
  changeOver: undefined,
} as const;

export type Row = [
  what: string,
  from: Partial<ConversationState>,
  event: StateEvent,
  changes: Partial<ConversationState>,
];

export const TABLE: Record<string, Row[]> = {
  connection: [
    ["opens", { connection: "closed" }, { type: "connecting" }, { connection: "connecting" }],
    [
      "is open; sound may open the next one at once",
      { connection: "connecting", soundOpensFrom: 5_000 },
      { type: "connected", resumed: false },
      { connection: "connected", soundOpensFrom: Number.NEGATIVE_INFINITY },
    ],
    [
      "is lost: the turn ends, tool calls and the pressed button stay",
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
    [
      "is resumed; an answer proves that it works",
      { connection: "connecting" },
      { type: "connected", resumed: true },
      { connection: "connected", unproven: true },
    ],
    ["is being closed", {}, { type: "closing" }, { connection: "closing" }],
    [
      "is closed: turn, calls and button are reset",
      busy,
      { type: "closed" },
      { ...nothingOfTheAnswer, connection: "closed", button: "released", calls: [] },
    ],
  ],
  opening: [
    [
      "fails: sound opens the conversation 5 s later at the earliest, and a later input may resume it",
      { connection: "connecting" },
      { type: "failed", permanent: false, now: 1_000, keepMs: 60_000 },
      { failures: 1, soundOpensFrom: 6_000, keepUntil: 61_000 },
    ],
    [
      "fails again: the pause doubles, and keepUntil does not decrease",
      { failures: 2, keepUntil: 90_000 },
      { type: "failed", permanent: false, now: 1_000, keepMs: 0 },
      { failures: 3, soundOpensFrom: 21_000 },
    ],
    [
      "fails often: the pause is 5 min at most",
      { failures: 20 },
      { type: "failed", permanent: false, now: 0, keepMs: 0 },
      { failures: 21, soundOpensFrom: 300_000, keepUntil: 0 },
    ],
    [
      "fails permanently: sound does not open the conversation",
      {},
      { type: "failed", permanent: true, now: 0, keepMs: 0 },
      { failures: 1, soundOpensFrom: Number.POSITIVE_INFINITY, keepUntil: 0 },
    ],
  ],
  end: [
    [
      "resets the turn count, and the state need not be kept",
      { turn: 7, keepUntil: 5_000 },
      { type: "ended" },
      { turn: 1, keepUntil: Number.NEGATIVE_INFINITY },
    ],
    [
      "of a spent conversation is kept",
      { turn: 7, spent: "budget" },
      { type: "ended" },
      { turn: 1, keepUntil: Number.POSITIVE_INFINITY },
    ],
    [
      "by the flow keeps sound from opening the conversation, and is kept",
      {},
      { type: "disconnectedByFlow" },
      { soundOpensFrom: Number.POSITIVE_INFINITY, keepUntil: Number.POSITIVE_INFINITY },
    ],
    [
      "by the token budget is kept with its reason",
      {},
      { type: "spent", why: "budget" },
      { spent: "budget", keepUntil: Number.POSITIVE_INFINITY },
    ],
    [
      "by a reset clears the reason and the failures",
      { spent: "budget", failures: 3, keepUntil: Number.POSITIVE_INFINITY },
      { type: "reset" },
      { spent: undefined, failures: 0, keepUntil: Number.NEGATIVE_INFINITY },
    ],
    [
      "does not delete what was set for the next connection: keepUntil is extended",
      { keepUntil: 1_000 },
      { type: "prepared", keepUntil: 2_000 },
      { keepUntil: 2_000 },
    ],
    ["keeps the later keepUntil", { keepUntil: 3_000 }, { type: "prepared", keepUntil: 2_000 }, {}],
  ],
  button: [
    ["is pressed", {}, { type: "buttonPressed" }, { button: "pressed" }],
    ["is pressed twice", { button: "open" }, { type: "buttonPressed" }, {}],
    ["starts an activity", { button: "pressed" }, { type: "activityOpened" }, { button: "open" }],
    ["is released", { button: "open" }, { type: "buttonReleased" }, { button: "released" }],
  ],
  user: [
    [
      "stops speaking to a model that does not answer it",
      { userSpeaking: true },
      { type: "userSpeech", speaking: false, answered: false },
      { userSpeaking: false },
    ],
    ["is heard", {}, { type: "userAudible", audible: true }, { userAudible: true }],
    [
      "is no longer heard",
      { userAudible: true },
      { type: "userAudible", audible: false },
      { userAudible: false },
    ],
    [
      "starts speaking: the answer to it is not stopped",
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
    ["stops without having started: no answer is awaited", {}, { type: "userSpeech", speaking: false }, {}],
    [
      "sends a text: an answer is awaited that is not stopped",
      { stopped: true, answer: "awaited" },
      { type: "textSent" },
      { stopped: false },
    ],
    ["sends a text when nothing is awaited", {}, { type: "textSent" }, { answer: "awaited" }],
    [
      "sends a text while an answer is running: another answer follows",
      { answer: "running", stopped: true },
      { type: "textSent" },
      { answerFollows: true },
    ],
    [
      "sends a text while an answer is playing: another answer follows",
      { answer: "playing" },
      { type: "textSent" },
      { answerFollows: true },
    ],
  ],
  model: [
    [
      "starts to answer",
      { answer: "awaited", unproven: true },
      { type: "modelContent" },
      { answer: "running", unproven: false },
    ],
    [
      "starts to answer after an interruption: this is the answer that follows",
      { answer: "running", answerFollows: true, interrupted: true },
      { type: "modelContent" },
      { answerFollows: false, interrupted: false },
    ],
    [
      "continues the answer that is running before the next one",
      { answer: "running", answerFollows: true },
      { type: "modelContent" },
      {},
    ],
    [
      "starts to answer a tool response in the turn of the call: nothing follows",
      { answer: "awaited", answerFollows: true },
      { type: "modelContent" },
      { answer: "running", answerFollows: false },
    ],
    [
      "completes the generation that called a tool, before it answers the response",
      { answer: "awaited", answerFollows: true },
      { type: "generationComplete" },
      {},
    ],
    [
      "completes the generation",
      { answer: "running" },
      { type: "generationComplete" },
      { answer: "playing" },
    ],
    ["completes a generation without content", {}, { type: "generationComplete" }, {}],
    [
      "is interrupted: the stopped answer ends",
      { answer: "running", stopped: true },
      { type: "interrupted" },
      { interrupted: true, stopped: false },
    ],
    [
      "completes a turn",
      { answer: "playing", hasCalled: true, stopped: true, turn: 3, failures: 2 },
      { type: "turnComplete" },
      { answer: "none", hasCalled: false, stopped: false, turn: 4, failures: 0 },
    ],
    [
      "completes a turn that another answer follows",
      { answer: "running", answerFollows: true },
      { type: "turnComplete" },
      { answer: "awaited", answerFollows: false, turn: 2 },
    ],
    ["thinks in the background", {}, { type: "thinking", thinking: true }, { thinking: true }],
    ["stops thinking", { thinking: true }, { type: "thinking", thinking: false }, { thinking: false }],
  ],
  tools: [
    [
      "are called: no answer of the model is awaited",
      { answer: "running", answerFollows: true, unproven: true, calls: [call("1")] },
      { type: "toolsCalled", calls: [call("2")] },
      {
        answer: "none",
        answerFollows: false,
        hasCalled: true,
        unproven: false,
        calls: [call("1"), call("2")],
      },
    ],
    [
      "have responded or are cancelled",
      { calls: [call("1"), call("2"), call("3")] },
      { type: "callsSettled", ids: ["1", "3"] },
      { calls: [call("2")] },
    ],
    ["have responded: an answer is awaited", {}, { type: "responseSent" }, { answer: "awaited" }],
    [
      "have responded before the turn of the call is complete: the answer follows it",
      { hasCalled: true },
      { type: "responseSent" },
      { answer: "awaited", answerFollows: true },
    ],
    [
      "have responded while the model speaks: the answer follows",
      { answer: "running" },
      { type: "responseSent" },
      { answerFollows: true },
    ],
  ],
  "stop, stall and change-over": [
    [
      "a stop marks the answer as stopped and interrupted",
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
    ["an answer that was not stopped continues", { answer: "running" }, { type: "stopTimedOut" }, {}],
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
