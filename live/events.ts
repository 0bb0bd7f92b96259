// What a conversation tells those who hold it.

import type { GroundingMetadata } from "@google/genai";
import type { Role } from "./transcript";
import type { Usage } from "./usage";

export type State = "disconnected" | "connecting" | "connected" | "interrupted" | "closing" | "closed";

/** `turn` counts the turns of a conversation from 1; what the user says and the answer to it are of the same turn. */
export type ConversationEvent =
  | {
      type: "audio" /** PCM16 mono */;
      pcm: Buffer /** for example `audio/pcm;rate=24000` */;
      mimeType: string;
      turn: number;
    }
  | { type: "text"; role: Role; text: string; final: boolean; thought: boolean; turn: number }
  | { type: "interrupted" | "generationComplete"; turn: number }
  | { type: "turnComplete"; turn: number; reason: string | undefined }
  | { type: "usage"; turn: number; usage: { turn: Usage; conversation: Usage } }
  | { type: "grounding"; turn: number; grounding: GroundingMetadata }
  | { type: "goAway" /** as the server writes it, for example `50s` */; timeLeft: string }
  | { type: "gap" /** milliseconds of sound that were lost */; ms: number }
  | { type: "refused"; what: string; why: string }
  | { type: "state"; state: State; cause: string | undefined }
  | { type: "failed" /** nobody's `done` has carried it */; error: Error };
