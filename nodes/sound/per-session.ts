// What a node keeps for each session key: limited in number, and freed when it is not used.

import type { Clock } from "../../audio/clock";

/** The most that a node keeps. More devices than that would need several cores for their sound alone. */
export const MAX_KEPT = 1_000;

export interface PerSessionOptions<T> {
  clock: Clock;
  /** Milliseconds between two searches for what is not used. */
  sweepMs: number;
  /** Milliseconds without use after which it ends. */
  unusedMs: number;
  /** It still works, although it gets no message: it does not end now. */
  isBusy(kept: T): boolean;
  /** Called before free() when it is not used any more, but not when the node closes. */
  end?(kept: T): void;
  free(kept: T): void;
}

export class PerSession<T> {
  readonly #options: PerSessionOptions<T>;
  /** The value of each key, and the clock time of its last use in milliseconds. */
  readonly #kept = new Map<string, { value: T; usedAt: number }>();
  #cancelSweep: (() => void) | undefined;

  constructor(options: PerSessionOptions<T>) {
    this.#options = options;
  }

  get(key: string): T | undefined {
    return this.#kept.get(key)?.value;
  }

  /** Whether one of them still works. */
  get isBusy() {
    return [...this.#kept.values()].some(({ value }) => this.#options.isBusy(value));
  }

  /** Keeps `value` for this key, and notes that it is used now. One too many ends the least recently used one that is not busy. */
  use(key: string, value: T) {
    const { clock, sweepMs } = this.#options;
    const usedAt = clock.now();
    const kept = this.#kept.get(key);
    if (kept) {
      kept.value = value;
      kept.usedAt = usedAt;
      return;
    }
    if (this.#kept.size >= MAX_KEPT) this.#end(this.#leastUsed());
    this.#kept.set(key, { value, usedAt });
    this.#cancelSweep ??= clock.after(sweepMs, this.#sweep);
  }

  /** Frees what is kept for this key, without an end. */
  delete(key: string) {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    if (kept) this.#options.free(kept.value);
  }

  /** Frees everything, without ends. */
  close() {
    this.#cancelSweep?.();
    for (const key of [...this.#kept.keys()]) this.delete(key);
  }

  /** The key that was not used for longest, of one that is not busy if there is such a one. */
  #leastUsed(): string {
    const all = [...this.#kept];
    const idle = all.filter(([, { value }]) => !this.#options.isBusy(value));
    const [first, ...others] = idle.length ? idle : all;
    const [key] = others.reduce((least, each) => (each[1].usedAt < least[1].usedAt ? each : least), first!);
    return key;
  }

  #end(key: string) {
    this.#options.end?.(this.#kept.get(key)!.value);
    this.delete(key);
  }

  readonly #sweep = () => {
    const { clock, sweepMs, unusedMs, isBusy } = this.#options;
    const now = clock.now();
    for (const [key, { value, usedAt }] of this.#kept) {
      if (now - usedAt >= unusedMs && !isBusy(value)) this.#end(key);
    }
    this.#cancelSweep = this.#kept.size ? clock.after(sweepMs, this.#sweep) : undefined;
  };
}
