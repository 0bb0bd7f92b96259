// The codes of all errors. They stay the same from version to version, so that flows can tell errors apart by them.

import type { SoundError } from "../../audio/formats";

/** `errors.json` of each language explains them, and `nodes/settings/node-errors.ts` lists those of each node. */
export type ErrorCode =
  | SoundError["code"]
  | "GEMINI_ADDRESS"
  | "GEMINI_CALL_ENDED"
  | "GEMINI_CERTIFICATE"
  | "GEMINI_CONNECTION_LOST"
  | "GEMINI_CONVERSATION_LIMIT"
  | "GEMINI_CREDENTIALS"
  | "GEMINI_DEVICE"
  | "GEMINI_DEVICE_BUSY"
  | "GEMINI_ELSEWHERE"
  | "GEMINI_ENDED"
  | "GEMINI_HANDLE"
  | "GEMINI_INPUT"
  | "GEMINI_KEY_REFUSED"
  | "GEMINI_LEAVING"
  | "GEMINI_MODEL"
  | "GEMINI_PERMISSION"
  | "GEMINI_PROGRAM"
  | "GEMINI_PROTOCOL"
  | "GEMINI_PROXY"
  | "GEMINI_QUOTA"
  | "GEMINI_REFUSED"
  | "GEMINI_REGION"
  | "GEMINI_SERVER"
  | "GEMINI_SETTING"
  | "GEMINI_TIME_LIMIT"
  | "GEMINI_TOKEN"
  | "GEMINI_TOKEN_BUDGET"
  | "GEMINI_TOO_LARGE"
  | "GEMINI_UNREACHABLE";
