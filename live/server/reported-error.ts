// Explains an error that the server reports in a frame, while the connection stays open or in place of the setupComplete.

import { explainClose, explainStatus } from "./close-codes";
import { ConnectionError, LiveError } from "./errors";

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

/** The error of a frame that comes in place of the setupComplete, for example from a proxy: the conversation does not open. */
export function refusedBy(reported: unknown): ConnectionError {
  const { code, message } = Object(reported) as Record<"code" | "message", unknown>;
  const text = shorten(typeof message === "string" && message ? message : reported);
  const isStatus = typeof code === "number" && code >= 400;
  return new ConnectionError(
    isStatus ? explainStatus(code, text) : explainClose(1011, text),
    undefined,
    text,
  );
}

const shorten = (reported: unknown) =>
  (typeof reported === "string" ? reported : JSON.stringify(reported)).slice(0, MAX_LENGTH);
