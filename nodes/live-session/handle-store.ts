// Stores resumption handles: in this process, where they survive a deploy, and in the context of the node, where they survive a
// restart of Node-RED if its context store is on disk.

import type { Node } from "node-red";
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

/** By node and session key. Without a configured store, Node-RED clears the context of a node that is deployed again. */
const inProcess = new Map<string, Kept>();

/** The store for the handle of one conversation. A handle that cannot be read counts as none; a failed write is a warning. */
export function handleStore(node: Node, key: string, model: string): HandleStore {
  // Context stores accept only some characters in a name; a session key may have any.
  const name = `handle_${Buffer.from(key).toString("hex")}`;
  const place = `${node.id} ${name}`;
  const isGood = (kept: Kept | undefined) =>
    kept?.model === model && Date.now() - kept.savedAt < HANDLE_LIFETIME_MS;
  return {
    load: () =>
      new Promise((resolve) => {
        node.context().get(name, undefined, (_error: Error | null, stored: unknown) => {
          const kept = inProcess.get(place) ?? (stored as Kept | undefined);
          resolve(isGood(kept) ? kept : undefined);
        });
      }),
    save: (stored) => {
      const kept = stored && { ...stored, model, savedAt: Date.now() };
      for (const [other, { savedAt }] of inProcess)
        if (Date.now() - savedAt > HANDLE_LIFETIME_MS) inProcess.delete(other);
      if (kept) inProcess.set(place, kept);
      else inProcess.delete(place);
      node.context().set(name, kept, undefined, (error: Error | null) => {
        if (error) node.warn(`The resumption handle could not be stored: ${error.message}`);
      });
    },
  };
}
