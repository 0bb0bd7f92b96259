// The state of a conversation, the events that change it, and what it tells: whether the conversation is open, answering or idle.

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
  /** A resumption handle has come since: a resume knows the call. */
  covered?: true;
  /** The server's session was resumed from before the call, and does not know it (docs/live-api.md 1.5). */
  forgotten?: true;
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
  | { type: "closed"; cause?: string | Error | undefined }
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
  /** Another process has made these calls, and this one continues its conversation with this turn. */
  | { type: "restored"; calls: readonly Call[]; turn: number }
  /** A resumption handle has come that covers the calls. */
  | { type: "callsCovered" }
  /** The server has resumed the conversation from before the calls that no handle covers. */
  | { type: "callsForgotten" }
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
