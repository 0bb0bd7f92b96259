// Calls nodes when all flows have started, and they can look up other nodes.

import type { NodeAPI } from "node-red";

/** By `RED.events`, because each file of nodes gets its own RED, but all share its events. */
const sharing = new WeakMap<NodeAPI["events"], { listeners: Set<() => void>; notify: () => void }>();

/**
 * Calls `listener` whenever flows have started: at the start, and at the end of every deploy, even if it did not change the
 * listener's node. All listeners share one listener of the runtime, which warns of a leak when it has more than ten.
 * @returns a function that removes the listener
 */
export function onFlowsStarted(RED: NodeAPI, listener: () => void): () => void {
  const shared = sharing.get(RED.events) ?? share(RED.events);
  const own = () => {
    try {
      listener();
    } catch (error) {
      // The runtime catches no errors here, and the other listeners must be called too.
      RED.log.error(error);
    }
  };
  shared.listeners.add(own);
  return () => {
    if (!shared.listeners.delete(own) || shared.listeners.size) return;
    sharing.delete(RED.events);
    RED.events.off("flows:started", shared.notify);
  };
}

function share(events: NodeAPI["events"]) {
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of listeners) listener();
  };
  events.on("flows:started", notify);
  const shared = { listeners, notify };
  sharing.set(events, shared);
  return shared;
}
