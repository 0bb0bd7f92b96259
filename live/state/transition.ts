// How each event changes the state of a conversation. Without sockets, clocks and contents, this file reads like the protocol's
// table of states (docs/live-api.md 1.5).

import { blocks, type ConversationState, isAnswering, isBlocked, type StateEvent } from "./state";

/** The part of the state that ends with a connection. */
const WITHOUT_CONNECTION = {
  userSpeaking: false,
  userAudible: false,
  answer: "none",
  answerFollows: false,
  hasCalled: false,
  stopped: false,
  interrupted: false,
  thinking: false,
  unproven: false,
  changeOver: undefined,
} as const;

/** Milliseconds after a failed attempt before sound may open the next; doubles with each failure, up to the longest pause. */
const SOUND_PAUSE_MS = 5_000;
const LONGEST_SOUND_PAUSE_MS = 5 * 60_000;

/** The state after an event; the same object if nothing has changed. */
export function transition(state: ConversationState, event: StateEvent): ConversationState {
  const changes = changesBy(event, state);
  // Not spread: that gives the states of each conversation a hidden class of their own, and every access is slow.
  return changes ? Object.assign({}, state, changes) : state;
}

/** What an event changes; null: nothing. */
function changesBy(event: StateEvent, state: ConversationState): Partial<ConversationState> | null {
  switch (event.type) {
    case "connecting":
      return { connection: "connecting" };
    case "connected":
      return {
        connection: "connected",
        unproven: event.resumed,
        soundOpensFrom: Number.NEGATIVE_INFINITY,
      };
    case "connectionLost":
      return {
        ...WITHOUT_CONNECTION,
        connection: "connecting",
        button: state.button === "open" ? "pressed" : state.button,
      };
    case "closing":
      return { connection: "closing" };
    case "closed":
      return { ...WITHOUT_CONNECTION, connection: "closed", button: "released", calls: [] };
    case "failed": {
      const pause = Math.min(SOUND_PAUSE_MS * 2 ** state.failures, LONGEST_SOUND_PAUSE_MS);
      return {
        failures: state.failures + 1,
        soundOpensFrom: event.permanent ? Number.POSITIVE_INFINITY : event.now + pause,
        keepUntil: Math.max(state.keepUntil, event.now + event.keepMs),
      };
    }
    case "ended":
      return {
        turn: 1,
        keepUntil: state.spent ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
      };
    case "disconnectedByFlow":
      return { soundOpensFrom: Number.POSITIVE_INFINITY, keepUntil: Number.POSITIVE_INFINITY };
    case "spent":
      return { spent: event.why, keepUntil: Number.POSITIVE_INFINITY };
    case "reset":
      return { spent: undefined, failures: 0, keepUntil: Number.NEGATIVE_INFINITY };
    case "prepared":
      return { keepUntil: Math.max(state.keepUntil, event.keepUntil) };
    case "buttonPressed":
      return { button: state.button === "open" ? "open" : "pressed" };
    case "activityOpened":
      return { button: "open" };
    case "buttonReleased":
      return { button: "released" };
    case "userSpeech":
      // An earlier stop does not apply to the answer to new speech.
      if (event.speaking) return { userSpeaking: true, stopped: false };
      return {
        userSpeaking: false,
        answer:
          state.userSpeaking && state.answer === "none" && event.answered !== false
            ? "awaited"
            : state.answer,
      };
    case "userAudible":
      return { userAudible: event.audible };
    case "textSent":
      // Texts before the start of an answer get one answer together (docs/live-api.md 1.5).
      return isAnswering(state) ? { answerFollows: true } : { answer: "awaited", stopped: false };
    case "responseSent":
      // After a fast response the turn of the call may still end, and a running answer does not cover the response (docs/live-api.md 1.5).
      return {
        answer: state.answer === "none" ? "awaited" : state.answer,
        answerFollows: state.answerFollows || state.hasCalled || isAnswering(state),
      };
    case "modelContent":
      // The model waits for a tool: this is the rest of what it said before the call (docs/live-api.md 1.5).
      if (isBlocked(state)) return null;
      // Each chunk of an answer comes here.
      if (state.answer === "running" && !state.unproven && !state.interrupted) return null;
      return {
        answer: "running",
        unproven: false,
        answerFollows: state.answerFollows && state.answer !== "awaited" && !state.interrupted,
        interrupted: false,
      };
    case "generationComplete":
      // Before the next answer has started, it ends the generation that called a tool.
      return {
        answer:
          state.answer === "none" || (state.answer === "awaited" && state.answerFollows)
            ? state.answer
            : "playing",
      };
    case "interrupted":
      // What was asked last is not interrupted while nothing of its answer has come: an earlier generation is (docs/live-api.md 1.5).
      return {
        interrupted: true,
        stopped: false,
        answerFollows: state.answerFollows || (state.answer === "awaited" && !state.stopped),
        calls: state.calls.map((call) => (blocks(call) ? { ...call, interrupted: true } : call)),
      };
    case "turnComplete":
      return {
        answer: state.answerFollows ? "awaited" : "none",
        answerFollows: false,
        hasCalled: false,
        stopped: false,
        turn: state.turn + 1,
        failures: event.cutOff ? state.failures : 0,
      };
    case "thinking":
      return { thinking: event.thinking };
    case "toolsCalled":
      return {
        answer: "none",
        answerFollows: false,
        hasCalled: true,
        unproven: false,
        calls: [...state.calls, ...event.calls],
      };
    case "callsSettled":
      return { calls: state.calls.filter(({ id }) => !event.ids.includes(id)) };
    case "restored":
      return { calls: event.calls, turn: event.turn };
    case "callsCovered":
      return { calls: state.calls.map((call) => ({ ...call, covered: true })) };
    case "callsForgotten":
      return {
        calls: state.calls.map((call) =>
          call.covered ? call : { ...call, blocking: false, forgotten: true },
        ),
      };
    case "stopped":
      return { stopped: true, interrupted: true };
    case "stopTimedOut":
      return state.stopped ? { stopped: false, answer: "none", answerFollows: false } : null;
    case "stalled":
      return { answer: "none", answerFollows: false, thinking: false };
    case "changeOverPlanned":
      return { changeOver: state.changeOver ?? event.cause };
  }
}
