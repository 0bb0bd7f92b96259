// What a closed connection means: one table from close code and reason text to a verdict, a cause in plain words, and advice.

/**
 * What to do about a close: `permanent` ones come again however often one tries; `passing` ones are worth another try;
 * `quota` ones after a long wait; `handle` means that the resumption handle is dead; `token` that the token is spent.
 */
export type Verdict = "permanent" | "passing" | "quota" | "handle" | "token";

export interface CloseExplanation {
  verdict: Verdict;
  /** What happened, in plain words. */
  cause: string;
  /** What the user can do about it. */
  advice: string;
}

const WAIT = "It usually passes by itself; try again in a moment.";

/** Code, a part of the reason text, verdict, cause, advice. The first row that fits counts. Texts: docs/live-api.md 1.6. */
const TABLE: [code: number, reason: RegExp, verdict: Verdict, cause: string, advice: string][] = [
  [
    1007,
    /API key (not valid|expired)/i,
    "permanent",
    "the API key was refused",
    "Check the key in the connection.",
  ],
  [
    1007,
    /Invalid session handle/i,
    "handle",
    "the handle of the earlier conversation is not valid",
    "Start a fresh conversation.",
  ],
  [
    1007,
    /location is not supported/i,
    "permanent",
    "the API is not offered in this country",
    "Use a server in a supported region, for example Vertex AI.",
  ],
  [
    1007,
    /expire_time/i,
    "permanent",
    "the server refused the times of the token",
    "Check the clock of this machine.",
  ],
  [
    1007,
    /auth token|token-based/i,
    "permanent",
    "the token was refused",
    "Check the token and the API version that it was made for.",
  ],
  [
    1007,
    /response modalities/i,
    "permanent",
    "the model does not answer in the form that was asked for",
    "Choose another model.",
  ],
  [
    1007,
    /function_declarations|tools\[/i,
    "permanent",
    "the server refused the declaration of a tool",
    "Check the names and parameters of the tool-call nodes.",
  ],
  [
    1007,
    /Explicit activity control/i,
    "permanent",
    "activityStart and activityEnd were sent while the server detects turns by itself",
    "Set the turn detection to by hand.",
  ],
  [
    1007,
    /Invalid JSON payload|Unknown name|Invalid value/i,
    "permanent",
    "the server does not know a setting that was sent",
    "Check the settings and the model of the session.",
  ],
  [
    1007,
    /^/,
    "permanent",
    "the server refused something that was sent",
    "Check the settings and the model of the session.",
  ],
  [
    1008,
    /not found for API version|not supported for bidiGenerateContent|model was not found/i,
    "permanent",
    "the server does not know this model",
    "Check the model name and the API version.",
  ],
  [
    1008,
    /session not found|Requested entity was not found/i,
    "handle",
    "the server no longer knows the earlier conversation",
    "Start a fresh conversation.",
  ],
  [
    1008,
    /unregistered callers|API key/i,
    "permanent",
    "the server wants an API key that it knows",
    "Enter a valid key in the connection.",
  ],
  [
    1008,
    /GoAway|operation was aborted/i,
    "passing",
    "the server ended the connection because its time was up",
    WAIT,
  ],
  [
    1008,
    /^/,
    "permanent",
    "the server does not allow what was asked for",
    "Check the model and what the key may use.",
  ],
  [
    1011,
    /quota|resource.*exhausted/i,
    "quota",
    "the quota of the key is used up, or too many conversations are open",
    "Wait, close other conversations, or check plan and billing.",
  ],
  [
    1011,
    /token has (been used|expired)/i,
    "token",
    "the token is used up or its time is over",
    "A new token is needed.",
  ],
  [1011, /Deadline expired/i, "passing", "the connection reached the end of its time", WAIT],
  [1011, /^/, "passing", "the server had an internal error", WAIT],
  [1000, /cancelled/i, "passing", "the connection reached the end of its time", WAIT],
  [1000, /^/, "passing", "the server closed the connection", WAIT],
  [1006, /^/, "passing", "the connection was lost", "Check the network."],
  [1009, /^/, "permanent", "a message was too large", "Send less at once."],
];

/** Explains a WebSocket close by its code and reason text; a code that no row knows is taken for passing. */
export function explainClose(code: number, reason: string): CloseExplanation {
  const row = TABLE.find(([rowCode, pattern]) => rowCode === code && pattern.test(reason));
  if (!row) return { verdict: "passing", cause: "the server closed the connection", advice: WAIT };
  const [, , verdict, cause, advice] = row;
  return { verdict, cause, advice };
}

/** Explains a connection that was never made, by the HTTP status of the refused handshake or the error of the network. */
export function explainUnreachable(error: Error): CloseExplanation {
  const status = Number(/Unexpected server response: (\d+)/.exec(error.message)?.[1]);
  if (status) return explainStatus(status);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (/CERT|VERIFY|SELF_SIGNED/.test(code))
    return {
      verdict: "permanent",
      cause: `the certificate of the server is not trusted (${code})`,
      advice: "Choose a TLS configuration with the authority that has issued it.",
    };
  return {
    verdict: "passing",
    cause: `the server cannot be reached${code && ` (${code})`}`,
    advice: "Check the network, the proxy and the server address.",
  };
}

/** Explains why Google Cloud's credentials of this machine could not be used; the library's own words may hold parts of them. */
export function explainCredentials(error: Error): CloseExplanation {
  const { status } = error as { status?: number };
  if (status === 407) return explainStatus(status);
  const refused = status !== undefined && status < 500;
  const unreachable = error.name === "GaxiosError" && !refused;
  return {
    verdict: unreachable ? "passing" : "permanent",
    cause: unreachable
      ? "the server that knows the credentials of this machine cannot be reached"
      : `this machine has no application default credentials of Google Cloud${refused ? " that are accepted" : ""}`,
    advice:
      "Run `gcloud auth application-default login` on it, or name a file of credentials in GOOGLE_APPLICATION_CREDENTIALS.",
  };
}

/** Explains a HTTP status that is no success. @param words the server's own, as they may say more */
export function explainStatus(status: number, words = ""): CloseExplanation {
  if (status === 400 && words) return explainClose(1007, words);
  if (status === 404)
    return {
      verdict: "permanent",
      cause: "there is no Live API at this address (HTTP 404)",
      advice: "Check the server address and the API version.",
    };
  if (status === 401 || status === 403)
    return {
      verdict: "permanent",
      cause: `the server refused the key (HTTP ${status})`,
      advice: "Check the key in the connection.",
    };
  if (status === 407)
    return {
      verdict: "permanent",
      cause: "the proxy wants to know who asks (HTTP 407)",
      advice: "Check the user and the password of the proxy.",
    };
  if (status === 429)
    return { verdict: "quota", cause: "too many requests (HTTP 429)", advice: "Wait before trying again." };
  return { verdict: "passing", cause: `the server refused the connection (HTTP ${status})`, advice: WAIT };
}
