// What a conversation reports of its connection.

import type { VisibleState } from "../state/state";

/** An attempt to connect: counted from 1, of how many, and the milliseconds until it is made. */
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
      /** false: a fresh conversation that was given the history; `partly`: what came after the last handle is lost */
      remembered: boolean | "partly";
      pauseMs: number;
      attempts: number;
    };
