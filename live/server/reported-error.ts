// Explains an error that the server reports: in a frame, while the connection stays open or in place of the setupComplete, or in the
// body of an HTTP response.

import type { IncomingMessage } from "node:http";
import { explainClose, explainStatus } from "./close-codes";
import { ConnectionError, LiveError } from "./errors";
import { redact } from "./redaction";

/** Maximum characters of an error that are quoted. */
const MAX_LENGTH = 2_000;
const MAX_BODY_LENGTH = 300;
/** Maximum characters that are read of an HTTP response. */
const LARGEST_ANSWER = 64 * 1024;

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

/** The error of an HTTP response. @param body may have the server's words, as JSON @param secrets that were sent to the server */
export function refusedByResponse(status: number, body: string, secrets: readonly string[]): ConnectionError {
  const { error } = parseBody(body) as { error?: { message?: unknown } };
  const text = redact(secrets, String(error?.message ?? "")).slice(0, MAX_BODY_LENGTH);
  return new ConnectionError(explainStatus(status, text), undefined, text);
}

/** The object in the body of a response; without one: an empty object. */
export function parseBody(body: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

/** The text of a response, up to a limit. */
export async function readBody(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) {
    text += part;
    if (text.length > LARGEST_ANSWER) break;
  }
  return text;
}

const shorten = (reported: unknown) =>
  (typeof reported === "string" ? reported : JSON.stringify(reported)).slice(0, MAX_LENGTH);
