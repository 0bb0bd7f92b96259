// gemini-browser-out: sends the output of a live session, of audio out or of a Catch node to the page that it belongs to.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { InputError } from "../live/server/errors";
import { clients } from "./browser-in/clients";
import { toPage } from "./browser-out/to-page";
import type { FlowMessage } from "./flow/messages";

export = (RED: NodeAPI) => {
  function BrowserOut(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    this.on("input", (msg: FlowMessage, _send, done) => {
      try {
        deliver(this, msg);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
  }
  RED.nodes.registerType("gemini-browser-out", BrowserOut);
};

function deliver(node: Node, msg: FlowMessage) {
  if (msg.event === "left") return clients.get(String(msg._session?.id))?.leave();
  const message = toPage(msg);
  const { _session: owner } = msg;
  // A page that has closed gets nothing.
  if (owner?.type === "gemini-browser") return clients.get(String(owner.id))?.send(message);
  const why = "The message belongs to no page: its _session is not that of a browser in node.";
  // Only to the log: a Catch node would send it here again.
  if (message.type === "error") return node.error(new InputError(`${why} It reports: ${message.message}`));
  throw new InputError(why);
}
