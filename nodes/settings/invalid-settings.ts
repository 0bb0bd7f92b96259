// What a node with invalid settings does.

import type { Node } from "node-red";

/** Shows the error on the badge, logs it, and rejects every message with it. */
export function rejectMessages(node: Node, error: Error) {
  node.status({ fill: "red", shape: "ring", text: error.message });
  node.error(error);
  node.on("input", (_msg, _send, done) => done(error));
}
