// The conversations that one live session owns in the shared store: claims them, keeps what they need to continue, and hands them over.

import { randomUUID } from "node:crypto";
import type { Clock } from "../../audio/clock";
import { HANDLE_LIFETIME_MS } from "../../live/connection/resumption-handle";
import { InputError } from "../../live/server/errors";
import { Redis, type RedisAddress } from "./redis";
import { Seal } from "./seal";

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
  /** The store has become available, or not: then conversations go on, and are not kept. */
  onHealth(error: Error | undefined): void;
}

interface Owned {
  readonly key: string;
  readonly name: string;
  /** Raised with each change of owner; undefined: not owned, because the store could not be asked. */
  fence: string | undefined;
  /** What is stored, or is to be: as it is sent. */
  value: { stored: unknown } | undefined;
  /** `value` is not stored yet. */
  isChanged: boolean;
  /** Messages wait until this has resolved. */
  claiming: Promise<void> | undefined;
  /** The end of the steps that were begun: one after the other. */
  steps: Promise<void>;
  /** The next step is waiting for those before it. */
  isQueued: boolean;
}

/** Milliseconds after which an owner that says nothing has lost a conversation, and between two renewals. */
const LEASE_MS = 3_000;
const RENEW_MS = 1_000;
/** Milliseconds between two claims of a conversation that another instance owns; scattered by up to as much. */
const CLAIM_AGAIN_MS = 100;
/** Milliseconds for which a message waits until the owner hands over: longer than onAsked() may take, and than a lease. */
const PATIENCE_MS = 10_000;

const hashOf = (name: string) => `gemini-live:conversation:${name}`;
const channelOf = (instance: string) => `gemini-live:handover:${instance}`;

export class SharedStore {
  readonly #options: SharedStoreOptions;
  readonly #seal: Seal;
  readonly #redis: Redis;
  readonly #me = randomUUID();
  readonly #owned = new Map<string, Owned>();
  #cancelRenewal = () => {};
  #isClosed = false;
  #isMissing = false;

  constructor(options: SharedStoreOptions) {
    const { address, clock } = options;
    this.#options = options;
    this.#seal = new Seal(options.secret);
    const asked = (name: string) => {
      for (const owned of this.#owned.values())
        if (owned.name === name) options.onAsked(owned.key, () => this.release(owned.key));
    };
    this.#redis = new Redis(address, clock, channelOf(this.#me), asked, () => this.#renew());
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
      steps: Promise.resolve(),
      isQueued: false,
    };
    this.#owned.set(key, owned);
    owned.claiming = this.#claimInTime(owned).finally(() => {
      owned.claiming = undefined;
    });
    owned.steps = owned.claiming.catch(() => {});
    return owned.claiming;
  }

  /** Stores this for a conversation, soon; undefined: there is nothing to continue. Ignored for one that is not owned. */
  write(key: string, stored: unknown) {
    const owned = this.#owned.get(key);
    if (!owned) return;
    owned.value = { stored };
    owned.isChanged = true;
    this.#stepLater(owned);
  }

  /** Releases a conversation when all of it is stored. One that is being claimed is kept, because messages wait for it. */
  release(key: string) {
    const owned = this.#owned.get(key);
    if (!owned || (owned.claiming && !this.#isClosed)) return;
    this.#owned.delete(key);
    owned.steps = owned.steps.then(() => this.#keep(owned, "release"));
  }

  /** Releases all conversations, and closes the connection to Redis. */
  async close() {
    this.#isClosed = true;
    this.#cancelRenewal();
    const all = [...this.#owned.values()];
    for (const { key } of all) this.release(key);
    await Promise.all(all.map(({ steps }) => steps));
    await this.#redis.close();
  }

  async #claimInTime(owned: Owned) {
    const { clock, random, onClaimed } = this.#options;
    const end = clock.now() + PATIENCE_MS;
    let askAt = 0;
    for (;;) {
      const reply = await this.#step(owned, "claim");
      if (!reply) return;
      const [verdict, value = "", data = "", awayMs] = reply;
      if (verdict !== "held") {
        owned.fence = value;
        return onClaimed(owned.key, this.#read(owned, data), Number(awayMs));
      }
      if (clock.now() >= end || this.#isClosed) {
        this.#owned.delete(owned.key);
        throw new InputError(
          `The conversation "${owned.key}" takes place in another Node-RED, which does not hand it over. Send its messages there.`,
          "GEMINI_ELSEWHERE",
        );
      }
      if (clock.now() >= askAt) {
        this.#redis.publish(channelOf(value), owned.name).catch(() => {});
        askAt = clock.now() + RENEW_MS;
      }
      await new Promise<void>((resolve) => clock.after(CLAIM_AGAIN_MS * (1 + random()), resolve));
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
    for (const owned of this.#owned.values()) this.#stepLater(owned);
    this.#renewLater();
  }

  /** After what the present call still changes, and after the steps before. */
  #stepLater(owned: Owned) {
    if (owned.isQueued) return;
    owned.isQueued = true;
    owned.steps = owned.steps
      .then(() => new Promise<void>((resolve) => setImmediate(resolve)))
      .then(() => {
        owned.isQueued = false;
        return this.#owned.get(owned.key) === owned ? this.#keep(owned, "keep") : undefined;
      });
  }

  /** Renews the lease, with what has changed, or ends it. A conversation that began without the store is claimed. */
  async #keep(owned: Owned, step: "keep" | "release") {
    if (owned.fence === undefined) {
      const [verdict, fence] = (step === "keep" && (await this.#step(owned, "claim"))) || [];
      if (verdict !== "granted") return;
      owned.fence = fence;
    }
    const { isChanged, value } = owned;
    owned.isChanged = false;
    const data = !isChanged || !value ? "" : value.stored ? this.#seal.close(owned.name, value.stored) : "-";
    const reply = await this.#step(owned, step, data);
    if (!reply) owned.isChanged ||= isChanged;
    if (reply?.[0] === "anew" && value && !isChanged) {
      owned.isChanged = true;
      if (step === "release") await this.#keep(owned, step);
      else this.#stepLater(owned);
    }
    if (reply?.[0] !== "refused" || this.#owned.get(owned.key) !== owned) return;
    this.#owned.delete(owned.key);
    this.#options.onLost(owned.key);
  }

  /** The reply of Redis; undefined if it is missing. */
  async #step({ name, fence = "" }: Owned, step: string, data = ""): Promise<string[] | undefined> {
    const { onHealth } = this.#options;
    const values = [step, this.#me, fence, String(LEASE_MS), String(HANDLE_LIFETIME_MS), data];
    try {
      const reply = await this.#redis.step(hashOf(name), values);
      if (this.#isMissing) onHealth(undefined);
      this.#isMissing = false;
      return reply;
    } catch (error) {
      if (!this.#isMissing) onHealth(error as Error);
      this.#isMissing = true;
      return undefined;
    }
  }
}
