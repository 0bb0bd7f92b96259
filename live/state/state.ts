// What a conversation is doing, as one state, and how each event changes it. Sockets, clocks and contents are elsewhere: this
// file can be read as the table of states of the protocol (docs/live-api.md 1.5).

/** A tool call that the model has made and that has no response yet. */
export interface Call {
  id: string;
  /** The function that is called. */
  name: string;
  args: Record<string, unknown>;
  /** The tool call node that serves it. */
  server: string;
  /** The model is silent until the response comes. */
  blocking: boolean;
  /** Clock time in milliseconds at which it came. */
  calledAt: number;
  /** Clock time in milliseconds at which the model is told that no response came. */
  deadline: number;
}

export interface ConversationState {
  readonly connection: "disconnected" | "connecting" | "connected" | "closing" | "closed";
  readonly userSpeaking: boolean;
  /** Speech is heard or transcribed here, whether the server reports it or not. */
  readonly userAudible: boolean;
  /** Push to talk: `open` once activityStart was sent on this connection. */
  readonly button: "released" | "pressed" | "open";
  /** The model's answer: `playing` from generationComplete until the server counts it as played. */
  readonly answer: "none" | "awaited" | "running" | "playing";
  /** Another answer follows the turn that is not complete: to a text that was sent meanwhile, or to a tool response. */
  readonly answerFollows: boolean;
  /** The model has called tools in the turn that is not complete. */
  readonly hasCalled: boolean;
  /** The flow has stopped the answer: what still comes of it is dropped. */
  readonly stopped: boolean;
  /** The answer was interrupted, and no other has begun. */
  readonly interrupted: boolean;
  /** An extended-thinking model works in the background: the end of a turn is not the end of its answer. */
  readonly thinking: boolean;
  readonly calls: readonly Call[];
  /** The conversation was resumed on this connection, and the model has not answered since. */
  readonly unproven: boolean;
  /** Why the connection is to be replaced at the next idle moment. */
  readonly changeOver: string | undefined;
  /** Counts from 1; the user's words and the answer to them belong to one turn. */
  readonly turn: number;
  /** Why only a reset opens the conversation again. */
  readonly spent: string | undefined;
  /** Clock time from which sound opens the conversation; Infinity: only another input does. */
  readonly soundOpensFrom: number;
  /** Openings that failed in a row. */
  readonly failures: number;
  /** Clock time until which this state matters although nothing is open. */
  readonly keepUntil: number;
}

export type StateEvent =
  | { type: "connecting" }
  | { type: "connected"; resumed: boolean }
  /** The connection is gone, and another one is opened. */
  | { type: "connectionLost" }
  | { type: "closing" }
  /** There is no connection, and none is opened. `cause`: why, when it was a failure. */
  | { type: "closed"; cause?: string | undefined }
  /** The connection could not be opened, or not again. `keepMs`: how long a later input may resume the conversation. */
  | { type: "failed"; permanent: boolean; now: number; keepMs: number }
  /** The next conversation knows nothing of this one. */
  | { type: "ended" }
  /** The flow has ended it: sound alone does not open another. */
  | { type: "disconnectedByFlow" }
  | { type: "spent"; why: string }
  | { type: "reset" }
  /** Something was set for the next connection. */
  | { type: "prepared"; keepUntil: number }
  | { type: "buttonPressed" }
  | { type: "activityOpened" }
  | { type: "buttonReleased" }
  /** `answered: false`: the model does not answer what was said. */
  | { type: "userSpeech"; speaking: boolean; answered?: boolean }
  | { type: "userAudible"; audible: boolean }
  | { type: "textSent" }
  /** A tool response was sent that the model speaks about. */
  | { type: "responseSent" }
  | { type: "modelContent" }
  | { type: "generationComplete" }
  | { type: "interrupted" }
  /** `cutOff`: the connection ended before the turn did. */
  | { type: "turnComplete"; cutOff?: boolean }
  | { type: "thinking"; thinking: boolean }
  | { type: "toolsCalled"; calls: readonly Call[] }
  | { type: "callsSettled"; ids: readonly string[] }
  | { type: "stopped" }
  /** The server sends nothing more of an answer that was stopped. */
  | { type: "stopTimedOut" }
  /** The server sends nothing although it should. */
  | { type: "stalled" }
  | { type: "changeOverPlanned"; cause: string };

export const INITIAL: ConversationState = {
  connection: "disconnected",
  userSpeaking: false,
  userAudible: false,
  button: "released",
  answer: "none",
  answerFollows: false,
  hasCalled: false,
  stopped: false,
  interrupted: false,
  thinking: false,
  calls: [],
  unproven: false,
  changeOver: undefined,
  turn: 1,
  spent: undefined,
  soundOpensFrom: Number.NEGATIVE_INFINITY,
  failures: 0,
  keepUntil: Number.NEGATIVE_INFINITY,
};

/** What ends with a connection. */
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

/** Milliseconds after a failed opening before sound opens the next, doubled with each failure, up to the longest. */
const SOUND_PAUSE_MS = 5_000;
const LONGEST_SOUND_PAUSE_MS = 5 * 60_000;

/** The state after an event. */
export function transition(state: ConversationState, event: StateEvent): ConversationState {
  switch (event.type) {
    case "connecting":
      return { ...state, connection: "connecting" };
    case "connected":
      return {
        ...state,
        connection: "connected",
        unproven: event.resumed,
        soundOpensFrom: Number.NEGATIVE_INFINITY,
      };
    case "connectionLost":
      return {
        ...state,
        ...WITHOUT_CONNECTION,
        connection: "connecting",
        button: state.button === "open" ? "pressed" : state.button,
      };
    case "closing":
      return { ...state, connection: "closing" };
    case "closed":
      return { ...state, ...WITHOUT_CONNECTION, connection: "closed", button: "released", calls: [] };
    case "failed": {
      const pause = Math.min(SOUND_PAUSE_MS * 2 ** state.failures, LONGEST_SOUND_PAUSE_MS);
      return {
        ...state,
        failures: state.failures + 1,
        soundOpensFrom: event.permanent ? Number.POSITIVE_INFINITY : event.now + pause,
        keepUntil: Math.max(state.keepUntil, event.now + event.keepMs),
      };
    }
    case "ended":
      return {
        ...state,
        turn: 1,
        keepUntil: state.spent ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
      };
    case "disconnectedByFlow":
      return { ...state, soundOpensFrom: Number.POSITIVE_INFINITY, keepUntil: Number.POSITIVE_INFINITY };
    case "spent":
      return { ...state, spent: event.why, keepUntil: Number.POSITIVE_INFINITY };
    case "reset":
      return { ...state, spent: undefined, failures: 0, keepUntil: Number.NEGATIVE_INFINITY };
    case "prepared":
      return { ...state, keepUntil: Math.max(state.keepUntil, event.keepUntil) };
    case "buttonPressed":
      return { ...state, button: state.button === "open" ? "open" : "pressed" };
    case "activityOpened":
      return { ...state, button: "open" };
    case "buttonReleased":
      return { ...state, button: "released" };
    case "userSpeech":
      // Whatever was stopped before, the answer to what the user says now is to be heard.
      if (event.speaking) return { ...state, userSpeaking: true, stopped: false };
      return {
        ...state,
        userSpeaking: false,
        answer:
          state.userSpeaking && state.answer === "none" && event.answered !== false
            ? "awaited"
            : state.answer,
      };
    case "userAudible":
      return { ...state, userAudible: event.audible };
    case "textSent":
      // Texts before the first piece of an answer get one answer together (docs/live-api.md 1.5).
      return isAnswering(state)
        ? { ...state, answerFollows: true }
        : { ...state, answer: "awaited", stopped: false };
    case "responseSent":
      // The turn of the call may end after a fast response, and an answer that is running is not about it (docs/live-api.md 1.5).
      return {
        ...state,
        answer: state.answer === "none" ? "awaited" : state.answer,
        answerFollows: state.answerFollows || state.hasCalled || isAnswering(state),
      };
    case "modelContent":
      return {
        ...state,
        answer: "running",
        unproven: false,
        answerFollows: state.answerFollows && state.answer !== "awaited" && !state.interrupted,
        interrupted: false,
      };
    case "generationComplete":
      // Before the answer that follows has begun, it ends the generation that called a tool.
      return {
        ...state,
        answer:
          state.answer === "none" || (state.answer === "awaited" && state.answerFollows)
            ? state.answer
            : "playing",
      };
    case "interrupted":
      return { ...state, interrupted: true, stopped: false };
    case "turnComplete":
      return {
        ...state,
        answer: state.answerFollows ? "awaited" : "none",
        answerFollows: false,
        hasCalled: false,
        stopped: false,
        turn: state.turn + 1,
        failures: event.cutOff ? state.failures : 0,
      };
    case "thinking":
      return { ...state, thinking: event.thinking };
    case "toolsCalled":
      return {
        ...state,
        answer: "none",
        answerFollows: false,
        hasCalled: true,
        unproven: false,
        calls: [...state.calls, ...event.calls],
      };
    case "callsSettled":
      return { ...state, calls: state.calls.filter(({ id }) => !event.ids.includes(id)) };
    case "stopped":
      return { ...state, stopped: true, interrupted: true };
    case "stopTimedOut":
      return state.stopped ? { ...state, stopped: false, answer: "none", answerFollows: false } : state;
    case "stalled":
      return { ...state, answer: "none", answerFollows: false, thinking: false };
    case "changeOverPlanned":
      return { ...state, changeOver: state.changeOver ?? event.cause };
  }
}

/** The conversation is open: there is a connection, or one is being made. */
export const isOpen = ({ connection }: ConversationState) =>
  connection === "connected" || connection === "connecting";

/** A part of the answer has come, and its end has not. */
export const isAnswering = ({ answer }: ConversationState) => answer === "running" || answer === "playing";

/** There is something that a stop would stop. */
export const canBeStopped = ({ answer, stopped }: ConversationState) => answer !== "none" && !stopped;

/** It is the server's turn to send something: the answer, its end, or what it thinks about. */
export const awaitsServer = ({ answer, thinking, calls }: ConversationState) =>
  answer !== "none" || (thinking && calls.length === 0);

/** The model is silent until a tool responds. */
export const isBlocked = ({ calls }: ConversationState) => calls.some(({ blocking }) => blocking);

/** Connected, nobody speaks, and nothing is awaited: not from the user, the model or a tool. */
export const isIdle = (state: ConversationState) =>
  state.connection === "connected" &&
  state.answer === "none" &&
  !state.userSpeaking &&
  !state.userAudible &&
  !state.thinking &&
  state.calls.length === 0;

/** The states as users know them. */
export type VisibleState = ConversationState["connection"] | "interrupted";

export const visibleState = ({ connection, interrupted }: ConversationState): VisibleState =>
  connection === "connected" && interrupted ? "interrupted" : connection;
