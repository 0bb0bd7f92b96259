// The handle by which a conversation is resumed, and when it must no longer be used.

import type { LiveServerSessionResumptionUpdate } from "@google/genai";
import { ConnectionError } from "../server/errors";

/** What is stored of a conversation that is opened again after a deploy or restart. */
export interface StoredHandle {
  handle: string;
  /** Texts that had no answer when the live session was closed. */
  unanswered: readonly string[];
}

export interface HandleStore {
  load(): Promise<StoredHandle | undefined>;
  save(stored: StoredHandle | undefined): void;
}

/** Milliseconds for which a handle is used after its connection ended: two hours, less a minute for the way (docs/live-api.md 1.7). */
export const HANDLE_LIFETIME_MS = 2 * 60 * 60 * 1000 - 60_000;
/**
 * Passing refusals of a resume after which the handle counts as dead: three (docs/live-api.md 1.6), and one more, as the first may
 * only mean that the server has not noticed the drop yet (1.5).
 */
const MAX_REFUSALS = 4;

export class ResumptionHandle {
  readonly #isUsed: boolean;
  readonly #store: HandleStore | undefined;
  #value: string | undefined;
  /** Something came after the handle that it does not cover. */
  #stale = false;
  /** The stored handle was read, or is not wanted. */
  #loaded = false;
  /** Clock time, in milliseconds, at which the connection was last known to live. */
  #alive = 0;
  #refusals = 0;
  #unanswered: readonly string[] = [];
  #isLoading = false;

  /** @param isUsed whether conversations are resumed @param store where it is kept beyond this process; undefined: nowhere */
  constructor(isUsed: boolean, store: HandleStore | undefined) {
    this.#isUsed = isUsed;
    this.#store = isUsed ? store : undefined;
  }

  /** Whether a resume loses what came after the handle. */
  get isStale() {
    return this.#stale;
  }

  /** Reads the stored handle, once; undefined: there is nothing to read. */
  load(now: number): Promise<void> | undefined {
    if (this.#loaded || !this.#store) return undefined;
    this.#loaded = true;
    this.#isLoading = true;
    return this.#store.load().then(
      (stored) => {
        // Meanwhile the conversation may have ended.
        if (!this.#isLoading) return;
        this.#isLoading = false;
        this.#value = stored?.handle;
        this.#unanswered = stored?.unanswered ?? [];
        this.#alive = now;
      },
      () => {}, // What cannot be read is as if it were not stored.
    );
  }

  /**
   * Takes a new handle; `resumable: false` makes the one before stale, not useless. JSON of protocol buffers leaves out false and empty
   * values, so an update without `resumable` says the same.
   */
  update({ newHandle, resumable }: LiveServerSessionResumptionUpdate, now: number) {
    if (!this.#isUsed) return;
    this.#alive = now;
    this.#refusals = 0;
    this.#stale = !resumable;
    if (!resumable || !newHandle || newHandle === this.#value) return;
    this.#value = newHandle;
    this.#store?.save({ handle: newHandle, unanswered: [] });
  }

  /** Stores texts without an answer beside the handle. Returns false when there is no handle or no store. */
  storeUnanswered(texts: readonly string[]): boolean {
    if (!this.#store || !this.#value) return false;
    this.#store.save({ handle: this.#value, unanswered: texts });
    return true;
  }

  /** Takes the stored texts without an answer, once. */
  takeUnanswered(): readonly string[] {
    const texts = this.#unanswered;
    this.#unanswered = [];
    return texts;
  }

  /** Drops it, also where it is stored. */
  drop() {
    this.#loaded = true;
    this.#isLoading = false;
    this.#value = undefined;
    this.#stale = false;
    this.#store?.save(undefined);
  }

  /** The conversation has ended: nothing that is stored of it is used. */
  forget() {
    this.drop();
    this.#unanswered = [];
  }

  /** The connection lived until now: its lifetime counts from here. */
  touch(now: number) {
    this.#alive = now;
  }

  /** The handle, if there is one that is still valid. */
  value(now: number): string | undefined {
    if (this.#value && now - this.#alive > HANDLE_LIFETIME_MS) this.drop();
    return this.#value;
  }

  /** A resume with it failed. Returns true when it was dropped: the server says that it is dead, or has refused it too often. */
  refused(error: Error): boolean {
    if (!(error instanceof ConnectionError) || error.code === undefined || error.code === 1006) return false;
    if (error.verdict === "token") return false; // This says nothing about the handle.
    this.#refusals += 1;
    const dead = error.verdict === "handle" || error.verdict === "permanent";
    if (!dead && this.#refusals < MAX_REFUSALS) return false;
    this.drop();
    return true;
  }
}
