// gemini-interrupt: turns any message into a stop for a live session and for audio out.

import type { Node, NodeAPI, NodeDef } from "node-red";
import type { FlowMessage } from "./messages";

export = (RED: NodeAPI) => {
  function Interrupt(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    this.on("input", (msg: FlowMessage, send, done) => {
      // Wired to a session's events, it stops a device only when the model was interrupted.
      if (msg.event !== undefined && msg.event !== "interrupted") return done();
      msg.action = "interrupt";
      send(msg);
      done();
    });
  }
  RED.nodes.registerType("gemini-interrupt", Interrupt);
};
