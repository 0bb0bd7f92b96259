// The transitions of the connection and of the button: the state before, the event, and what it changes.

import type { ConversationState } from "../../../live/state/state";
import { call, connected, type Row } from "./rows";

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

export const CONNECTION: Record<string, Row[]> = {
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
};
