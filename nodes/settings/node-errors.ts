// The codes of the errors that each node reports, by the names of their files. The build explains them in the help.

import type { ErrorCode } from "../../live/server/error-codes";

/** A request to the server fails. */
const REQUEST = [
  "GEMINI_KEY_REFUSED",
  "GEMINI_TOKEN",
  "GEMINI_REGION",
  "GEMINI_MODEL",
  "GEMINI_REFUSED",
  "GEMINI_QUOTA",
  "GEMINI_SERVER",
  "GEMINI_ADDRESS",
  "GEMINI_UNREACHABLE",
  "GEMINI_PROXY",
  "GEMINI_CERTIFICATE",
] as const;

/** A connection cannot be opened, or ends. */
const CONNECTION = [
  ...REQUEST,
  "GEMINI_CREDENTIALS",
  "GEMINI_CONNECTION_LOST",
  "GEMINI_TIME_LIMIT",
  "GEMINI_HANDLE",
  "GEMINI_TOO_LARGE",
  "GEMINI_MODULE",
] as const;

const DEVICE = ["GEMINI_PROGRAM", "GEMINI_DEVICE", "GEMINI_DEVICE_BUSY", "GEMINI_PERMISSION"] as const;

export const ERRORS: Record<string, readonly ErrorCode[]> = {
  "live-config": ["GEMINI_SETTING", ...CONNECTION],
  "live-session": [
    "GEMINI_INPUT",
    "GEMINI_SETTING",
    "GEMINI_SOUND",
    "GEMINI_QUEUE_FULL",
    "GEMINI_ENDED",
    "GEMINI_ELSEWHERE",
    "GEMINI_LEAVING",
    "GEMINI_CONVERSATION_LIMIT",
    "GEMINI_TOKEN_BUDGET",
    ...CONNECTION,
    "GEMINI_PROTOCOL",
  ],
  "audio-in": ["GEMINI_INPUT", "GEMINI_SETTING", "GEMINI_SOUND", "GEMINI_MODULE"],
  "audio-out": ["GEMINI_INPUT", "GEMINI_SETTING", "GEMINI_SOUND", "GEMINI_QUEUE_FULL", "GEMINI_MODULE"],
  microphone: ["GEMINI_INPUT", "GEMINI_SETTING", ...DEVICE],
  loudspeaker: ["GEMINI_INPUT", "GEMINI_SETTING", "GEMINI_SOUND", ...DEVICE],
  "tool-call": ["GEMINI_INPUT", "GEMINI_SETTING"],
  "tool-response": [
    "GEMINI_INPUT",
    "GEMINI_SETTING",
    "GEMINI_CALL_ENDED",
    "GEMINI_QUEUE_FULL",
    "GEMINI_ENDED",
    "GEMINI_ELSEWHERE",
    ...CONNECTION,
  ],
  "live-token": ["GEMINI_SETTING", ...REQUEST],
  "browser-in": ["GEMINI_SETTING"],
  "browser-out": ["GEMINI_INPUT", "GEMINI_SOUND"],
};
