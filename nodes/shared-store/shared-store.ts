// The conversations that one live session owns in the shared store: claims them, keeps what they need to continue, hands them over, and
// takes the tool results that other instances pass to them.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Clock } from "../../audio/clock";
import type { Done } from "../../live/input/input";
import { InputError } from "../../live/server/errors";
import type { ToolResult } from "../../live/tools/tool-dispatch";
import { Health } from "./health";
import { Leases, type Owned } from "./leases";
import { Redis, type RedisAddress } from "./redis";
import { Seal } from "./seal";
import { channelOf, machineOf, ToolResults } from "./tool-results";

export interface SharedStoreOptions {
  address: RedisAddress;
  /** As Seal. */
  secret: string;
  /** The live session; the one with the same id in another instance continues its conversations. */
  node: string;
  clock: Clock;
  random(): number;
  /**
   * What was stored of a conversation that is owned from now on; undefined: nothing, or nothing that can be read.
   * @param awayMs milliseconds since its owner was last heard of
   */
  onClaimed(key: string, stored: unknown, awayMs: number): void;
  /** Another instance waits for a conversation: call `handOver` when it may have it. */
  onAsked(key: string, handOver: () => void): void;
  /** Another instance has become the owner. */
  onLost(key: string): void;
  /** Whether a conversation can send a tool result now, or has ended, so that it refuses one. */
  canTake(key: string): boolean;
  /** The result of a tool call, which has come to another instance. */
  onResult(key: string, id: string, result: ToolResult, done: Done): void;
  /** The store has become available, or not: then conversations go on, and are not kept. */
  onHealth(error: Error | undefined): void;
}

/** Milliseconds between two renewals of all leases. */
export const RENEW_MS = 1_000;
/**
 * Milliseconds between two claims of a conversation that another instance owns; scattered by up to as much. All leases of a dead instance
 * run out at the same moment: this spreads their conversations so that opening them holds up no sound (bench/storm.ts).
 */
export const CLAIM_AGAIN_MS = 250;
/** Milliseconds for which claims wait for a Redis that is connected and fails: those that come later begin without it. */
const LATE_MS = 4_000;
/** Milliseconds for which a message waits until the owner hands over: longer than onAsked() may take, and than a lease. */
export const PATIENCE_MS = 10_000;

export class SharedStore {
  readonly #options: SharedStoreOptions;
  readonly #seal: Seal;
  readonly #redis: Redis;
  readonly #results: ToolResults;
  readonly #me = `${hostname()}/${randomUUID()}`;
  readonly #owned = new Map<string, Owned>();
  readonly #leases: Leases;
  /** The last steps of those that are not owned any more, by their keys. */
  readonly #releases = new Map<string, Promise<void>>();
  readonly #health: Health;
  #cancelRenewal = () => {};
  #isClosed = false;

  constructor(options: SharedStoreOptions) {
    const { address, clock, onHealth } = options;
    this.#options = options;
    this.#seal = new Seal(options.secret);
    this.#health = new Health(clock, onHealth);
    const channels = { [channelOf(this.#me)]: (message: string) => this.#receive(message) };
    this.#redis = new Redis(address, clock, channels, () => this.#renew());
    this.#results = new ToolResults(this.#redis, this.#seal, clock, this.#me);
    this.#leases = new Leases(this.#redis, this.#seal, this.#health, this.#me, {
      isOwned: (owned) => this.#owned.get(owned.key) === owned,
      onHeld: (owned, owner) => this.#askFor(owned, owner),
      onResults: (owned) => this.#takeLater(owned),
      onRefused: ({ key }) => {
        this.#owned.delete(key);
        options.onLost(key);
      },
    });
    this.#renewLater();
  }

  /** Whether this instance may continue the conversation. */
  owns(key: string) {
    return this.#owned.has(key);
  }

  /**
   * Claims a conversation; undefined: that is done already. Resolves too when the store is missing. Rejects with an InputError if another
   * instance does not hand it over.
   */
  claim(key: string): Promise<void> | undefined {
    const known = this.#owned.get(key);
    if (known) return known.claiming;
    const owned: Owned = {
      key,
      name: this.#seal.nameOf(this.#options.node, key),
      fence: undefined,
      value: undefined,
      isChanged: false,
      claiming: undefined,
      keeping: undefined,
      steps: Promise.resolve(),
      isTaking: false,
      applied: new Set(),
    };
    this.#owned.set(key, owned);
    owned.claiming = this.#claimInTime(owned).finally(() => {
      owned.claiming = undefined;
      if (owned.isChanged) this.#leases.keepSoon(owned);
    });
    owned.steps = owned.claiming.catch(() => {});
    return owned.claiming;
  }

  /** Passes a tool result to the owner of its conversation, as ToolResults.pass(). */
  pass(key: string, id: string, result: ToolResult, done: Done) {
    this.#results.pass({ key, name: this.#seal.nameOf(this.#options.node, key) }, id, result, done);
  }

  /**
   * Stores this for a conversation, soon; undefined: there is nothing to continue. Ignored for one that is not owned.
   * @param mayWait it is stored when the lease is renewed next
   */
  write(key: string, stored: unknown, mayWait = false) {
    const owned = this.#owned.get(key);
    if (!owned) return;
    owned.value = { stored };
    owned.isChanged = true;
    if (!mayWait) this.#leases.keepSoon(owned);
  }

  /** Releases a conversation when all of it is stored. One that is being claimed is kept, because messages wait for it. */
  release(key: string) {
    const owned = this.#owned.get(key);
    if (!owned || (owned.claiming && !this.#isClosed)) return;
    this.#owned.delete(key);
    owned.steps = owned.steps.then(() => this.#leases.end(owned));
    const release = owned.steps.finally(() => {
      if (this.#releases.get(key) === release) this.#releases.delete(key);
    });
    this.#releases.set(key, release);
  }

  /** Releases all conversations, and closes the connection to Redis. */
  async close() {
    this.#isClosed = true;
    this.#cancelRenewal();
    for (const key of [...this.#owned.keys()]) this.release(key);
    await Promise.all([this.#results.close(), ...this.#releases.values()]);
    await this.#redis.close();
  }

  async #claimInTime(owned: Owned) {
    const { clock, random, onClaimed } = this.#options;
    // What an earlier conversation of this key still stores is read.
    await this.#releases.get(owned.key);
    const begun = clock.now();
    const end = begun + PATIENCE_MS;
    let askAt = 0;
    for (;;) {
      const wasConnected = this.#redis.isConnected;
      const reply = await this.#leases.step(owned, "claim");
      if (reply) {
        const [verdict, value = "", data = "", awayMs] = reply;
        if (verdict !== "held") {
          owned.fence = value;
          return onClaimed(owned.key, this.#read(owned, data), Number(awayMs));
        }
        if (clock.now() >= end || this.#isClosed) {
          this.#owned.delete(owned.key);
          throw new InputError(
            `The conversation "${owned.key}" takes place in another Node-RED, on the machine ${machineOf(value)}, which does not hand it over. Send its messages there.`,
            "GEMINI_ELSEWHERE",
          );
        }
        if (clock.now() >= askAt) {
          this.#askFor(owned, value);
          askAt = clock.now() + RENEW_MS;
        }
      } else {
        const isAway = !wasConnected && !this.#redis.isConnected;
        // Without what is stored, it begins anew.
        const since = Math.min(begun, this.#health.failsSince ?? begun);
        if (isAway || this.#isClosed || clock.now() >= since + LATE_MS) return;
      }
      await new Promise<void>((resolve) => clock.after(CLAIM_AGAIN_MS * (1 + random()), resolve));
    }
  }

  /** Asks the owner of a conversation to hand it over. */
  #askFor({ name }: Owned, owner: string) {
    this.#redis.publish(channelOf(owner), `handover ${name}`).catch(() => {});
  }

  /** A message of another instance. */
  #receive(message: string) {
    const [what, value = ""] = message.split(" ");
    if (what === "outcome") return this.#results.onOutcome(value);
    for (const owned of this.#owned.values()) {
      if (owned.name !== value) continue;
      if (what === "handover") this.#options.onAsked(owned.key, () => this.release(owned.key));
      if (what === "results") this.#takeLater(owned);
    }
  }

  #read({ name }: Owned, data: string): unknown {
    try {
      return data ? this.#seal.open(name, data) : undefined;
    } catch {
      return undefined;
    }
  }

  #renewLater() {
    if (this.#isClosed) return;
    this.#cancelRenewal();
    this.#cancelRenewal = this.#options.clock.after(RENEW_MS, () => this.#renew());
  }

  #renew() {
    for (const owned of this.#owned.values()) this.#leases.keepSoon(owned);
    this.#renewLater();
  }

  #takeLater(owned: Owned) {
    if (owned.isTaking || !this.#options.canTake(owned.key)) return;
    owned.isTaking = true;
    owned.steps = owned.steps.then(async () => {
      owned.isTaking = false;
      if (owned.fence !== undefined && this.#owned.get(owned.key) === owned) await this.#take(owned);
    });
  }

  /** Takes the tool results that wait for a conversation, and applies them, unless it cannot send them any more. */
  async #take(owned: Owned) {
    const { canTake, onResult } = this.#options;
    const [verdict, , ...results] = (await this.#leases.step(owned, "take")) ?? [];
    if (verdict !== "granted" || !results.length) return;
    const isApplied = canTake(owned.key);
    if (isApplied) for (const sealed of results) this.#results.apply(owned, sealed, owned.applied, onResult);
    if (await this.#leases.step(owned, isApplied ? "applied" : "untake")) owned.applied.clear();
  }
}
