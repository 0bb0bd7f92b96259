// The events of a conversation's connection.

import type { VisibleState } from "../state/state";

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
    };
