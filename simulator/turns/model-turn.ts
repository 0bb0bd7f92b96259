// One turn of the model: what belongs to it, what it costs, and what is remembered of it.

import type { Clock } from "../../audio/clock";
import type { Moment } from "../faults/fault-types";
import type { AnswerStream } from "../output/answer-stream";
import type { Asked } from "../output/echo";
import type { Behavior, FunctionCall } from "../protocol/function-declarations";
import type { Model } from "../protocol/models";
import { soundTokens, type TokenCounts, textTokens } from "../session/context-window";
import type { Session } from "../session/session";

/** How a conversation answers. */
export interface AnswerSettings {
  model: Model;
  /** Whether the transcript of what is said is sent. */
  transcribe: boolean;
  /** Whether the model waits for this function. */
  behaviorOf(name: string): Behavior;
  /** Whether the user is speaking just now. */
  userSpeaks(): boolean;
}

/** What a conversation needs of its connection. */
export interface Host {
  clock: Clock;
  /** Whether nothing is answered before the user's next turn. */
  readonly silent: boolean;
  send(frame: object): void;
  /** Tells where the conversation is; faults may be tied to that, so it may be over when this returns. */
  happened(moment: Moment): void;
}

/** The model's turn, which begins with its thinking. */
export interface ModelTurn {
  asked: Asked[];
  thinking: boolean;
  /** Takes the beginning of the answer back, while it is thinking. */
  cancel: () => void;
  interrupted?: boolean;
  /** Set as soon as it speaks, like the next one. */
  answer?: AnswerStream;
  /** The context that it is billed for. */
  prompt?: TokenCounts;
  /** To be made instead of an answer, or after the words that announce them. */
  calls?: readonly FunctionCall[];
  /** The calls that were made in it, as JSON. */
  called?: string;
  /** Whether it goes on only when they are answered. */
  holds?: boolean;
}

/** What the model has put out so far. */
export function tokensOf({ answer, called = "" }: ModelTurn, { answers }: Model): TokenCounts {
  if (answers === "TEXT") return { TEXT: textTokens(answer?.said ?? "") };
  return { TEXT: textTokens(called), AUDIO: soundTokens(answer?.spokenSeconds ?? 0) };
}

/** Remembers what was said; calls were remembered when they were made. */
export function remember({ memory }: Session, turn: ModelTurn, model: Model) {
  const cut = turn.interrupted || !turn.answer?.complete;
  const said = turn.answer?.said.trimEnd() ?? "";
  const text = cut ? `${said} (interrupted)` : said;
  const tokens = tokensOf({ ...turn, called: "" }, model)[model.answers] ?? 0;
  memory.add({ role: "model", modality: model.answers, text, tokens });
}
