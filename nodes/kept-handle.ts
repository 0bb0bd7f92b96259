// Keeps the handles of a session's conversations where they outlive the node: in this process for a deploy, and in the context of
// the node for a restart of Node-RED, if its context store is on disk.

import type { Node } from "node-red";
import { HANDLE_LIFETIME_MS, type HandleStore } from "../live/connection/resumption-handle";

interface Kept {
  handle: string;
  /** The model cannot change on a resume. */
  model: string;
  /** Milliseconds of the calendar's clock. */
  savedAt: number;
}

/** By node and conversation. Without a configured store, Node-RED forgets the context of a node that is deployed again. */
const inProcess = new Map<string, Kept>();

/** The place for the handle of the conversation `key`; what cannot be read or written there is as if it were not kept. */
export function keptHandle(node: Node, key: string, model: string): HandleStore {
  // Any key must make a name that context stores take.
  const name = `handle_${Buffer.from(key).toString("hex")}`;
  const place = `${node.id} ${name}`;
  const isGood = (kept: Kept | undefined) =>
    kept?.model === model && Date.now() - kept.savedAt < HANDLE_LIFETIME_MS;
  return {
    load: () =>
      new Promise((resolve) => {
        node.context().get(name, undefined, (_error: Error | null, stored: unknown) => {
          const kept = inProcess.get(place) ?? (stored as Kept | undefined);
          resolve(isGood(kept) ? kept?.handle : undefined);
        });
      }),
    save: (handle) => {
      const kept = handle ? { handle, model, savedAt: Date.now() } : undefined;
      for (const [other, { savedAt }] of inProcess)
        if (Date.now() - savedAt > HANDLE_LIFETIME_MS) inProcess.delete(other);
      if (kept) inProcess.set(place, kept);
      else inProcess.delete(place);
      node.context().set(name, kept, undefined, (error: Error | null) => {
        if (error) node.warn(`The handle of the conversation could not be kept: ${error.message}`);
      });
    },
  };
}
