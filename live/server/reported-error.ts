// Explains an error that the server reports in a frame while the connection stays open.

import { explainStatus } from "./close-codes";
import { LiveError } from "./errors";

/** Maximum characters of an error that are quoted. */
const MAX_LENGTH = 2_000;

/**
 * The error of a frame. A Catch node gets the server's own code and status in `msg.error.cause`.
 * @param reported as the server sends it, for example `{ code: 429, status: "RESOURCE_EXHAUSTED", message: "…" }`
 */
export function reportedError(reported: unknown): LiveError {
  const { code, status, message } = (reported ?? {}) as Record<"code" | "status" | "message", unknown>;
  const cause = {
    ...((typeof code === "number" || typeof code === "string") && { code }),
    ...(typeof status === "string" && { status }),
  };
  const text = shorten(typeof message === "string" && message ? message : reported);
  const label = Object.values(cause).join(" ");
  const explained = typeof code === "number" && code >= 400 ? explainStatus(code, text) : undefined;
  const advice = explained ? ` ${explained.advice}` : "";
  return new LiveError(
    explained?.code ?? "GEMINI_SERVER",
    `Gemini Live: the server reported "${text}"${label && ` (${label})`}.${advice}`,
    { cause },
  );
}

const shorten = (reported: unknown) =>
  (typeof reported === "string" ? reported : JSON.stringify(reported)).slice(0, MAX_LENGTH);
