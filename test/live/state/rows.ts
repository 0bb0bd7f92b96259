// What the rows of the table of transitions are made of.

import { type Call, type ConversationState, INITIAL, type StateEvent } from "../../../live/state/state";

export const call = (id: string, blocking = false): Call => ({
  id,
  name: "get_weather",
  args: {},
  server: "tool",
  blocking,
  calledAt: 0,
  deadline: 1_000,
});

export const connected: ConversationState = { ...INITIAL, connection: "connected" };

export type Row = [
  what: string,
  from: Partial<ConversationState>,
  event: StateEvent,
  changes: Partial<ConversationState>,
];
