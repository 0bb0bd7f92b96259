// Explains closed connections: one table from close code and reason text to an error code, a verdict, a cause, and advice for the user.

import type { ErrorCode } from "./error-codes";

/**
 * What a close means for the next attempt: `permanent`: it would fail again; `passing`: it may succeed; `quota`: it may succeed after a
 * long wait; `handle`: the resumption handle is invalid; `token`: the ephemeral token is used up or has expired.
 */
export type Verdict = "permanent" | "passing" | "quota" | "handle" | "token";

export interface CloseExplanation {
  code: ErrorCode;
  verdict: Verdict;
  /** The cause, short enough for a badge. */
  cause: string;
  /** What the user can do about it. */
  advice: string;
}

const WAIT = "This is usually temporary: try again in a moment.";

/** Close code, a part of the reason text, error code, verdict, cause, advice. The first match counts. Texts: docs/live-api.md 1.6. */
const TABLE: [
  closeCode: number,
  reason: RegExp,
  code: ErrorCode,
  verdict: Verdict,
  cause: string,
  advice: string,
][] = [
  [
    1007,
    /API key (not valid|expired)/i,
    "GEMINI_KEY_REFUSED",
    "permanent",
    "the API key was refused",
    "Check the key in the connection.",
  ],
  [
    1007,
    /Invalid session handle/i,
    "GEMINI_HANDLE",
    "handle",
    "the resumption handle is not valid",
    "Start a fresh conversation.",
  ],
  [
    1007,
    /location is not supported/i,
    "GEMINI_REGION",
    "permanent",
    "the API is not available in this country",
    "Use a server in a supported region, for example Vertex AI.",
  ],
  [
    1007,
    /expire_time/i,
    "GEMINI_TOKEN",
    "permanent",
    "the server refused the lifetime of the token",
    "Check the clock of this machine.",
  ],
  [
    1007,
    /auth token|token-based/i,
    "GEMINI_TOKEN",
    "permanent",
    "the token was refused",
    "Check the token and its API version.",
  ],
  [
    1007,
    /response modalities/i,
    "GEMINI_MODEL",
    "permanent",
    "the model does not support the response modality",
    "Choose another model.",
  ],
  [
    1007,
    /function_declarations|tools\[/i,
    "GEMINI_REFUSED",
    "permanent",
    "the server refused the declaration of a tool",
    "Check the names and parameters of the tool call nodes.",
  ],
  [
    1007,
    /Explicit activity control/i,
    "GEMINI_REFUSED",
    "permanent",
    "activityStart or activityEnd was sent with automatic turn detection",
    "Choose manual turn detection in the live session.",
  ],
  [
    1007,
    /Invalid JSON payload|Unknown name|Invalid value/i,
    "GEMINI_REFUSED",
    "permanent",
    "the server does not know a setting",
    "Check the settings and the model of the live session.",
  ],
  [
    1007,
    /^/,
    "GEMINI_REFUSED",
    "permanent",
    "the server refused a message",
    "Check the settings and the model of the live session.",
  ],
  [
    1008,
    /not found for API version|not supported for bidiGenerateContent|model was not found/i,
    "GEMINI_MODEL",
    "permanent",
    "the server does not know this model",
    "Check the model name and the API version.",
  ],
  [
    1008,
    /session not found|Requested entity was not found/i,
    "GEMINI_HANDLE",
    "handle",
    "the server no longer has the conversation",
    "Start a fresh conversation.",
  ],
  [
    1008,
    /unregistered callers|API key/i,
    "GEMINI_KEY_REFUSED",
    "permanent",
    "the server requires a valid API key",
    "Enter a valid key in the connection.",
  ],
  [
    1008,
    /GoAway|operation was aborted/i,
    "GEMINI_TIME_LIMIT",
    "passing",
    "the connection reached its time limit",
    WAIT,
  ],
  [
    1008,
    /^/,
    "GEMINI_REFUSED",
    "permanent",
    "the server does not allow the request",
    "Check the model and the permissions of the key.",
  ],
  [
    1011,
    /quota|resource.*exhausted/i,
    "GEMINI_QUOTA",
    "quota",
    "the quota of the key is exhausted, or too many conversations are open",
    "Wait, end other conversations, or check plan and billing.",
  ],
  [
    1011,
    /token has (been used|expired)/i,
    "GEMINI_TOKEN",
    "token",
    "the token is used up or has expired",
    "Request a new token.",
  ],
  [1011, /Deadline expired/i, "GEMINI_TIME_LIMIT", "passing", "the connection reached its time limit", WAIT],
  [1011, /^/, "GEMINI_SERVER", "passing", "the server had an internal error", WAIT],
  [1000, /cancelled/i, "GEMINI_TIME_LIMIT", "passing", "the connection reached its time limit", WAIT],
  [1000, /^/, "GEMINI_CONNECTION_LOST", "passing", "the server closed the connection", WAIT],
  [1006, /^/, "GEMINI_CONNECTION_LOST", "passing", "the connection was lost", "Check the network."],
  [1009, /^/, "GEMINI_TOO_LARGE", "permanent", "a message was too large", "Send smaller messages."],
];

/** Explains a WebSocket close by its code and reason text; an unknown code counts as passing. */
export function explainClose(closeCode: number, reason: string): CloseExplanation {
  const row = TABLE.find(([rowCode, pattern]) => rowCode === closeCode && pattern.test(reason));
  if (!row) return explainClose(1000, "");
  const [, , code, verdict, cause, advice] = row;
  return { code, verdict, cause, advice };
}

/** Explains a connection that could not be made, by the network error. */
export function explainUnreachable(error: Error): CloseExplanation {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (/CERT|VERIFY|SELF_SIGNED/.test(code))
    return {
      code: "GEMINI_CERTIFICATE",
      verdict: "permanent",
      cause: `the certificate of the server is not trusted (${code})`,
      advice: adviceOnCertificate(code),
    };
  return {
    code: "GEMINI_UNREACHABLE",
    verdict: "passing",
    cause: `the server cannot be reached${code && ` (${code})`}`,
    advice: /^(ENOTFOUND|EAI_AGAIN)$/.test(code)
      ? "DNS does not know the name of the server or the proxy: check the address, for Vertex AI the location, and the network."
      : "Check the network, the proxy and the server address.",
  };
}

/** @param code of OpenSSL or Node.js */
function adviceOnCertificate(code: string): string {
  if (/EXPIRED|NOT_YET_VALID/.test(code)) return "Check the clock of this machine, or renew the certificate.";
  if (/ALTNAME/.test(code))
    return "It is for another host name: check the server address, or enter the server name in the TLS configuration.";
  return "Choose a TLS configuration with the certificate authority that issued it.";
}

/** Explains why the machine's Google Cloud credentials do not work. The library's message may contain parts of them and is not repeated. */
export function explainCredentials(error: Error): CloseExplanation {
  const { status } = error as { status?: number };
  if (status === 407) return explainStatus(status);
  const refused = status !== undefined && status < 500;
  const unreachable = error.name === "GaxiosError" && !refused;
  return {
    code: unreachable ? "GEMINI_UNREACHABLE" : "GEMINI_CREDENTIALS",
    verdict: unreachable ? "passing" : "permanent",
    cause: unreachable
      ? "the server that issues the credentials of this machine cannot be reached"
      : `this machine has no ${refused ? "valid " : ""}application default credentials of Google Cloud`,
    advice:
      "Run `gcloud auth application-default login` on it, or set GOOGLE_APPLICATION_CREDENTIALS to a credentials file.",
  };
}

/** Explains an HTTP error status. @param message the server's message, which may give the cause */
export function explainStatus(status: number, message = ""): CloseExplanation {
  if (status === 400 && message) return explainClose(1007, message);
  if (status === 400)
    return {
      code: "GEMINI_REFUSED",
      verdict: "permanent",
      cause: "the server refused the request (HTTP 400)",
      advice: "Check the key, the server address and the proxy.",
    };
  if (status === 404 || status < 400)
    return {
      code: "GEMINI_ADDRESS",
      verdict: "permanent",
      cause: `there is no Live API at this address (HTTP ${status})`,
      advice: "Check the server address and the API version.",
    };
  if (status === 401 || status === 403)
    return {
      code: "GEMINI_KEY_REFUSED",
      verdict: "permanent",
      cause: `the server refused the key (HTTP ${status})`,
      advice: "Check the key in the connection.",
    };
  if (status === 407)
    return {
      code: "GEMINI_PROXY",
      verdict: "permanent",
      cause: "the proxy requires a user and a password (HTTP 407)",
      advice: "Check the user and the password of the proxy.",
    };
  if (status === 429)
    return {
      code: "GEMINI_QUOTA",
      verdict: "quota",
      cause: "too many requests (HTTP 429)",
      advice: "Wait before trying again.",
    };
  return {
    code: "GEMINI_SERVER",
    verdict: "passing",
    cause: `the server refused the connection (HTTP ${status})`,
    advice: WAIT,
  };
}
