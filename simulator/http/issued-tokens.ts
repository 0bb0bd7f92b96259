// Ephemeral tokens: requests for them, their uses and lifetimes, and the fields of the setup that they lock
// (docs/live-api.md 3).

import type { Clock } from "../../audio/clock";
import { type SetupMessage, setup } from "../protocol/message-schema";
import { message, parseObject, readField, readPath } from "../protocol/proto-json";
import {
  invalidArgument,
  noToken,
  Refusal,
  tokenExpired,
  tokenTooOld,
  tokenUsedUp,
} from "../protocol/refusals";
import type { Variation } from "../protocol/variation";

/** An ephemeral token as tests see it. Times in ms since 1970. */
export interface SimulatedToken {
  /** The token itself: `auth_tokens/…`. */
  readonly name: string;
  /** How many sessions it may begin; 0: any number. */
  readonly uses: number;
  /** How many sessions it has begun. */
  readonly used: number;
  /** newSessionExpireTime: it cannot begin sessions from then on. */
  readonly startBefore: number;
  /** expireTime: it is invalid from then on. */
  readonly expiresAt: number;
  /** The requested setup, with camelCase names. */
  readonly setup?: SetupMessage;
  /** The requested field mask. */
  readonly fieldMask?: string;
}

/** A request for a token. Times in ms since 1970. */
interface TokenRequest {
  expireTime?: number;
  newSessionExpireTime?: number;
  uses?: number;
  bidiGenerateContentSetup?: SetupMessage;
  fieldMask?: string;
}

type Json = Record<string, unknown>;

/** The simulator keeps only the newest tokens. */
const MAX_TOKENS = 500;
/** The server's default lifetimes and its limit, in ms (docs/live-api.md 3). */
const LIFE_MS = 30 * 60_000;
const START_MS = 60_000;
const LONGEST_MS = 20 * 3600_000;

const tokenRequest = message({
  expireTime: "timestamp",
  newSessionExpireTime: "timestamp",
  uses: "int32",
  bidiGenerateContentSetup: setup,
  fieldMask: "string",
});

/**
 * Reads the body of a token request. An empty body requests the defaults.
 * @throws Refusal for an invalid body
 */
export const readTokenRequest = (body: string) =>
  readField(parseObject(body.trim() || "{}"), tokenRequest, "auth_token") as TokenRequest;

/** @param name the field's name, as the server prints it @throws Refusal for a time that is past or too far in the future */
function checkTime(time: number, now: number, name: string) {
  if (time > now + LONGEST_MS) throw new Refusal(`${name} is too far in the future. Maximum lifetime is 20h`);
  // Our own message: the server's is unknown.
  if (time <= now) throw new Refusal(`${name} must be in the future.`);
}

/** @throws Refusal for an unknown path, such as the `tools.0` that SDK 2 sends for locked tools (docs/live-api.md 3) */
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

/** Copies an object with one field set to a value. undefined: the copy lacks the field */
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
  readonly name: string;
  readonly uses: number;
  used = 0;
  readonly startBefore: number;
  readonly expiresAt: number;
  readonly setup?: SetupMessage;
  readonly fieldMask?: string;
  readonly #locked: readonly string[][];

  /**
   * @param id 64 hexadecimal digits
   * @throws Refusal for an unknown path, an impossible time or a negative number of uses
   */
  constructor(id: string, request: TokenRequest, now: number) {
    this.name = `auth_tokens/${id}`;
    this.uses = request.uses ?? 1;
    this.expiresAt = request.expireTime ?? now + LIFE_MS;
    this.startBefore = request.newSessionExpireTime ?? now + START_MS;
    this.setup = request.bidiGenerateContentSetup;
    this.fieldMask = request.fieldMask;
    this.#locked = readMask(this.fieldMask ?? "");
    checkTime(this.expiresAt, now, "expire_time");
    checkTime(this.startBefore, now, "new_session_expire_time");
    if (this.uses < 0) throw invalidArgument();
  }

  /** Whether the token has expired. */
  expired(now: number) {
    return now >= this.expiresAt;
  }

  /** Refuses a connection that the token opened when the token expires. */
  whenExpired(clock: Clock, refuse: (refusal: Refusal) => void) {
    clock.after(this.expiresAt - clock.date(), () => refuse(tokenExpired()));
  }

  /** Counts one use for a new session; a resume counts none. @throws Refusal if the token cannot begin sessions any more */
  use(now: number) {
    if (now >= this.startBefore) throw tokenTooOld();
    if (this.uses && this.used >= this.uses) throw tokenUsedUp();
    this.used++;
  }

  /**
   * Applies the token's locks to a client's setup. With a field mask the token's values replace the masked fields, also
   * where the token has no value. Without a mask the token's setup, if any, replaces the whole setup.
   */
  constrain(asked: SetupMessage): SetupMessage {
    if (!this.#locked.length) return this.setup ?? asked;
    return this.#locked.reduce<SetupMessage>(
      (result, path) => put(result as Json, path, valueAt(this.setup, path)) as SetupMessage,
      asked,
    );
  }
}

/** All tokens, from the oldest to the newest. Beyond 500 the oldest expired one is dropped, else the oldest. */
export class IssuedTokens {
  readonly all: IssuedToken[] = [];
  readonly #variation: Variation;

  constructor(variation: Variation) {
    this.#variation = variation;
  }

  /** Issues a token. @throws Refusal for an invalid request */
  make(request: TokenRequest, now: number): IssuedToken {
    const token = new IssuedToken(this.#variation.hex(), request, now);
    const expired = this.all.findIndex((each) => each.expired(now));
    if (this.all.length >= MAX_TOKENS) this.all.splice(Math.max(0, expired), 1);
    this.all.push(token);
    return token;
  }

  /**
   * Finds the token that a client sends.
   * @throws Refusal for an unknown or expired token
   */
  find(name: string | undefined, now: number): IssuedToken {
    const token = this.all.find((each) => each.name === name);
    // Also for a token that was dropped: the server's message for that is unknown.
    if (!token) throw noToken();
    if (token.expired(now)) throw tokenTooOld();
    return token;
  }
}
