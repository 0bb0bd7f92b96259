// The state of a conversation, and how each event changes it. Without sockets, clocks and contents, this file reads like the
// protocol's table of states (docs/live-api.md 1.5).

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
  /** The user has interrupted the model while it waited: it waits no longer, and says nothing about the response (docs/live-api.md 1.5). */
  interrupted?: true;
  /** Clock time in milliseconds at which it came. */
  calledAt: number;
  /** Clock time in milliseconds at which the call times out and the model gets an error. */
  deadline: number;
}

export interface ConversationState {
  readonly connection: "disconnected" | "connecting" | "connected" | "closing" | "closed";
  readonly userSpeaking: boolean;
  /** The sound or its transcript shows that the user speaks, even if the server does not report it. */
  readonly userAudible: boolean;
  /** Push to talk: `open` once activityStart was sent on this connection. */
  readonly button: "released" | "pressed" | "open";
  /** The model's answer: `playing` from generationComplete until turnComplete. */
  readonly answer: "none" | "awaited" | "running" | "playing";
  /** Another answer follows the current turn: to a text that was sent during it, or to a tool response. */
  readonly answerFollows: boolean;
  /** The model has called tools in the current turn. */
  readonly hasCalled: boolean;
  /** The flow has stopped the answer: the rest of it is dropped. */
  readonly stopped: boolean;
  /** The answer was interrupted, and no other has started. */
  readonly interrupted: boolean;
  /** An extended-thinking model works in the background: the end of a turn is not the end of its answer. */
  readonly thinking: boolean;
  readonly calls: readonly Call[];
  /** The conversation was resumed on this connection, and the model has not answered since. */
  readonly unproven: boolean;
  /** The cause of the change-over that is due at the next idle moment. */
  readonly changeOver: string | undefined;
  /** Counts from 1; the user's input and the answer to it are one turn. */
  readonly turn: number;
  /** The token budget is used up, and how: only a reset opens the conversation again. */
  readonly spent: string | undefined;
  /** Clock time from which sound opens the conversation; Infinity: only another input does. */
  readonly soundOpensFrom: number;
  /** Consecutive failures to open a connection. */
  readonly failures: number;
  /** Clock time until which the state must be kept although nothing is open. */
  readonly keepUntil: number;
}

export type StateEvent =
  | { type: "connecting" }
  /** `sessionId`: as the server names the session. */
  | { type: "connected"; resumed: boolean; sessionId?: string | undefined }
  /** The connection is lost, and another one is being opened. */
  | { type: "connectionLost" }
  | { type: "closing" }
  /** There is no connection, and none is being opened. `cause`: of a failure. */
  | { type: "closed"; cause?: string | undefined }
  /** The connection could not be opened or restored. `keepMs`: how long a later input may resume the conversation. */
  | { type: "failed"; permanent: boolean; now: number; keepMs: number }
  /** The next conversation does not continue this one. */
  | { type: "ended" }
  /** The flow has ended the conversation: sound alone does not open another. */
  | { type: "disconnectedByFlow" }
  | { type: "spent"; why: string }
  | { type: "reset" }
  /** A setting of the next connection has changed. */
  | { type: "prepared"; keepUntil: number }
  | { type: "buttonPressed" }
  | { type: "activityOpened" }
  | { type: "buttonReleased" }
  /** `answered: false`: the model does not answer this speech. */
  | { type: "userSpeech"; speaking: boolean; answered?: boolean }
  | { type: "userAudible"; audible: boolean }
  | { type: "textSent" }
  /** A tool response was sent that the model answers. */
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
  /** The server sends no more of the stopped answer. */
  | { type: "stopTimedOut" }
  /** The server has stalled. */
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
      // An earlier stop does not apply to the answer to new speech.
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
      // Texts before the start of an answer get one answer together (docs/live-api.md 1.5).
      return isAnswering(state)
        ? { ...state, answerFollows: true }
        : { ...state, answer: "awaited", stopped: false };
    case "responseSent":
      // After a fast response the turn of the call may still end, and a running answer does not cover the response (docs/live-api.md 1.5).
      return {
        ...state,
        answer: state.answer === "none" ? "awaited" : state.answer,
        answerFollows: state.answerFollows || state.hasCalled || isAnswering(state),
      };
    case "modelContent":
      // The model waits for a tool: this is the rest of what it said before the call (docs/live-api.md 1.5).
      if (isBlocked(state)) return state;
      return {
        ...state,
        answer: "running",
        unproven: false,
        answerFollows: state.answerFollows && state.answer !== "awaited" && !state.interrupted,
        interrupted: false,
      };
    case "generationComplete":
      // Before the next answer has started, it ends the generation that called a tool.
      return {
        ...state,
        answer:
          state.answer === "none" || (state.answer === "awaited" && state.answerFollows)
            ? state.answer
            : "playing",
      };
    case "interrupted":
      // What was asked last is not interrupted while nothing of its answer has come: an earlier generation is (docs/live-api.md 1.5).
      return {
        ...state,
        interrupted: true,
        stopped: false,
        answerFollows: state.answerFollows || (state.answer === "awaited" && !state.stopped),
        calls: state.calls.map((call) => (blocks(call) ? { ...call, interrupted: true } : call)),
      };
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

/** The answer has started and has not ended. */
export const isAnswering = ({ answer }: ConversationState) => answer === "running" || answer === "playing";

/** There is an answer to stop. */
export const canBeStopped = ({ answer, stopped }: ConversationState) => answer !== "none" && !stopped;

/** The server should send something: the answer, its end, or the result of its thinking. */
export const awaitsServer = ({ answer, thinking, calls }: ConversationState) =>
  answer !== "none" || (thinking && calls.length === 0);

/** The model is silent until the call has a response. */
export const blocks = ({ blocking, interrupted }: Call) => blocking && !interrupted;

/** The model is silent until a tool responds. */
export const isBlocked = ({ calls }: ConversationState) => calls.some(blocks);

/** Connected, neither side speaks, and no answer or tool response is pending. */
export const isIdle = (state: ConversationState) =>
  state.connection === "connected" &&
  state.answer === "none" &&
  !state.userSpeaking &&
  !state.userAudible &&
  !state.thinking &&
  state.calls.length === 0;

/** The states that events show. */
export type VisibleState = ConversationState["connection"] | "interrupted";

/** Those of the badge: it also shows that an extended-thinking model works in the background. */
export type BadgeState = VisibleState | "thinking";

export const visibleState = ({ connection, interrupted }: ConversationState): VisibleState =>
  connection === "connected" && interrupted ? "interrupted" : connection;

export const badgeState = (state: ConversationState): BadgeState =>
  state.connection === "connected" && state.thinking ? "thinking" : visibleState(state);
