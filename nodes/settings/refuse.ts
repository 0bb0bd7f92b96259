// What a node does whose settings cannot be used.

import type { Node } from "node-red";

/** Shows the error on the badge, and gives it to everyone who sends the node something. */
export function refuseEverything(node: Node, error: Error) {
  node.status({ fill: "red", shape: "ring", text: error.message });
  node.error(error);
  node.on("input", (_msg, _send, done) => done(error));
}
