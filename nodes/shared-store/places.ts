// The places for conversations that one connection has in all instances of Node-RED together. Those of an instance that dies expire.

import type { Clock } from "../../audio/clock";
import type { Redis } from "./redis";

export type Scripts = Pick<Redis, "eval">;

/** Milliseconds after which a place expires that is not renewed, and between two renewals. */
const LEASE_MS = 3_000;
const RENEW_MS = 1_000;

/**
 * KEYS[1] is a sorted set: the places that are taken, with the milliseconds since 1970, by the clock of Redis, when they expire.
 *
 * ARGV: what to do (`take`, `renew` or `release`), the lease in milliseconds, the maximum number of places, and those that it is about.
 * Replies 0 to a `take` when all are taken, else 1.
 */
const SCRIPT = `
local step, lease, max = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if step == "take" then
  redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now)
  if not redis.call("ZSCORE", KEYS[1], ARGV[4]) and redis.call("ZCARD", KEYS[1]) >= max then return 0 end
end
for n = 4, #ARGV do
  if step == "release" then redis.call("ZREM", KEYS[1], ARGV[n]) else redis.call("ZADD", KEYS[1], now + lease, ARGV[n]) end
end
redis.call("PEXPIRE", KEYS[1], lease)
return 1
`;

export class Places {
  readonly #redis: Scripts;
  readonly #key: string;
  readonly #max: number;
  readonly #clock: Clock;
  /** Those of this instance. */
  readonly #mine = new Set<string>();
  #cancelRenewal: (() => void) | undefined;
  #isMissing = false;

  /**
   * @param name the same in all instances, and for no other connection
   * @param max number of places
   */
  constructor(redis: Scripts, name: string, max: number, clock: Clock) {
    this.#redis = redis;
    this.#key = `gemini-live:places:${name}`;
    this.#max = max;
    this.#clock = clock;
  }

  /** Takes a place, and keeps it until it is released. false: all are taken; undefined: Redis is missing. */
  async take(place: string): Promise<boolean | undefined> {
    this.#mine.add(place);
    this.#cancelRenewal ??= this.#clock.after(RENEW_MS, () => this.#renew());
    // The next renewal asks whether Redis is back: nobody waits for it here.
    const reply = this.#isMissing ? undefined : await this.#ask("take", [place]);
    if (reply === 0) this.#mine.delete(place);
    return reply === undefined ? undefined : reply === 1;
  }

  release(place: string) {
    if (this.#mine.delete(place)) void this.#ask("release", [place]);
  }

  /** Leaves a place to another instance, which takes it or lets it expire. */
  leave(place: string) {
    this.#mine.delete(place);
  }

  /** Stops the renewal. */
  close() {
    this.#cancelRenewal?.();
    this.#cancelRenewal = () => {};
  }

  #renew() {
    this.#cancelRenewal = this.#clock.after(RENEW_MS, () => this.#renew());
    if (this.#mine.size || this.#isMissing) void this.#ask("renew", [...this.#mine]);
  }

  /** The reply of Redis; undefined if it is missing. */
  async #ask(step: "take" | "renew" | "release", places: string[]): Promise<number | undefined> {
    try {
      const values = [step, String(LEASE_MS), String(this.#max), ...places];
      const reply = await this.#redis.eval(SCRIPT, { keys: [this.#key], arguments: values });
      this.#isMissing = false;
      return reply as number;
    } catch {
      this.#isMissing = true;
      return undefined;
    }
  }
}
