// Renews the leases of the conversations that this instance owns, and stores what has changed of them: of many at once, because each run of
// the script costs more than what it does.

import type { Health } from "./health";
import { runStep, runSteps, type Step } from "./ownership-script";
import type { Redis } from "./redis";
import type { Seal } from "./seal";
import type { Stored } from "./tool-results";

/** A conversation that this instance owns, or claims. */
export interface Owned extends Stored {
  /** Raised with each change of owner; undefined: not owned, because the store could not be asked. */
  fence: string | undefined;
  /** What is stored, or is to be: as it is sent. */
  value: { stored: unknown } | undefined;
  /** `value` is not stored yet. */
  isChanged: boolean;
  /** Messages wait until this has resolved. */
  claiming: Promise<void> | undefined;
  /** The run of the script that renews its lease together with others. */
  keeping: Promise<void> | undefined;
  /** The end of the steps that were begun for it alone: one after the other. */
  steps: Promise<void>;
  /** Tool results are about to be taken. */
  isTaking: boolean;
  /** As in ToolResults.apply(). */
  readonly applied: Set<string>;
}

/** What a step renews and stores of one conversation. */
interface Keep {
  owned: Owned;
  isChanged: boolean;
  step: Step;
}

export interface LeaseListener {
  /** Whether a conversation is still one of this instance. */
  isOwned(owned: Owned): boolean;
  /** One that began without the store belongs to another instance. */
  onHeld(owned: Owned, owner: string): void;
  /** Tool results wait for it. */
  onResults(owned: Owned): void;
  /** Another instance has become its owner. */
  onRefused(owned: Owned): void;
}

/** Number of leases that one run of the script renews, and of characters with which it is full: it takes Redis a few milliseconds. */
const MAX_AT_ONCE = 50;
const FULL_LENGTH = 200_000;

export class Leases {
  readonly #redis: Redis;
  readonly #seal: Seal;
  readonly #health: Health;
  readonly #me: string;
  readonly #listener: LeaseListener;
  readonly #due = new Set<Owned>();
  /** The steps that run for those that were due, or are about to. */
  #keeping: Promise<void> | undefined;

  /** @param me the name of this instance */
  constructor(redis: Redis, seal: Seal, health: Health, me: string, listener: LeaseListener) {
    this.#redis = redis;
    this.#seal = seal;
    this.#health = health;
    this.#me = me;
    this.#listener = listener;
  }

  /**
   * Renews a lease and stores what has changed: after what the present call still changes, and after the steps that run. A conversation that
   * began without the store is claimed.
   */
  keepSoon(owned: Owned) {
    this.#due.add(owned);
    this.#keeping ??= new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#keepDue())
      .catch((error: Error) => this.#health.failed(error))
      .finally(() => {
        this.#keeping = undefined;
        const [next] = this.#due;
        if (next) this.keepSoon(next);
      });
  }

  /** Stores what has changed, and ends the lease of a conversation that this instance does not own any more. */
  async end(owned: Owned): Promise<void> {
    await owned.keeping;
    if (owned.fence === undefined) return;
    const { isChanged } = owned;
    const [verdict] = (await this.step(owned, "release", this.#changes(owned))) ?? [];
    if (verdict !== "anew" || !owned.value || isChanged) return;
    owned.isChanged = true;
    return this.end(owned);
  }

  /** Runs one step for one conversation; undefined: Redis is missing. */
  async step({ name, fence }: Owned, step: Step["step"], data = ""): Promise<string[] | undefined> {
    const running = runStep(this.#redis, this.#me, { name, step, fence, data });
    return this.#health.of(running).catch(() => undefined);
  }

  /** All steps at once: no lease waits for the answer to another one. */
  async #keepDue() {
    const due = [...this.#due].filter((owned) => this.#listener.isOwned(owned) && !owned.claiming);
    this.#due.clear();
    const running: Promise<void>[] = [];
    let part: Keep[] = [];
    let length = 0;
    for (const [n, owned] of due.entries()) {
      const { isChanged } = owned;
      const step = this.#nextStep(owned);
      part.push({ owned, isChanged, step });
      length += step.data?.length ?? 0;
      if (n < due.length - 1 && part.length < MAX_AT_ONCE && length < FULL_LENGTH) continue;
      running.push(this.#keep(part));
      part = [];
      length = 0;
    }
    await Promise.all(running);
  }

  #keep(part: readonly Keep[]): Promise<void> {
    const steps = part.map(({ step }) => step);
    const answer = this.#health.of(runSteps(this.#redis, this.#me, steps)).catch(() => undefined);
    const keeping = answer.then((replies) => {
      for (const [n, { owned, isChanged }] of part.entries()) {
        const reply = replies?.[n];
        owned.keeping = undefined;
        if (reply instanceof Error) this.#health.failed(reply);
        this.#onKept(owned, reply instanceof Error ? undefined : reply, isChanged);
      }
    });
    for (const { owned } of part) owned.keeping = keeping;
    return keeping;
  }

  #nextStep(owned: Owned): Step {
    const { name, fence } = owned;
    if (fence === undefined) return { name, step: "claim" };
    const data = this.#changes(owned);
    owned.isChanged = false;
    return { name, step: "keep", fence, data };
  }

  /** What is to be stored, as the script has it. */
  #changes({ name, isChanged, value }: Owned): string {
    return !isChanged || !value ? "" : value.stored ? this.#seal.close(name, value.stored) : "-";
  }

  #onKept(owned: Owned, [verdict, value = "", results]: string[] = [], wasChanged: boolean) {
    if (verdict === undefined) owned.isChanged ||= wasChanged;
    const isClaimed = owned.fence === undefined;
    // Also for one that was released meanwhile: end() needs it.
    if (isClaimed && verdict === "granted") owned.fence = value;
    if (!this.#listener.isOwned(owned)) return;
    if (isClaimed) {
      if (verdict === "held") this.#listener.onHeld(owned, value);
      else if (verdict === "granted") this.keepSoon(owned);
    } else if (verdict === "refused") {
      this.#listener.onRefused(owned);
    } else if (verdict === "anew" && owned.value && !wasChanged) {
      owned.isChanged = true;
      this.keepSoon(owned);
    } else if (Number(results)) this.#listener.onResults(owned);
  }
}
