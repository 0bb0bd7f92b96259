// gemini-tool-call: declares one function that the model may call, and begins the branch of the flow that serves it.

import type { Node, NodeAPI, NodeDef } from "node-red";
import { InputError } from "../live/server/errors";
import { declareTool } from "../live/tools/declaration";
import type { FlowMessage } from "./messages";
import { choiceSetting, numberSetting, refuseEverything } from "./settings";
import { announceTool } from "./toolbox";

interface ToolCallDef extends NodeDef {
  functionName: string;
  description: string;
  /** JSON Schema as text. */
  parameters: string;
  behavior: string;
  timeoutSeconds: unknown;
}

export default function (RED: NodeAPI) {
  function ToolCall(this: Node, def: ToolCallDef) {
    RED.nodes.createNode(this, def);
    try {
      const behavior = choiceSetting("behaviour", def.behavior, ["", "BLOCKING", "NON_BLOCKING"]);
      const timeoutMs = 1000 * numberSetting("time-out", def.timeoutSeconds, 1, 3_600, 30);
      const tool = declareTool({
        name: def.functionName ?? "",
        description: def.description ?? "",
        parameters: def.parameters,
        behavior,
      });
      announceTool(this, { ...tool, timeoutMs });
    } catch (error) {
      return refuseEverything(this, error as Error);
    }
    this.on("input", (msg: FlowMessage, send, done) => {
      if (!msg.toolCall)
        return done(
          new InputError(
            "This is no call of a tool: wire the tools output of a live session to a tool call.",
          ),
        );
      // The tools output goes to every tool that is wired to it; each lets only its own calls through.
      if (msg.toolCall.tool === this.id) send(msg.event === "cancelled" ? [null, msg] : [msg, null]);
      done();
    });
  }
  RED.nodes.registerType("gemini-tool-call", ToolCall);
}
