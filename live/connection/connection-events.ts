// The events of a conversation's connection.

import type { ErrorCode } from "../server/error-codes";
import type { Call, VisibleState } from "../state/state";
import type { UnknownField } from "./server-frame";

/** An attempt to connect: its number from 1, the maximum, and the milliseconds until it is made. */
export interface Attempt {
  attempt: number;
  of: number;
  waitMs: number;
}

export type ConnectionEvent =
  | {
      type: "state";
      state: VisibleState;
      cause: string | undefined;
      /** of a cause that is an error */
      code?: ErrorCode;
      /** Of a new connection to Vertex AI: the id that the server gives the session. */
      sessionId?: string;
      /** while it connects */
      attempt: Attempt | undefined;
    }
  | {
      type: "goAway";
      /** as the server writes it, for example `50s` */
      timeLeft: string;
    }
  | {
      type: "gap";
      /** milliseconds without a connection */
      pauseMs: number;
      /** milliseconds of sound that dropped out of the queue */
      lostSoundMs: number;
    }
  | {
      type: "resumed";
      /** true: resumed; `partly`: resumed without what came after the last handle; false: a new conversation that got the history */
      remembered: boolean | "partly";
      pauseMs: number;
      attempts: number;
      /** Another process has begun the conversation: the tool calls that wait for a response. */
      calls?: readonly Call[];
    }
  | {
      type: "voiceConsentSignature";
      /** For the setups of later conversations with the same replicated voice, in place of the recorded consent. */
      signature: string;
    }
  /** A field of a frame that this package does not know. */
  | ({ type: "other" } & UnknownField);
