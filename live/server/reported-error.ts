// Explains an error that the server reports in a frame while the connection stays open.

import { explainStatus } from "./close-codes";

/** Maximum characters of an error that are quoted. */
const MAX_LENGTH = 2_000;

/**
 * The error of a frame, with its code, status and message. A Catch node gets the code as `msg.error.code`, and code and status in
 * `msg.error.cause`.
 * @param reported as the server sends it, for example `{ code: 429, status: "RESOURCE_EXHAUSTED", message: "…" }`
 */
export function reportedError(reported: unknown): Error {
  const { code, status, message } = (reported ?? {}) as Record<"code" | "status" | "message", unknown>;
  const cause = {
    ...((typeof code === "number" || typeof code === "string") && { code }),
    ...(typeof status === "string" && { status }),
  };
  const text = shorten(typeof message === "string" && message ? message : reported);
  const label = Object.values(cause).join(" ");
  const advice = typeof code === "number" && code >= 400 ? ` ${explainStatus(code, text).advice}` : "";
  const error = new Error(`Gemini Live: the server reported "${text}"${label && ` (${label})`}.${advice}`, {
    cause,
  });
  return Object.assign(error, cause.code !== undefined && { code: cause.code });
}

const shorten = (reported: unknown) =>
  (typeof reported === "string" ? reported : JSON.stringify(reported)).slice(0, MAX_LENGTH);
