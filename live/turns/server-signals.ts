// Reads the signals of the server that come under several names: the user's speech, and the status of the model's work.

import type { LiveServerMessage } from "@google/genai";

/** The start or the end of speech. */
export interface SpeechSignal {
  speaking: boolean;
  /** Position in the input audio in milliseconds; undefined if the server gives none. */
  offsetMs: number | undefined;
}

const STARTS = ["ACTIVITY_START", "VAD_SIGNAL_TYPE_SOS"];
const ENDS = ["ACTIVITY_END", "VAD_SIGNAL_TYPE_EOS"];

/**
 * The speech of the user that a frame reports. The Gemini API names its kind `type`, and the SDK renames it for Vertex AI, which has
 * a second signal without a position (docs/live-api.md 1.3).
 */
export function speechIn(frame: LiveServerMessage): SpeechSignal | undefined {
  const activity = frame.voiceActivity as LiveServerMessage["voiceActivity"] & { type?: string };
  const kind =
    activity?.type ?? activity?.voiceActivityType ?? frame.voiceActivityDetectionSignal?.vadSignalType;
  if (!kind || ![...STARTS, ...ENDS].includes(kind)) return undefined;
  const seconds = Number.parseFloat(activity?.audioOffset ?? "");
  const offsetMs = Number.isFinite(seconds) ? Math.round(seconds * 1000) : undefined;
  return { speaking: STARTS.includes(kind), offsetMs };
}

/** Documented both beside and inside serverContent (docs/live-api.md 1.3); only some models send it. */
export function interactionStatusOf(frame: LiveServerMessage): string | undefined {
  const { interactionStatus } = frame as { interactionStatus?: string };
  return interactionStatus ?? frame.serverContent?.interactionStatus;
}
