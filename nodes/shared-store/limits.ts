// The limits of a connection over all instances of Node-RED that share its store: conversations, and tokens of each caller.

import { randomUUID } from "node:crypto";
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import { type Clock, systemClock } from "../../audio/clock";
import type { SharedPlaces } from "../../live/conversation-pool";
import { Health } from "./health";
import { Places } from "./places";
import { Redis } from "./redis";
import { Seal } from "./seal";
import type { SharedStoreOptions } from "./shared-store";

/** Of this process. */
const INSTANCE = randomUUID();

/** Counts for each caller. */
export type Limiter = Pick<RateLimiterAbstract, "consume">;

export interface SharedLimitsOptions extends Pick<SharedStoreOptions, "address" | "secret" | "onHealth"> {
  /** The node of the connection: the same in all instances. */
  connection: string;
  maxConversations: number;
  /** An instance with this connection has another secret: they do not see each other. Called once. */
  onOtherSecret(): void;
}

export class SharedLimits {
  readonly #redis: Redis;
  readonly #seal: Seal;
  readonly #places: Places;
  readonly #health: Health;
  readonly #onOtherSecret: () => void;
  /** Shows to another instance whether it has the same secret, and not which. */
  readonly #sign: string;
  readonly #channel: string;
  #hasWarned = false;

  constructor(options: SharedLimitsOptions, clock: Clock = systemClock) {
    const { address, secret, connection, maxConversations, onHealth, onOtherSecret } = options;
    this.#seal = new Seal(secret);
    this.#sign = this.#seal.nameOf("secret", connection);
    // Channels are the same for all databases of a Redis.
    const [, database = "0"] = /^\w+:\/\/[^/]+\/(\d+)/.exec(address.url) ?? [];
    this.#channel = `gemini-live:secret:${database}:${connection}`;
    const channels = { [this.#channel]: (message: string) => this.#compare(message) };
    this.#redis = new Redis(address, clock, channels, () => this.#showSign("begin"));
    this.#health = new Health(clock, onHealth);
    this.#onOtherSecret = onOtherSecret;
    this.#places = new Places(this, this.#seal.nameOf("places", connection), maxConversations, clock);
  }

  /** As Redis.eval(). */
  eval(...script: Parameters<Redis["eval"]>) {
    return this.#health.of(this.#redis.eval(...script));
  }

  /**
   * The places for the conversations of a live session.
   * @param isKept a conversation with the same key is the same in all instances
   */
  placesOf(node: string, isKept: boolean): SharedPlaces {
    const instance = isKept ? "" : ` ${INSTANCE}`;
    const nameOf = (key: string) => this.#seal.nameOf(node, key) + instance;
    return {
      take: (key) => this.#places.take(nameOf(key)),
      release: (key) => this.#places.release(nameOf(key)),
      leave: (key) => this.#places.leave(nameOf(key)),
    };
  }

  /** Counts tokens of the callers of a live token: in this process while Redis is missing. @param seconds in which each may have `tokens` */
  tokensOf(node: string, tokens: number, seconds: number): Limiter {
    const limiter = new RateLimiterRedis({
      storeClient: this,
      useRedisPackage: true,
      keyPrefix: "gemini-live:tokens",
      points: tokens,
      duration: seconds,
      insuranceLimiter: new RateLimiterMemory({ points: tokens, duration: seconds }),
    });
    return { consume: (caller) => limiter.consume(this.#seal.nameOf(node, String(caller))) };
  }

  async close() {
    this.#places.close();
    await this.#redis.close();
  }

  #showSign(why: "begin" | "answer") {
    this.#redis.publish(this.#channel, `${why} ${this.#sign}`).catch(() => {});
  }

  /** An instance that begins was not there when this one showed its sign. */
  #compare(message: string) {
    const [why, sign] = message.split(" ");
    if (sign === this.#sign) return;
    if (!this.#hasWarned) this.#onOtherSecret();
    this.#hasWarned = true;
    if (why === "begin") this.#showSign("answer");
  }
}
