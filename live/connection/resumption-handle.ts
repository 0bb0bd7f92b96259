// The resumption handle of a conversation: its validity, and its storage with what else the conversation needs to continue.

import type { LiveServerSessionResumptionUpdate } from "@google/genai";
import type { Text } from "../input/input";
import type { ErrorCode } from "../server/error-codes";
import { ConnectionError } from "../server/errors";
import type { Progress, ProgressPort } from "./progress";

/** What is stored of a conversation to continue it after a deploy or restart, or in another process. */
export interface StoredHandle {
  /** Absent: a new session starts with the transcript. */
  handle?: string | undefined;
  /** Texts without an answer: of a closed live session, or, with `progress`, at this moment. */
  unanswered: readonly Text[];
  /** How far the conversation has come; only where HandleStore.keepsProgress. */
  progress?: Progress;
  /** Milliseconds since another process had the conversation. */
  awayMs?: number;
}

export interface HandleStore {
  /** Another process may have to continue the conversation at any moment, so everything but a newer handle is stored as it happens. */
  keepsProgress?: boolean;
  load(): Promise<StoredHandle | undefined>;
  /**
   * @param mayWait it only has a newer handle, which covers everything, and may be stored up to a second later: 3.1 issues one every 1.2 s
   * (docs/live-api.md 1.5)
   */
  save(stored: StoredHandle | undefined, mayWait?: boolean): void;
}

/** Milliseconds for which a handle is used after its connection ended: two hours (docs/live-api.md 1.7) minus a margin of one minute. */
export const HANDLE_LIFETIME_MS = 2 * 60 * 60 * 1000 - 60_000;
/**
 * Temporary refusals of a resume after which the handle counts as invalid: three (docs/live-api.md 1.6), and one more because the first may
 * only mean that the server has not noticed the drop yet (1.5). Early attempts do not count (connection.ts).
 */
const MAX_REFUSALS = 4;
/** Refusals of the key, its quota, the place or the model: a new session would be refused as well. */
const NOT_OF_THE_HANDLE: ReadonlySet<ErrorCode> = new Set([
  "GEMINI_KEY_REFUSED",
  "GEMINI_QUOTA",
  "GEMINI_REGION",
  "GEMINI_TOKEN",
  "GEMINI_MODEL",
]);

export class ResumptionHandle {
  readonly #isUsed: boolean;
  readonly #store: HandleStore | undefined;
  #value: string | undefined;
  /** The conversation has continued beyond what the handle covers. */
  #stale = false;
  /** The stored handle was read, or must not be read any more. */
  #loaded = false;
  /** Clock time, in milliseconds, at which the connection was last known to be open. */
  #alive = 0;
  #refusals = 0;
  #unanswered: readonly Text[] = [];
  #isLoading = false;
  /** Something is stored, which may have to change. */
  #isStored = false;
  readonly #progress: ProgressPort | undefined;

  /**
   * @param isUsed whether conversations are resumed; if not, only their progress is stored
   * @param store where it outlives this process; undefined: nowhere
   * @param progress of the conversation, for a store that keeps it
   */
  constructor(isUsed: boolean, store: HandleStore | undefined, progress?: ProgressPort) {
    this.#isUsed = isUsed;
    this.#store = isUsed || store?.keepsProgress ? store : undefined;
    this.#progress = store?.keepsProgress ? progress : undefined;
  }

  /** What is stored of the conversation is known, if anything is: its tool calls that wait for a response, too. */
  get isRead() {
    return !this.#store || (this.#loaded && !this.#isLoading);
  }

  /** Whether a resume loses what came after the handle. */
  get isStale() {
    return this.#stale;
  }

  /** A handle that covers everything may still come: a resume without it would lose the last turn, or all. */
  get isAwaited() {
    return this.#isUsed && (this.#stale || this.#value === undefined);
  }

  /** Reads the stored handle, once; undefined: there is nothing to read. */
  load(now: number): Promise<void> | undefined {
    if (this.#loaded || !this.#store) return undefined;
    this.#loaded = true;
    this.#isLoading = true;
    const restore = (stored: StoredHandle | undefined) => {
      // The conversation may have ended while the store was reading.
      if (!this.#isLoading) return;
      this.#value = this.#isUsed ? stored?.handle : undefined;
      this.#unanswered = [...(stored?.unanswered ?? [])];
      this.#alive = now;
      this.#isStored = stored !== undefined;
      if (stored?.progress) {
        this.#stale = stored.progress.isStale;
        this.#progress?.restore(stored.progress, stored.awayMs);
      }
    };
    // What cannot be read, such as what another version has stored, counts as not stored.
    const ignore = () => {
      this.#value = undefined;
      this.#unanswered = [];
      this.#stale = false;
    };
    return this.#store
      .load()
      .then(restore)
      .catch(ignore)
      .then(() => {
        this.#isLoading = false;
        this.note();
      });
  }

  /**
   * Takes a new handle; `resumable: false` makes the previous one stale, but still usable. ProtoJSON leaves out false and empty
   * values, so a missing `resumable` means false.
   */
  update({ newHandle, resumable }: LiveServerSessionResumptionUpdate, now: number) {
    if (!this.#isUsed) return;
    this.#alive = now;
    this.#refusals = 0;
    const wasStale = this.#stale;
    this.#stale = !resumable;
    const isNew = resumable && newHandle && newHandle !== this.#value;
    const mayWait = this.#value !== undefined && !this.#stale;
    if (isNew) this.#value = newHandle;
    if (this.#progress && (isNew || this.#stale !== wasStale)) this.note(mayWait);
    else if (isNew) this.#save([]);
  }

  /** Stores texts without an answer beside the handle. Returns false when nothing will send them again. */
  storeUnanswered(texts: readonly Text[]): boolean {
    if (!this.#store || !(this.#value || this.#progress)) return false;
    this.#save(texts);
    return true;
  }

  /**
   * Stores how far the conversation has come, unless nothing of it is to be continued. Call it after each change.
   * @param mayWait as in HandleStore.save()
   */
  note(mayWait = false) {
    if (!this.#progress || !this.#loaded || this.#isLoading) return;
    const { progress, unanswered } = this.#progress.read();
    const texts = [...this.#unanswered, ...unanswered];
    const { history, calls, waiting, hasBegun } = progress;
    const isSomething = hasBegun || [texts, history, calls, waiting].some(({ length }) => length > 0);
    if (isSomething || this.#isStored) this.#save(texts, mayWait);
  }

  #save(unanswered: readonly Text[], mayWait = false) {
    const progress = this.#progress && { ...this.#progress.read().progress, isStale: this.#stale };
    this.#isStored = true;
    this.#store?.save({ handle: this.#value, unanswered, ...(progress && { progress }) }, mayWait);
  }

  /** Takes the texts without an answer, and deletes them from the store: they are sent now. */
  takeUnanswered(): readonly Text[] {
    const texts = this.#unanswered;
    this.#unanswered = [];
    if (texts.length) this.storeUnanswered([]);
    return texts;
  }

  /** Drops the handle, also from the store: the next connection begins a new session with what was said. */
  drop() {
    this.#clear();
    if (this.#progress) this.note();
    else this.#delete();
  }

  /** The conversation has ended: deletes everything that is stored of it. */
  forget() {
    this.#clear();
    this.#unanswered = [];
    this.#delete();
  }

  #clear() {
    this.#loaded = true;
    this.#isLoading = false;
    this.#value = undefined;
    this.#stale = false;
  }

  #delete() {
    this.#isStored = false;
    this.#store?.save(undefined);
  }

  /** The connection was open until now: the lifetime of the handle counts from here. */
  touch(now: number) {
    this.#alive = now;
  }

  /** The handle; undefined if there is none or it has expired. */
  value(now: number): string | undefined {
    if (this.#value && now - this.#alive > HANDLE_LIFETIME_MS) this.drop();
    return this.#value;
  }

  /**
   * A resume failed. Returns true if the handle was dropped because the server calls it invalid or has refused it too often.
   * @param isEarly the server may not have noticed yet that the connection before is closed
   */
  refused(error: Error, isEarly: boolean): boolean {
    if (!(error instanceof ConnectionError) || error.closeCode === undefined || error.closeCode === 1006)
      return false;
    // It may still be valid: later, with another key, or in an instance whose settings are right.
    if (error.verdict === "token" || NOT_OF_THE_HANDLE.has(error.code)) return false;
    if (!isEarly) this.#refusals += 1;
    const dead = error.verdict === "handle" || error.verdict === "permanent";
    if (!dead && this.#refusals < MAX_REFUSALS) return false;
    this.drop();
    return true;
  }
}
