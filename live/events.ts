// Everything that a conversation reports.

import type { ConnectionEvent } from "./connection/connection-events";
import type { ToolEvent } from "./tools/tool-events";
import type { TurnEvent } from "./turns/turn-events";

export type ConversationEvent =
  | ConnectionEvent
  | TurnEvent
  | ToolEvent
  | { type: "refused"; what: "conversation" | "tokenBudget"; why: string }
  /** Something that the user should know and that is no error. */
  | { type: "warning"; warning: string };
