// Stores resumption handles: in this process, where they survive a deploy, and in the context of the node, where they survive a
// restart of Node-RED if its context store is on disk. Expired ones are deleted.

import type { Node } from "node-red";
import type { Clock } from "../../audio/clock";
import {
  HANDLE_LIFETIME_MS,
  type HandleStore,
  type StoredHandle,
} from "../../live/connection/resumption-handle";

interface Kept extends StoredHandle {
  /** The model cannot change on a resume. */
  model: string;
  /** Milliseconds since 1970. */
  savedAt: number;
}

/** Milliseconds between two searches for expired handles. */
const SWEEP_MS = 10 * 60_000;
const PREFIX = "handle_";

/** By node and session key. Without a configured store, Node-RED clears the context of a node that is deployed again. */
const inProcess = new Map<string, Kept>();

/** Deletes the handles of a live session that does not keep its conversations any more: none continues later. */
export function deleteHandles(node: Node) {
  for (const place of inProcess.keys()) if (place.startsWith(`${node.id} `)) inProcess.delete(place);
  forEachStored(node, (name) => write(node, name, undefined));
}

/** The handles of one live session. */
export class HandleStores {
  readonly #node: Node;
  readonly #model: string;
  readonly #clock: Clock;
  #cancelSweep = () => {};

  constructor(node: Node, model: string, clock: Clock) {
    this.#node = node;
    this.#model = model;
    this.#clock = clock;
    this.#sweep();
  }

  /** The store for the handle of one conversation. A handle that cannot be read counts as none; a failed write is a warning. */
  of(key: string): HandleStore {
    // Context stores accept only some characters in a name; a session key may have any.
    const name = `${PREFIX}${Buffer.from(key).toString("hex")}`;
    const place = `${this.#node.id} ${name}`;
    const isGood = (kept: Kept | undefined) => kept?.model === this.#model && !this.#hasExpired(kept);
    return {
      load: () =>
        new Promise((resolve) => {
          this.#node.context().get(name, undefined, (_error: Error | null, stored: unknown) => {
            const kept = inProcess.get(place) ?? (stored as Kept | undefined);
            resolve(isGood(kept) ? kept : undefined);
          });
        }),
      save: (stored) => {
        const kept = stored && { ...stored, model: this.#model, savedAt: this.#clock.date() };
        if (kept) inProcess.set(place, kept);
        else inProcess.delete(place);
        write(this.#node, name, kept);
      },
    };
  }

  /** Stops the search for expired handles. */
  close() {
    this.#cancelSweep();
  }

  #hasExpired({ savedAt }: Kept) {
    return this.#clock.date() - savedAt >= HANDLE_LIFETIME_MS;
  }

  /** Deletes the expired handles of conversations that were not continued. */
  #sweep() {
    this.#cancelSweep = this.#clock.after(SWEEP_MS, () => this.#sweep());
    for (const [place, kept] of inProcess) if (this.#hasExpired(kept)) inProcess.delete(place);
    forEachStored(this.#node, (name, kept) => {
      if (this.#hasExpired(kept)) write(this.#node, name, undefined);
    });
  }
}

function write(node: Node, name: string, kept: Kept | undefined) {
  node.context().set(name, kept, undefined, (error: Error | null) => {
    if (error) node.warn(`The resumption handle could not be stored: ${error.message}`);
  });
}

/** Calls `visit` for each handle in the context of the node. */
function forEachStored(node: Node, visit: (name: string, kept: Kept) => void) {
  const context = node.context();
  context.keys(undefined, (_error: Error | null, names: unknown[] = []) => {
    for (const name of names.map(String).filter((each) => each.startsWith(PREFIX)))
      context.get(name, undefined, (_error: Error | null, stored: unknown) => {
        if (stored) visit(name, stored as Kept);
      });
  });
}
