// What a conversation does when it is idle.

import type { ConversationState } from "./state/state";

export interface IdleConditions {
  /** The conversation ends after each answer. */
  singleTurn: boolean;
  /** Tokens after which the conversation ends; 0: never. */
  tokenBudget: number;
  tokensUsed: number;
  /** Whether the conversation can continue on another connection. */
  canChangeOver: boolean;
  /** Whether the setup has changed since it was sent. */
  isOutdated: boolean;
  /** Whether a context update can send that change. */
  canUpdate: boolean;
}

export type IdleAction =
  | { action: "end" }
  | { action: "endForBudget"; why: string }
  | { action: "changeOver"; cause: string }
  | { action: "update" }
  | { action: "sendText" };

/** Chooses what comes first: the end of the conversation, a change-over or a context update, or the oldest text that waits for an idle moment. */
export function idleAction(state: ConversationState, conditions: IdleConditions): IdleAction {
  const { singleTurn, tokenBudget, tokensUsed, canChangeOver, isOutdated, canUpdate } = conditions;
  if (singleTurn && state.turn > 1) return { action: "end" };
  if (tokenBudget && tokensUsed >= tokenBudget)
    return {
      action: "endForBudget",
      why: `the conversation has used ${tokensUsed} tokens of its budget of ${tokenBudget}`,
    };
  if (!state.changeOver && isOutdated && canUpdate) return { action: "update" };
  const cause = state.changeOver ?? (isOutdated ? "the setup has changed" : undefined);
  return cause && canChangeOver ? { action: "changeOver", cause } : { action: "sendText" };
}
