// gemini-interrupt: any message becomes "stop now", which both the session and audio out obey.

import type { Node, NodeAPI, NodeDef } from "node-red";
import type { FlowMessage } from "./messages";

export default function (RED: NodeAPI) {
  function Interrupt(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    this.on("input", (msg: FlowMessage, send, done) => {
      // Behind a session's events it stops a device: of the events only `interrupted` means that.
      if (msg.event !== undefined && msg.event !== "interrupted") return done();
      msg.action = "interrupt";
      send(msg);
      done();
    });
  }
  RED.nodes.registerType("gemini-interrupt", Interrupt);
}
