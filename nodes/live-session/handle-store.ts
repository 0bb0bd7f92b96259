// Stores resumption handles: in this process, where they survive a deploy, and in the context of the node, where they survive a
// restart of Node-RED if its context store is on disk, or in the shared store, where another instance finds them. Expired ones are deleted.

import type { Node } from "node-red";
import type { Clock } from "../../audio/clock";
import {
  HANDLE_LIFETIME_MS,
  type HandleStore,
  type StoredHandle,
} from "../../live/connection/resumption-handle";
import type { Done } from "../../live/input/input";
import type { ConversationSettings, OwnSettings } from "../../live/setup/setup";
import type { ToolResult } from "../../live/tools/tool-dispatch";
import { SharedStore, type SharedStoreOptions } from "../shared-store/shared-store";

interface Kept extends StoredHandle {
  /** The model cannot change on a resume. */
  model: string;
  /** The conversation's own settings, with which it continues. */
  own?: OwnSettings | undefined;
  /** Milliseconds since 1970. */
  savedAt: number;
}

/** Milliseconds between two searches for expired handles. */
const SWEEP_MS = 10 * 60_000;
/** Milliseconds for which messages wait until the context of the node was read. */
const LOAD_MS = 5_000;
const PREFIX = "handle_";

/** By node and name in its context. Without a configured store, Node-RED clears the context of a node that is deployed again. */
const inProcess = new Map<string, Kept>();

const placeOf = (node: Node, name: string) => `${node.id} ${name}`;

/** Deletes the handles of a live session that does not keep its conversations any more: none continues later. */
export function deleteHandles(node: Node) {
  for (const place of inProcess.keys()) if (place.startsWith(placeOf(node, ""))) inProcess.delete(place);
  readStored(node, (stored) => {
    for (const [name] of stored) write(node, name, undefined);
  });
}

interface SharedOptions extends Omit<SharedStoreOptions, "node" | "clock" | "onClaimed"> {
  /** What is known of a conversation has been read from the store. */
  onRead(key: string): void;
}

/** The handles of one live session. */
export class HandleStores {
  readonly #node: Node;
  readonly #clock: Clock;
  readonly #shared: SharedStore | undefined;
  /** Resolves when the context of the node was read, or took too long. */
  readonly #loaded: Promise<void>;
  #isLoading = true;
  #cancelSweep = () => {};
  #endLoading = () => {};

  /** @param shared of the store that takes the place of the context; absent: it is the context */
  constructor(node: Node, clock: Clock, shared?: SharedOptions) {
    this.#node = node;
    this.#clock = clock;
    this.#cancelSweep = clock.after(SWEEP_MS, () => this.#sweep());
    this.#shared = shared && this.#share(shared);
    this.#isLoading = !shared;
    this.#loaded = shared ? Promise.resolve() : this.#readContext();
  }

  #share(options: SharedOptions) {
    const { onRead, onAsked, onLost } = options;
    return new SharedStore({
      ...options,
      node: this.#node.id,
      clock: this.#clock,
      onClaimed: (key, stored, awayMs) => {
        // The clock of the machine that has stored it may be wrong.
        const savedAt = this.#clock.date() - awayMs;
        this.#remember(nameOf(key), stored ? { ...(stored as Kept), awayMs, savedAt } : undefined);
        if (stored) onRead(key);
      },
      onAsked: (key, handOver) =>
        onAsked(key, () => {
          handOver();
          this.#remember(nameOf(key), undefined);
        }),
      onLost: (key) => {
        this.#remember(nameOf(key), undefined);
        onLost(key);
      },
    });
  }

  #readContext(): Promise<void> {
    const node = this.#node;
    const loaded = new Promise<void>((resolve) => {
      const cancelWait = this.#clock.after(LOAD_MS, () => {
        node.warn(
          `The context store has not answered for ${LOAD_MS / 1000} s. Conversations that are kept only there begin anew.`,
        );
        this.#endLoading();
      });
      this.#endLoading = () => {
        cancelWait();
        this.#isLoading = false;
        resolve();
      };
    });
    readStored(node, (stored) => {
      if (!this.#isLoading) return;
      for (const [name, kept] of stored)
        if (!inProcess.has(placeOf(node, name))) inProcess.set(placeOf(node, name), kept);
      this.#deleteExpired();
      this.#endLoading();
    });
    return loaded;
  }

  /**
   * Resolves when the conversation of a key may begin: its own settings are known, and no other instance has it. undefined: it may begin
   * now. Rejects if another instance keeps it.
   */
  ready(key: string): Promise<void> | undefined {
    return this.#shared ? this.#shared.claim(key) : this.#isLoading ? this.#loaded : undefined;
  }

  /** Whether what waits in a conversation is stored, too, for whoever continues it. */
  get keepsWaiting() {
    return this.#shared !== undefined;
  }

  /** Whether another instance may have the conversation of a key. */
  isElsewhere(key: string) {
    return this.#shared !== undefined && !this.#shared.owns(key);
  }

  /** The conversation of a key is closed, and its next message may go to another instance. */
  release(key: string) {
    this.#shared?.release(key);
  }

  /**
   * Passes a tool result to the instance that has the conversation, as ToolResults.pass(). Returns false if no other one can have it: it
   * is kept only here, or was claimed, and what is stored of it `isRead`.
   */
  pass(key: string, isRead: boolean, id: string, result: ToolResult, done: Done): boolean {
    if (!this.#shared || (isRead && this.#shared.owns(key))) return false;
    this.#shared.pass(key, id, result, done);
    return true;
  }

  /** The own settings of the conversation that can be resumed. */
  ownOf(key: string): OwnSettings | undefined {
    return this.#find(nameOf(key))?.own;
  }

  /**
   * The store for the handle of one conversation. A handle of another model, or one that cannot be read, counts as none, but what was said
   * is kept if there is a shared store; a failed write is a warning.
   * @param settings of the conversation, as they are now
   */
  of(key: string, settings: () => ConversationSettings): HandleStore {
    const name = nameOf(key);
    return {
      keepsProgress: this.#shared !== undefined,
      load: async () => {
        await this.#loaded;
        const kept = this.#find(name);
        if (kept?.model === settings().model) return kept;
        // Another model begins a new session with what was said.
        return kept?.progress && { ...kept, handle: undefined };
      },
      save: (stored, mayWait) => {
        if (this.#shared && !this.#shared.owns(key)) return;
        const { model, own } = settings();
        const kept = stored && { ...stored, model, ...(own && { own }), savedAt: this.#clock.date() };
        this.#remember(name, kept);
        if (this.#shared) this.#shared.write(key, kept, mayWait);
        else write(this.#node, name, kept);
      },
    };
  }

  /** Stops the search for expired handles, and waits for the context no longer. Resolves when all of it is in the shared store. */
  async close() {
    this.#cancelSweep();
    this.#endLoading();
    await this.#shared?.close();
  }

  #remember(name: string, kept: Kept | undefined) {
    if (kept) inProcess.set(placeOf(this.#node, name), kept);
    else inProcess.delete(placeOf(this.#node, name));
  }

  #find(name: string): Kept | undefined {
    const kept = inProcess.get(placeOf(this.#node, name));
    return kept && !this.#hasExpired(kept) ? kept : undefined;
  }

  #hasExpired({ savedAt }: Kept) {
    return this.#clock.date() - savedAt >= HANDLE_LIFETIME_MS;
  }

  #sweep() {
    this.#cancelSweep = this.#clock.after(SWEEP_MS, () => this.#sweep());
    this.#deleteExpired();
  }

  /** Deletes the expired handles of conversations that were not continued. */
  #deleteExpired() {
    const mine = placeOf(this.#node, "");
    for (const [place, kept] of inProcess) {
      if (!this.#hasExpired(kept)) continue;
      inProcess.delete(place);
      if (place.startsWith(mine) && !this.#shared) write(this.#node, place.slice(mine.length), undefined);
    }
  }
}

/** Context stores accept only some characters in a name; a session key may have any. */
const nameOf = (key: string) => `${PREFIX}${Buffer.from(key).toString("hex")}`;

function write(node: Node, name: string, kept: Kept | undefined) {
  node.context().set(name, kept, undefined, (error: Error | null) => {
    if (error) node.warn(`The resumption handle could not be stored: ${error.message}`);
  });
}

/** Reads the handles in the context of the node, with their names; those that cannot be read count as none. */
function readStored(node: Node, done: (stored: [name: string, kept: Kept][]) => void) {
  const context = node.context();
  context.keys(undefined, (_error: Error | null, all: unknown[] = []) => {
    const names = all.map(String).filter((name) => name.startsWith(PREFIX));
    if (!names.length) return done([]);
    context.get(names, undefined, (_error: Error | null, ...stored: unknown[]) =>
      done(names.flatMap((name, at) => (stored[at] ? [[name, stored[at] as Kept]] : []))),
    );
  });
}
