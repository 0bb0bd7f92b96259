// The transitions of a turn, between the user, the model and the tools: the state before, the event, and what it changes.

import { call, type Row } from "./rows";

export const TURN: Record<string, Row[]> = {
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
      "sends the rest of what it said before a blocking call",
      { hasCalled: true, calls: [call("1", true)] },
      { type: "modelContent" },
      {},
    ],
    [
      "answers although the response to an interrupted blocking call is missing",
      { calls: [{ ...call("1", true), interrupted: true }] },
      { type: "modelContent" },
      { answer: "running" },
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
      "is interrupted before the answer has started: the answer still follows",
      { answer: "awaited" },
      { type: "interrupted" },
      { interrupted: true, answerFollows: true },
    ],
    [
      "is interrupted after a stop, before the answer has started: no answer follows",
      { answer: "awaited", stopped: true },
      { type: "interrupted" },
      { interrupted: true, stopped: false },
    ],
    [
      "is interrupted while it waits for a tool: it waits no longer",
      { calls: [call("1", true), call("2")] },
      { type: "interrupted" },
      { interrupted: true, calls: [{ ...call("1", true), interrupted: true }, call("2")] },
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
    [
      "were made in another process, which has come to this turn",
      {},
      { type: "restored", calls: [call("1")], turn: 5 },
      { calls: [call("1")], turn: 5 },
    ],
    [
      "are covered by a handle",
      { calls: [call("1")] },
      { type: "callsCovered" },
      { calls: [{ ...call("1"), covered: true }] },
    ],
    [
      "are not known to the resumed session: the model waits for none but those that a handle covers",
      { calls: [call("1", true), { ...call("2", true), covered: true }] },
      { type: "callsForgotten" },
      {
        calls: [
          { ...call("1"), forgotten: true },
          { ...call("2", true), covered: true },
        ],
      },
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
