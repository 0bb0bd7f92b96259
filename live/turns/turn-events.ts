// The events of a conversation's turns.

import type {
  CodeExecutionResult,
  ExecutableCode,
  GroundingMetadata,
  Transcription,
  UrlContextMetadata,
} from "@google/genai";
import type { HistoryTurn } from "../input/input";
import type { UsageReport } from "./token-usage";

/** What a server may say about a piece of a transcript besides its text and language. */
export type TranscriptDetails = Pick<Transcription, "speakerLabel" | "startOffset" | "endOffset" | "words">;

/** `turn` counts from 1; the user's words and the answer to them belong to one turn. */
export type TurnEvent =
  | {
      type: "audio";
      /** PCM16 little-endian, mono */
      pcm: Buffer;
      /** for example `audio/pcm;rate=24000` */
      mimeType: string;
      turn: number;
    }
  | {
      type: "text";
      role: HistoryTurn["role"];
      text: string;
      /** true: the whole text of the turn */
      final: boolean;
      /** On the final text of an interrupted answer: the part that was played before the interruption, by the clock. */
      heard?: string;
      /** It replaces the previous interim text. */
      interim?: true;
      /** BCP-47, where the server names it. */
      language?: string | undefined;
      details?: TranscriptDetails;
      thought: boolean;
      turn: number;
    }
  | { type: "interrupted" | "generationComplete"; turn: number }
  | {
      type: "turnComplete";
      turn: number;
      /** The server's reason; CONNECTION_LOST or DISCONNECTED if a part of the answer is missing; SILENCE if the model sends no end. */
      reason: string | undefined;
      /** The model expects the user to go on. */
      waitingForInput?: true;
      /** What the user said or wrote, if the connection ended before its answer was complete. */
      texts?: readonly string[];
    }
  | {
      type: "speech";
      /** Whether the user is speaking. */
      speaking: boolean;
      /** Position in the input audio at which the server detected it, in milliseconds; undefined if the server gives none. */
      offsetMs: number | undefined;
    }
  | {
      type: "thinking";
      /** Whether the model works in the background. */
      thinking: boolean;
    }
  | { type: "usage"; turn: number; usage: UsageReport }
  | { type: "grounding"; turn: number; grounding: GroundingMetadata & UrlContextMetadata }
  /** Code that the model has the server execute, and its result. */
  | { type: "code"; turn: number; code: ExecutableCode }
  | { type: "codeResult"; turn: number; result: CodeExecutionResult }
  /** An invalid part of an answer; the rest of the answer is not affected. */
  | { type: "failed"; error: Error }
  | {
      type: "stall";
      /** Milliseconds without a frame of the server. */
      ms: number;
      /** The reaction: only this event, a resume, or a new conversation with the history. */
      cure: "report" | "resume" | "restart";
    };
