// The HTTP endpoint that issues ephemeral tokens: POST /v1beta/auth_tokens. Other HTTP requests get 404.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../audio/clock";
import { internalError, Refusal } from "../protocol/refusals";
import { checkKey, json, pathAndCredentials, refusal } from "./handshake";
import { type IssuedTokens, readTokenRequest } from "./issued-tokens";

const tokensPath = /^\/(v1beta|v1alpha)\/auth_tokens$/;
const MAX_BODY_BYTES = 2 ** 20;
/** The HTTP statuses for the close codes of refusals. */
const statuses: Record<number, number> = { 1007: 400, 1008: 403 };

/** Reads a body to its end; otherwise the client might not see the response. @returns undefined if the body is too large */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString() : undefined;
}

/** What the endpoint needs from the simulator. */
interface TokenService {
  tokens: IssuedTokens;
  /** the only API key to accept; absent: any */
  key?: string;
  clock: Clock;
}

/** @throws Refusal for an invalid request or a wrong key */
function makeToken(
  body: string,
  given: Parameters<typeof checkKey>[0],
  { tokens, key, clock }: TokenService,
) {
  // The server reads the body before it checks the key (docs/live-api.md 3).
  const order = readTokenRequest(body);
  checkKey(given, key);
  return tokens.make(order, clock.date());
}

/** Responds to an HTTP request that does not open a WebSocket. Never rejects. */
export async function answerHttp(request: IncomingMessage, response: ServerResponse, service: TokenService) {
  const refuse = (status: number, message?: string) => {
    const { headers, body } = refusal(status, message);
    response.writeHead(status, headers).end(body);
  };
  const { path, key } = pathAndCredentials(request);
  if (request.method !== "POST" || !tokensPath.test(path)) return refuse(404);
  try {
    const text = await readBody(request);
    if (text === undefined)
      return refuse(413, `Request payload size exceeds the limit: ${MAX_BODY_BYTES} bytes.`);
    const { headers, body } = json({ name: makeToken(text, key, service).name });
    response.writeHead(200, headers).end(body);
  } catch (error) {
    const { code, message } = error instanceof Refusal ? error : internalError();
    refuse(statuses[code] ?? 500, message);
  }
}
