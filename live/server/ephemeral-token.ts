// Ephemeral tokens in place of the API key: for connections of this package, and for browsers and devices that connect to Gemini
// directly (docs/live-api.md 3).

import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Clock } from "../../audio/clock";
import type { Lock } from "../setup/token-lock";
import { explainUnreachable } from "./close-codes";
import { ConnectionError, InputError } from "./errors";
import { routeTo } from "./network";
import { parseBody, readBody, refusedByResponse } from "./reported-error";
import type { Server } from "./server";

/** What a token allows, and for how long. */
export interface TokenTerms {
  /** Conversations that it may start; 0: any number. Resuming one is free. */
  uses: number;
  /** Milliseconds within which a conversation must start. */
  startWithinMs: number;
  /** Milliseconds after which it expires, also for an open conversation; less than 20 hours. */
  lifetimeMs: number;
}

export interface Token {
  /** `auth_tokens/…`: the secret itself. */
  name: string;
  /** Milliseconds since 1970, as `Clock.date()` counts them. */
  startBefore: number;
  expiresAt: number;
}

/** How long a request may take. */
interface Patience {
  /** Milliseconds within which the server must respond. */
  timeoutMs: number;
  clock: Clock;
  /** Ends the request. */
  ended?: AbortSignal | undefined;
}

/**
 * Requests a token from the server, with its API key.
 * @param lock the settings that a client with the token cannot change; absent: none
 * @throws the reason of `ended`; InputError if the server has no tokens; ConnectionError if it cannot be reached or refuses
 */
export async function mintToken(
  server: Server,
  terms: TokenTerms,
  { lock, ...patience }: Patience & { lock?: Lock },
): Promise<Token> {
  const { access, baseUrl, apiVersion } = server;
  if (access.by !== "key" || !baseUrl)
    throw new InputError(
      "Vertex AI has no ephemeral tokens: choose a connection to the Gemini API, or connect the browser or device through Node-RED.",
      "GEMINI_SETTING",
    );
  const now = patience.clock.date();
  const startBefore = now + terms.startWithinMs;
  const expiresAt = now + terms.lifetimeMs;
  const order = {
    expireTime: new Date(expiresAt).toISOString(),
    newSessionExpireTime: new Date(startBefore).toISOString(),
    uses: terms.uses,
    ...lock,
  };
  const url = `${baseUrl.replace(/\/+$/, "")}/${apiVersion}/auth_tokens`;
  const { status, body } = await post(url, access.key, order, server, patience);
  if (status !== 200) throw refusedByResponse(status, body, [access.key]);
  const { name } = parseBody(body);
  if (typeof name !== "string" || !name)
    throw new ConnectionError({
      code: "GEMINI_TOKEN",
      verdict: "permanent",
      cause: "the server does not issue ephemeral tokens",
      advice: "Check the server address, or turn ephemeral tokens off.",
    });
  return { name, startBefore, expiresAt };
}

/**
 * The address of the WebSocket for clients with a token, without the token: a client adds `?access_token=` and its own
 * (docs/live-api.md 1.1). Only host and path of the server's address are part of it.
 */
export function tokenAddress({ baseUrl = "", apiVersion }: Pick<Server, "baseUrl" | "apiVersion">): string {
  const { protocol, host, pathname } = new URL(baseUrl);
  const method = `google.ai.generativelanguage.${apiVersion}.GenerativeService.BidiGenerateContentConstrained`;
  return `${protocol.replace("http", "ws")}//${host}${pathname.replace(/\/+$/, "")}/ws/${method}`;
}

/** Sends an HTTPS request. Not with fetch, which supports neither proxies nor private certificate authorities. */
function post(
  url: string,
  key: string,
  body: object,
  { network }: Server,
  { timeoutMs, clock, ended }: Patience,
): Promise<{ status: number; body: string }> {
  const attempt = new AbortController();
  let cancelTimeout = () => {};
  const answered = new Promise<{ status: number; body: string }>((resolve, reject) => {
    // While the request waits for a proxy, it has no timeout of its own, and does not report that it was aborted.
    ended?.throwIfAborted();
    ended?.addEventListener("abort", () => reject(ended.reason), { signal: attempt.signal });
    cancelTimeout = clock.after(timeoutMs, () =>
      reject(
        new ConnectionError({
          code: "GEMINI_UNREACHABLE",
          verdict: "passing",
          cause: `the server issued no token within ${timeoutMs / 1000} s`,
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
      readBody(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), failed);
    })
      .on("error", failed)
      .end(JSON.stringify(body));
  });
  return answered.finally(() => {
    cancelTimeout();
    attempt.abort();
  });
}
