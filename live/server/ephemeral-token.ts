// Short-lived tokens that stand for an API key: for our own connections, and for browsers and devices that connect by
// themselves (docs/live-api.md 3).

import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Clock } from "../../audio/clock";
import type { Lock } from "../setup/token-lock";
import { explainStatus, explainUnreachable } from "./close-codes";
import { ConnectionError, InputError } from "./errors";
import { routeTo } from "./network";
import { type Server, without } from "./server";

/** Characters of an answer that are read, and of its words that are repeated. */
const LARGEST_ANSWER = 64 * 1024;
const LONGEST_WORDS = 300;

/** How far a token reaches. */
export interface TokenTerms {
  /** How many conversations it may begin; 0: any number. Resuming one is free. */
  uses: number;
  /** Milliseconds in which a conversation must have begun. */
  startWithinMs: number;
  /** Milliseconds after which it ends, also for a conversation that runs; less than 20 hours. */
  lifetimeMs: number;
}

export interface Token {
  /** `auth_tokens/…`: the secret itself. */
  name: string;
  /** Milliseconds since 1970, as `Clock.date()` counts them. */
  startBefore: number;
  expiresAt: number;
}

/**
 * Has a token made from the server's API key.
 * @param lock what its bearer cannot change; absent: nothing is locked
 * @param timeoutMs that the server has to answer
 * @throws InputError where there are no tokens; ConnectionError when the server cannot be reached or refuses
 */
export async function mintToken(
  server: Server,
  terms: TokenTerms,
  { lock, timeoutMs, clock }: { lock?: Lock; timeoutMs: number; clock: Clock },
): Promise<Token> {
  const { access, baseUrl, apiVersion } = server;
  if (access.by !== "key" || !baseUrl)
    throw new InputError(
      "Vertex AI has no tokens: choose a connection to the Gemini API, or let the browser or device talk through Node-RED.",
    );
  const now = clock.date();
  const startBefore = now + terms.startWithinMs;
  const expiresAt = now + terms.lifetimeMs;
  const order = {
    expireTime: new Date(expiresAt).toISOString(),
    newSessionExpireTime: new Date(startBefore).toISOString(),
    uses: terms.uses,
    ...lock,
  };
  const url = `${baseUrl.replace(/\/+$/, "")}/${apiVersion}/auth_tokens`;
  const { status, body } = await post(url, access.key, order, server, timeoutMs, clock);
  const answer = parse(body);
  if (status !== 200) {
    const words = without([access.key], String(answer.error?.message ?? "")).slice(0, LONGEST_WORDS);
    throw new ConnectionError(explainStatus(status, words), undefined, words);
  }
  if (typeof answer.name !== "string" || !answer.name)
    throw new ConnectionError({
      verdict: "permanent",
      cause: "the server does not make tokens",
      advice: "Check the server address, or connect with the key itself.",
    });
  return { name: answer.name, startBefore, expiresAt };
}

/**
 * The address of the WebSocket that takes tokens, without one: a client adds `?access_token=` and its own
 * (docs/live-api.md 1.1). What the server's address may hold besides host and path is not for the client's eyes.
 */
export function tokenAddress({ baseUrl = "", apiVersion }: Pick<Server, "baseUrl" | "apiVersion">): string {
  const { protocol, host, pathname } = new URL(baseUrl);
  const method = `google.ai.generativelanguage.${apiVersion}.GenerativeService.BidiGenerateContentConstrained`;
  return `${protocol.replace("http", "ws")}//${host}${pathname.replace(/\/+$/, "")}/ws/${method}`;
}

function parse(body: string): { name?: unknown; error?: { message?: unknown } } {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

/** Not by fetch, which knows neither proxies nor authorities of our own. */
function post(
  url: string,
  key: string,
  body: object,
  { network }: Server,
  timeoutMs: number,
  clock: Clock,
): Promise<{ status: number; body: string }> {
  const attempt = new AbortController();
  let cancelTimeout = () => {};
  const answered = new Promise<{ status: number; body: string }>((resolve, reject) => {
    // The request alone would not tell: one that waits for a proxy is out of its own reach.
    cancelTimeout = clock.after(timeoutMs, () =>
      reject(
        new ConnectionError({
          verdict: "passing",
          cause: `the server made no token within ${timeoutMs / 1000} s`,
          advice: "Check the network, the proxy and the server address.",
        }),
      ),
    );
    const request = url.startsWith("https:") ? requestHttps : requestHttp;
    const options = {
      method: "POST",
      headers: { "content-type": "application/json", "x-goog-api-key": key },
      signal: attempt.signal,
      ...routeTo(url, network, attempt.signal),
    };
    const failed = (error: Error) => reject(new ConnectionError(explainUnreachable(error)));
    request(url, options, (response) => {
      read(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), failed);
    })
      .on("error", failed)
      .end(JSON.stringify(body));
  });
  return answered.finally(() => {
    cancelTimeout();
    attempt.abort();
  });
}

/** The text of an answer, or its beginning if it does not end. */
async function read(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) {
    text += part;
    if (text.length > LARGEST_ANSWER) break;
  }
  return text;
}
