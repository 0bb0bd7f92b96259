// What a conversation tells those who hold it.

import type { GroundingMetadata } from "@google/genai";
import type { Call } from "./tools/pending-calls";
import type { UsageReport } from "./turns/token-usage";
import type { Role } from "./turns/transcript";

export type State = "disconnected" | "connecting" | "connected" | "interrupted" | "closing" | "closed";

/** A try to connect: counted from 1, of how many, and the milliseconds until it is made. */
export interface Attempt {
  attempt: number;
  of: number;
  waitMs: number;
}

/** What is done about a server that has fallen silent. */
export type OnStall = "report" | "resume";

/** `turn` counts the turns of a conversation from 1; what the user says and the answer to it are of the same turn. */
export type ConversationEvent =
  | {
      type: "audio";
      /** PCM16 mono */
      pcm: Buffer;
      /** for example `audio/pcm;rate=24000` */
      mimeType: string;
      turn: number;
    }
  | { type: "text"; role: Role; text: string; final: boolean; thought: boolean; turn: number }
  | { type: "interrupted" | "generationComplete"; turn: number }
  | {
      type: "turnComplete";
      turn: number;
      /** The server's, or CONNECTION_LOST or DISCONNECTED when a part of the answer is missing. */
      reason: string | undefined;
    }
  | { type: "toolCall"; call: Call }
  | {
      type: "toolCancelled";
      call: Call;
      /** withdrawn by the model, out of time, or of a conversation that is gone */
      reason: "cancelled" | "timeout" | "lost";
    }
  | { type: "usage"; turn: number; usage: UsageReport }
  | { type: "grounding"; turn: number; grounding: GroundingMetadata }
  | {
      type: "goAway";
      /** as the server writes it, for example `50s` */
      timeLeft: string;
    }
  | {
      type: "gap";
      /** milliseconds without a connection */
      pauseMs: number;
      /** milliseconds of sound that fell out */
      lostSoundMs: number;
    }
  | {
      type: "resumed";
      /** false: a fresh conversation, told what was said so far */
      remembered: boolean;
      pauseMs: number;
      attempts: number;
    }
  | {
      type: "stall";
      /** milliseconds without a frame of the server */
      ms: number;
      cure: OnStall;
    }
  | { type: "refused"; what: "conversation" | "tokenBudget"; why: string }
  | {
      type: "state";
      state: State;
      cause: string | undefined;
      /** while it connects */
      attempt: Attempt | undefined;
    }
  | {
      type: "failed";
      /** nobody's `done` has carried it */
      error: Error;
    };
