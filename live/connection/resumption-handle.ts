// The handle by which a conversation is resumed, and when it must no longer be used.

import type { LiveServerSessionResumptionUpdate } from "@google/genai";
import type { HandleStore } from "../options";
import { ConnectionError } from "../server/errors";

/** Milliseconds that a handle is good for after its connection ended: two hours, less what the way there takes (docs/live-api.md 1.7). */
const LIFETIME_MS = 2 * 60 * 60 * 1000 - 60_000;
/**
 * How often the server may turn a resume away for reasons that pass before the handle is taken for dead: three times (docs/live-api.md
 * 1.6), and once more as the first may only mean that it has not noticed the drop yet (1.5).
 */
const MOST_REFUSALS = 4;

export class ResumptionHandle {
  readonly #store: HandleStore | undefined;
  #value: string | undefined;
  /** There is nothing more to take up from the store. */
  #loaded = false;
  /** Clock time, in milliseconds, at which the connection was last known to live. */
  #alive = 0;
  #refusals = 0;

  /** @param store where it is kept beyond this process; undefined: nowhere */
  constructor(store: HandleStore | undefined) {
    this.#store = store;
  }

  /** Takes up the handle that was kept, once. */
  async load(now: number) {
    if (this.#loaded) return;
    this.#loaded = true;
    this.#value = await this.#store?.load().catch(() => undefined);
    this.#alive = now;
  }

  /** Follows the server's word: a new handle replaces the old one, and `resumable: false` drops it. */
  update({ newHandle, resumable }: LiveServerSessionResumptionUpdate, now: number) {
    this.#alive = now;
    this.#refusals = 0;
    if (resumable === false) this.drop();
    else if (newHandle && newHandle !== this.#value) {
      this.#value = newHandle;
      this.#store?.save(newHandle);
    }
  }

  /** Forgets it, also where it is kept. */
  drop() {
    this.#loaded = true;
    this.#value = undefined;
    this.#store?.save(undefined);
  }

  /** The connection lived until now: from here its lifetime counts. */
  touch(now: number) {
    this.#alive = now;
  }

  /** The handle, if there is one that is still good. */
  value(now: number): string | undefined {
    if (this.#value && now - this.#alive > LIFETIME_MS) this.drop();
    return this.#value;
  }

  /** A resume with it has failed. True when it was dropped: what the server said means that it is dead, or it said no too often. */
  refused(error: Error): boolean {
    if (!(error instanceof ConnectionError) || error.code === undefined || error.code === 1006) return false;
    if (error.verdict === "token") return false; // It says nothing of the handle.
    this.#refusals += 1;
    const dead = error.verdict === "handle" || error.verdict === "permanent";
    if (!dead && this.#refusals < MOST_REFUSALS) return false;
    this.drop();
    return true;
  }
}
