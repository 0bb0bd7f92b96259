// gemini-tool-call: declares one function that the model may call, and starts the branch of the flow that serves it.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { InputError } from "../live/server/errors";
import { declareTool } from "../live/tools/declaration";
import type { FlowMessage } from "./flow/messages";
import { announceTool } from "./flow/tool-discovery";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings } from "./settings/table";
import { toolCall } from "./settings/tool-call";

export = (RED: NodeAPI) => {
  function ToolCall(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      const { functionName, timeoutSeconds, ...declared } = readSettings(toolCall, def);
      const tool = declareTool({ ...declared, name: functionName });
      announceTool(this, { ...tool, timeoutMs: 1000 * timeoutSeconds });
    } catch (error) {
      return rejectMessages(this, error as Error);
    }
    this.on("input", (msg: FlowMessage, send, done) => {
      if (!msg.toolCall)
        return done(
          new InputError(
            "msg.toolCall is missing. Wire the tools output of a live session to the tool call.",
          ),
        );
      // The tools output is wired to all tool call nodes, so each passes only its own calls.
      if (msg.toolCall.tool === this.id) send(msg.event === "cancelled" ? [null, msg] : [msg, null]);
      done();
    });
  }
  RED.nodes.registerType("gemini-tool-call", ToolCall);
};
