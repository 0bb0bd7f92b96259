// Who asks for tokens, and how often: callers that give no name, or ask too often, are refused in words and numbers of HTTP.

import type { NodeAPI, NodeMessage } from "node-red";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";

export interface HouseRules {
  /** The property of a message that says who asks, without `msg.` */
  caller: string;
  callerRequired: boolean;
  /** Tokens that one caller may ask for in so many seconds; 0: any number. */
  limit: number;
  limitSeconds: number;
}

/** What goes to a caller in place of a token. */
export interface Refusal {
  statusCode: 401 | 429;
  headers?: object;
  payload: { error: string; retryAfter?: number };
}

/** Characters that the name of a caller may have: each one that asks is remembered for a while. */
const LONGEST_CALLER = 256;

/** Who asks; undefined when the message does not say so in a usable way. */
export function callerOf(RED: NodeAPI, msg: NodeMessage, property: string): string | undefined {
  let value: unknown;
  try {
    value = RED.util.getMessageProperty(msg, property);
  } catch {
    // What it should be a property of is not there.
  }
  const caller = typeof value === "string" || Number.isFinite(value) ? String(value).trim() : "";
  return caller && caller.length <= LONGEST_CALLER ? caller : undefined;
}

/** Lets callers in by the rules of the house: returns the refusal for one that may not have a token now. */
export function doorkeeper({ caller: property, callerRequired, limit, limitSeconds }: HouseRules) {
  const limiter = limit ? new RateLimiterMemory({ points: limit, duration: limitSeconds }) : undefined;
  return async (caller: string | undefined): Promise<Refusal | undefined> => {
    if (caller === undefined && callerRequired) return nobody(property);
    const waitSeconds = limiter ? await count(limiter, caller) : 0;
    return waitSeconds ? tooMany(limit, limitSeconds, waitSeconds) : undefined;
  };
}

/** Counts a request for a token; returns 0, or how many seconds its caller has to wait before the next. All that are unknown are one. */
async function count(limiter: RateLimiterMemory, caller: string | undefined): Promise<number> {
  try {
    await limiter.consume(caller === undefined ? "anonymous" : `caller ${caller}`);
    return 0;
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    return Math.max(1, Math.ceil((refused as RateLimiterRes).msBeforeNext / 1_000));
  }
}

const nobody = (property: string): Refusal => ({
  statusCode: 401,
  payload: {
    error: `It is not known who asks for the token: msg.${property} must say so, and holds neither a number nor a text of 1 to ${LONGEST_CALLER} characters.`,
  },
});

const tooMany = (limit: number, seconds: number, retryAfter: number): Refusal => ({
  statusCode: 429,
  headers: { "Retry-After": String(retryAfter) },
  payload: {
    error: `Too many tokens: ${limit} may be asked for in ${seconds} s. Ask again in ${retryAfter} s.`,
    retryAfter,
  },
});
