// Ephemeral tokens: how they are ordered, for how long and how often they are good, and what they lock in the setup of
// whoever has one (docs/live-api.md 3).

import { randomBytes } from "node:crypto";
import type { Clock } from "../../audio/clock";
import { type Setup, setup } from "../protocol/client-messages";
import { message, parseObject, readField, readPath } from "../protocol/proto-json";
import {
  invalidArgument,
  noToken,
  Refusal,
  tokenExpired,
  tokenTooOld,
  tokenUsedUp,
} from "../protocol/refusals";

/** What can be asked about a token. Times in ms since 1970. */
export interface SimulatedToken {
  /** `auth_tokens/…`: the token itself. */
  readonly name: string;
  /** How many conversations may be begun with it; 0: any number. */
  readonly uses: number;
  /** How many were begun. */
  readonly used: number;
  /** From then on no conversation can be begun with it. */
  readonly startBefore: number;
  /** From then on it is good for nothing. */
  readonly expiresAt: number;
  /** As it was ordered, names in camelCase. */
  readonly setup?: Setup;
  /** As it was ordered. */
  readonly fieldMask?: string;
}

/** What a token is ordered with; times in ms since 1970. */
interface TokenRequest {
  expireTime?: number;
  newSessionExpireTime?: number;
  uses?: number;
  bidiGenerateContentSetup?: Setup;
  fieldMask?: string;
}

type Json = Record<string, unknown>;

/** Tokens that are kept. */
const MOST_TOKENS = 500;
/** The server's defaults and its limit, in ms (docs/live-api.md 3). */
const LIFE_MS = 30 * 60_000;
const START_MS = 60_000;
const LONGEST_MS = 20 * 3600_000;

const order = message({
  expireTime: "timestamp",
  newSessionExpireTime: "timestamp",
  uses: "int32",
  bidiGenerateContentSetup: setup,
  fieldMask: "string",
});

/**
 * Reads the body of a request for a token; an empty one orders the defaults.
 * @throws Refusal for anything that the server would not take before it looks at the key
 */
export const readTokenRequest = (body: string) =>
  readField(parseObject(body.trim() || "{}"), order, "auth_token") as TokenRequest;

/** @param name of the field, as the server prints it @throws Refusal when the time is over, or too far ahead */
function checkTime(time: number, now: number, name: string) {
  if (time > now + LONGEST_MS) throw new Refusal(`${name} is too far in the future. Maximum lifetime is 20h`);
  // In words of our own: the server's are not known.
  if (time <= now) throw new Refusal(`${name} must be in the future.`);
}

/** @throws Refusal for a path to no field, such as the `tools.0` that SDK 2 writes for locked tools (docs/live-api.md 3) */
function readMask(mask: string) {
  return mask
    .split(",")
    .filter(Boolean)
    .map((path) => {
      const names = readPath(path, setup);
      if (!names) throw new Refusal("field_mask is invalid for BidiGenerateContentSetup");
      return names;
    });
}

const valueAt = (object: unknown, path: readonly string[]) =>
  path.reduce((at, name) => (at as Json | undefined)?.[name], object);

/** A copy of an object in which one field has this value; undefined: in which it is not. */
function put(
  object: Json | undefined,
  [name = "", ...rest]: readonly string[],
  value: unknown,
): Json | undefined {
  if (!object && value === undefined) return undefined;
  const { [name]: before, ...others } = object ?? {};
  const after = rest.length ? put(before as Json | undefined, rest, value) : value;
  return after === undefined ? others : { ...others, [name]: after };
}

/** One token. */
export class IssuedToken implements SimulatedToken {
  readonly name = `auth_tokens/${randomBytes(32).toString("hex")}`;
  readonly uses: number;
  used = 0;
  readonly startBefore: number;
  readonly expiresAt: number;
  readonly setup?: Setup;
  readonly fieldMask?: string;
  readonly #locked: readonly string[][];

  /** @throws Refusal for what the server would not take */
  constructor(order: TokenRequest, now: number) {
    this.uses = order.uses ?? 1;
    this.expiresAt = order.expireTime ?? now + LIFE_MS;
    this.startBefore = order.newSessionExpireTime ?? now + START_MS;
    this.setup = order.bidiGenerateContentSetup;
    this.fieldMask = order.fieldMask;
    this.#locked = readMask(this.fieldMask ?? "");
    checkTime(this.expiresAt, now, "expire_time");
    checkTime(this.startBefore, now, "new_session_expire_time");
    if (this.uses < 0) throw invalidArgument();
  }

  /** Whether it is good for nothing any more. */
  over(now: number) {
    return now >= this.expiresAt;
  }

  /** Ends a connection that was admitted with it when its own end comes. */
  whenOver(clock: Clock, refuse: (refusal: Refusal) => void) {
    clock.after(this.expiresAt - clock.date(), () => refuse(tokenExpired()));
  }

  /** Begins a conversation; to resume one costs nothing. @throws Refusal when none can be begun any more */
  use(now: number) {
    if (now >= this.startBefore) throw tokenTooOld();
    if (this.uses && this.used >= this.uses) throw tokenUsedUp();
    this.used++;
  }

  /**
   * The setup that comes of the client's own: with a mask the fields that it names are the token's, also when the token's
   * setup does not have them; without one all of them are, if the token has a setup.
   */
  constrain(asked: Setup): Setup {
    if (!this.#locked.length) return this.setup ?? asked;
    return this.#locked.reduce<Setup>(
      (result, path) => put(result as Json, path, valueAt(this.setup, path)) as Setup,
      asked,
    );
  }
}

/** All tokens, from the oldest to the newest: the last 500, of which those go first that are good for nothing any more. */
export class IssuedTokens {
  readonly all: IssuedToken[] = [];

  /** A new one. @throws Refusal for what the server would not take */
  make(order: TokenRequest, now: number): IssuedToken {
    const token = new IssuedToken(order, now);
    const over = this.all.findIndex((each) => each.over(now));
    if (this.all.length >= MOST_TOKENS) this.all.splice(Math.max(0, over), 1);
    this.all.push(token);
    return token;
  }

  /**
   * Finds the token that a client shows.
   * @throws Refusal when there is none, or it is good for nothing any more
   */
  find(name: string | undefined, now: number): IssuedToken {
    const token = this.all.find((each) => each.name === name);
    // Also for one that was let go: what the server says of such a token is not known.
    if (!token) throw noToken();
    if (token.over(now)) throw tokenTooOld();
    return token;
  }
}
