// Limits the tokens of each caller: refuses unknown callers and too frequent requests with an HTTP status.

import type { NodeAPI, NodeMessage } from "node-red";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import type { LiveTokenSettings } from "../settings/live-token";
import type { Limiter, SharedLimits } from "../shared-store/limits";

/** `caller`: a property of the message, without `msg.`; `limit`: tokens, 0: no limit. */
export type CallerRules = Pick<LiveTokenSettings, "caller" | "callerRequired" | "limit" | "limitSeconds">;

/** What a caller gets in place of a token. */
export interface TokenRefusal {
  statusCode: 401 | 429 | 503;
  headers?: Record<string, string>;
  payload: { error: string; retryAfter?: number };
}

/** The limit keeps each caller in memory for a while, so the length of its name is limited. */
const MAX_CALLER_LENGTH = 256;

/** The caller of a message; undefined if it is missing or invalid. */
export function callerOf(RED: NodeAPI, msg: NodeMessage, property: string): string | undefined {
  let value: unknown;
  try {
    value = RED.util.getMessageProperty(msg, property);
  } catch {
    // The object that should have the property is missing.
  }
  const caller = typeof value === "string" || Number.isFinite(value) ? String(value).trim() : "";
  return caller && caller.length <= MAX_CALLER_LENGTH ? caller : undefined;
}

/**
 * @param node the live token
 * @param shared the limits that count in other instances of Node-RED, too, if there are any at this moment
 * @returns a function that counts a caller's request, and returns a refusal if the caller gets no token now
 */
export function callerLimit(
  { caller: property, callerRequired, limit, limitSeconds }: CallerRules,
  node: string,
  shared: () => SharedLimits | undefined,
) {
  const alone = new RateLimiterMemory({ points: limit, duration: limitSeconds });
  const limiters = new WeakMap<SharedLimits, Limiter>();
  const limiterOf = (limits: SharedLimits | undefined) => {
    if (!limits) return alone;
    const limiter = limiters.get(limits) ?? limits.tokensOf(node, limit, limitSeconds);
    limiters.set(limits, limiter);
    return limiter;
  };
  return async (caller: string | undefined): Promise<TokenRefusal | undefined> => {
    if (caller === undefined && callerRequired) return unknownCaller(property);
    const waitSeconds = limit ? await count(limiterOf(shared()), caller) : 0;
    return waitSeconds ? tooMany(limit, limitSeconds, waitSeconds) : undefined;
  };
}

/** @returns the seconds until the caller gets its next token, or 0 for now; unknown callers share one limit */
async function count(limiter: Limiter, caller: string | undefined): Promise<number> {
  try {
    await limiter.consume(caller === undefined ? "anonymous" : `caller ${caller}`);
    return 0;
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    return Math.max(1, Math.ceil((refused as RateLimiterRes).msBeforeNext / 1_000));
  }
}

const unknownCaller = (property: string): TokenRefusal => ({
  statusCode: 401,
  payload: {
    error: `The caller is unknown: msg.${property} must hold a number or a text of 1 to ${MAX_CALLER_LENGTH} characters.`,
  },
});

const tooMany = (limit: number, seconds: number, retryAfter: number): TokenRefusal => ({
  statusCode: 429,
  headers: { "Retry-After": String(retryAfter) },
  payload: {
    error: `Too many requests: the limit is ${limit} tokens in ${seconds} s. Try again in ${retryAfter} s.`,
    retryAfter,
  },
});

/** For requests that are open when the node is stopped. */
export const restarting: TokenRefusal = {
  statusCode: 503,
  headers: { "Retry-After": "1" },
  payload: { error: "The flow is being restarted. Try again in 1 s.", retryAfter: 1 },
};
