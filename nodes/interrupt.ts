// gemini-interrupt: turns any message into an `interrupt` action for live session and audio out.

import type { Node, NodeAPI, NodeDef } from "node-red";
import type { FlowMessage } from "./flow/messages";

export = (RED: NodeAPI) => {
  function Interrupt(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    this.on("input", (msg: FlowMessage, send, done) => {
      // Of a session's events, only `interrupted` stops the playback.
      if (msg.event !== undefined && msg.event !== "interrupted") return done();
      msg.action = "interrupt";
      send(msg);
      done();
    });
  }
  RED.nodes.registerType("gemini-interrupt", Interrupt);
};
