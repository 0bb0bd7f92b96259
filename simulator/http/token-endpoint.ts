// The HTTP beside the WebSocket: tokens are made here, and there is nothing else.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../audio/clock";
import { internalError, Refusal } from "../protocol/refusals";
import { checkKey, json, readRequest, refusal } from "./handshake";
import { type IssuedTokens, readTokenRequest } from "./issued-tokens";

const tokensPath = /^\/(v1beta|v1alpha)\/auth_tokens$/;
const LARGEST_BODY = 2 ** 20;
/** Statuses for the close codes that the same refusals have on a WebSocket. */
const statuses: Record<number, number> = { 1007: 400, 1008: 403 };

/** @returns undefined when it is too long. It is read to its end all the same, or the client might never see the answer */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= LARGEST_BODY) chunks.push(chunk);
  }
  return size <= LARGEST_BODY ? Buffer.concat(chunks).toString() : undefined;
}

/** What answers need of the simulator. */
interface Desk {
  tokens: IssuedTokens;
  /** as for {@link checkKey} */
  key?: string;
  clock: Clock;
}

/** @throws Refusal */
function makeToken(body: string, given: Parameters<typeof checkKey>[0], { tokens, key, clock }: Desk) {
  // The server reads the body first: what is malformed is told even to who has no key (docs/live-api.md 3).
  const order = readTokenRequest(body);
  checkKey(given, key);
  return tokens.make(order, clock.date());
}

/** Answers any request that is not for a WebSocket; never fails. */
export async function answer(request: IncomingMessage, response: ServerResponse, desk: Desk) {
  const refuse = (status: number, words?: string) => {
    const { headers, body } = refusal(status, words);
    response.writeHead(status, headers).end(body);
  };
  const { path, key } = readRequest(request);
  if (request.method !== "POST" || !tokensPath.test(path)) return refuse(404);
  try {
    const text = await readBody(request);
    if (text === undefined)
      return refuse(413, `Request payload size exceeds the limit: ${LARGEST_BODY} bytes.`);
    const { headers, body } = json({ name: makeToken(text, key, desk).name });
    response.writeHead(200, headers).end(body);
  } catch (error) {
    const { code, message } = error instanceof Refusal ? error : internalError();
    refuse(statuses[code] ?? 500, message);
  }
}
