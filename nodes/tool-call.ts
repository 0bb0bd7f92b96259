// gemini-tool-call: declares one function that the model may call, and starts the branch of the flow that serves it.

import type { NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../audio/clock";
import { InputError } from "../live/server/errors";
import { declareTool } from "../live/tools/declaration";
import type { FlowMessage } from "./flow/messages";
import { announceTool } from "./flow/tool-discovery";
import { rejectMessages } from "./settings/invalid-settings";
import { readSettings } from "./settings/table";
import { toolCall } from "./settings/tool-call";
import { serveTrials, type TriableNode, Trial } from "./tool-call/trial";

export = (RED: NodeAPI) => {
  function ToolCall(this: TriableNode, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      const { functionName, timeoutSeconds, ...declared } = readSettings(toolCall, def);
      const tool = { ...declareTool({ ...declared, name: functionName }), timeoutMs: 1000 * timeoutSeconds };
      announceTool(this, tool);
      const trial = new Trial(this, tool, declared.parameters, systemClock);
      this.trial = trial;
      this.respondToCall = (_session, id, result, done) => trial.respond(id, result, done);
      this.on("close", () => trial.close());
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
  serveTrials(RED);
};
