// The events of a conversation.

import type { ConnectionEvent } from "./connection/connection-events";
import type { ErrorCode } from "./server/error-codes";
import type { ToolEvent } from "./tools/tool-events";
import type { TurnEvent } from "./turns/turn-events";

export type ConversationEvent =
  | ConnectionEvent
  | TurnEvent
  | ToolEvent
  | { type: "refused"; code: ErrorCode; what: "conversation" | "tokenBudget"; why: string }
  /** A problem that needs attention, but is not an error. */
  | { type: "warning"; warning: string };
