// The faults that a script can inject: what happens, and at which moment of a connection.

import type { FunctionCall } from "../protocol/function-declarations";

/** The moments of a connection at which faults can happen. */
export const moments = [
  /** The handshake request has arrived; the server has not answered. */
  "handshake",
  /** The setup was accepted; setupComplete follows 260 ms later, on a resume 550 ms later. */
  "setup",
  /** setupComplete was sent; the first resumption handle follows 118 ms later, on a resume 1 ms later. */
  "ready",
  /** Speech was detected, or a text that wants an answer has arrived. */
  "userSpeaking",
  /**
   * The user's turn is over and the model prepares its answer. Also when the user continues after a short pause, and
   * before the model speaks about tool responses.
   */
  "thinking",
  /** The first audio of an answer was sent. */
  "modelSpeaking",
  /** A toolCall was sent. */
  "toolCall",
  /** turnComplete was sent. */
  "turnComplete",
  /** At once, on every open connection. Only for faults that are added while the simulator runs. */
  "now",
] as const;

/** One of {@link moments}. */
export type Moment = (typeof moments)[number];

/** A failure. Times in ms. */
export type Failure =
  /** The TCP connection ends without a close frame. */
  | { do: "cut" }
  /** The server closes the WebSocket. */
  | { do: "close"; code: number; reason?: string }
  /** The server reads and sends nothing more, not even a pong or a close frame. The connection stays open. */
  | { do: "freeze" }
  /** The server stops reading for this long, so that the client's send buffer fills. It still sends. */
  | { do: "slow"; forMs: number }
  /** The server sends one frame that is not JSON, and continues. */
  | { do: "garbage" }
  /** The server sends goAway, and closes with 1008 if the client has not closed by then. */
  | { do: "goAway"; timeLeftMs: number }
  /** A stall: the server sends nothing until the user's next turn. */
  | { do: "silence" }
  /** The model never answers again on this connection; setupComplete, handles and goAway still come. Seen after resumes on 3.8. */
  | { do: "mute" }
  /** The session forgets the history that the client gave as clientContent. Seen after resumes on 3.8. */
  | { do: "forget" }
  /** The server answers the handshake with this HTTP status. */
  | { do: "refuseHandshake"; status: number };

/** Something the model does with function calls. */
export type CallAction =
  /**
   * The model calls these functions in one frame: at "thinking" instead of an answer, at any other moment in its next
   * turn. The functions need not be declared, and the arguments are not checked.
   */
  | { do: "call"; calls: readonly FunctionCall[] }
  /** The server cancels all pending calls, and interrupts a turn that waits for them. */
  | { do: "cancel" }
  /** The model repeats its pending blocking calls under new ids. Responses to the old ids are still accepted. */
  | { do: "reissue" };

/** A fault, as plain JSON. Several faults can happen at the same moment. */
export type Fault = (Failure | CallAction) & {
  at: Moment;
  /** only on this connection, counted from 1 since the start, including those whose handshake was refused */
  connection?: number;
  /** true: only on connections that resume a session; false: only on those that begin one */
  resumed?: boolean;
  /** delay after the moment; absent: 0. If the connection ends before, the fault does not happen */
  afterMs?: number;
  /** how many times it happens; absent: once. Not with `now`, which applies to all open connections */
  times?: number;
};
