// One turn of the model: its state, its tokens, and what the context keeps of it.

import type { Clock } from "../../audio/clock";
import type { Moment } from "../faults/fault-types";
import type { AnswerStream } from "../output/answer-stream";
import type { Asked } from "../output/echo";
import type { Behavior, FunctionCall } from "../protocol/function-declarations";
import type { Model } from "../protocol/models";
import type { Variation } from "../protocol/variation";
import type { Session } from "../session/session";
import { audioTokens, type TokenCounts, textTokens } from "../session/token-count";

/** How the model answers on one connection. */
export interface AnswerSettings {
  model: Model;
  /** Whether output transcription is on. */
  transcribe: boolean;
  /** Whether the model thinks before it answers, which costs tokens. */
  thinks: boolean;
  /** The behavior of a function. */
  behaviorOf(name: string): Behavior;
  /** Whether barge-in is on. clientContent interrupts without it. */
  interrupts: boolean;
  /** Whether the user is speaking. */
  userSpeaks(): boolean;
}

/** What a conversation needs from its connection. */
export interface Host {
  clock: Clock;
  readonly variation: Variation;
  /** Whether the model stalls until the user's next turn (fault `silence`). */
  readonly silent: boolean;
  send(frame: object): void;
  /** Reports something in one line. */
  log(text: string): void;
  /** Reports a moment. Its faults run before this returns, so the connection may have ended. */
  happened(moment: Moment): void;
}

/** The model's turn. It starts when the model prepares an answer. */
export interface ModelTurn {
  /** The inputs that it answers. */
  asked: Asked[];
  /** Whether the model prepares the answer, and has sent none of it. */
  thinking: boolean;
  /** Cancels the start of the answer while the model is thinking. */
  cancel: () => void;
  interrupted?: boolean;
  /** Set when the answer starts. */
  answer?: AnswerStream;
  /** The tokens of the context when the answer starts, without the tool responses that it is about. */
  prompt?: TokenCounts;
  /** The tokens of these tool responses. */
  toolTokens?: number;
  /** Function calls to make instead of an answer, or after the filler. */
  calls?: readonly FunctionCall[];
  /** The function calls made in this turn, as JSON. */
  called?: string;
  /** Whether the turn waits for tool responses. */
  waitsForResponses?: boolean;
}

/** The tokens that the model has sent in a turn. */
export function tokensOf({ answer, called = "" }: ModelTurn): TokenCounts {
  return { TEXT: textTokens(called), AUDIO: audioTokens(answer?.spokenSeconds ?? 0) };
}

/** Adds the answer of a turn to the context. Its function calls were added when they were made. */
export function addToContext({ memory }: Session, turn: ModelTurn) {
  const cut = turn.interrupted || !turn.answer?.complete;
  const said = turn.answer?.said.trimEnd() ?? "";
  const text = cut ? `${said} (interrupted)` : said;
  const tokens = audioTokens(turn.answer?.spokenSeconds ?? 0);
  memory.add({ role: "model", modality: "AUDIO", text, tokens });
}
