// gemini-live-session: the conversations of a flow, one for each session key.

import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { systemClock } from "../audio/clock";
import type { Conversation } from "../live/conversation";
import { ConversationPool } from "../live/conversation-pool";
import type { ConversationEvent } from "../live/events";
import type { Done } from "../live/input/input";
import { InputError } from "../live/server/errors";
import { buildSetup } from "../live/setup/setup";
import { onFlowsStarted } from "./flow/flow-start";
import { type FlowMessage, type Identity, identityOf } from "./flow/messages";
import type { LiveConfigNode, LiveSessionNode } from "./flow/node-types";
import { Badge } from "./live-session/badge";
import { conversationSettings } from "./live-session/conversation-settings";
import { deleteHandles, HandleStores } from "./live-session/handle-store";
import { OUTPUTS, toOutputs } from "./live-session/outputs";
import { disconnectedClient, isStatus, readRequest } from "./live-session/request";
import { settingWarnings } from "./live-session/setting-warnings";
import { SessionTools } from "./live-session/tools";
import { rejectMessages } from "./settings/invalid-settings";
import { type LiveSessionSettings, liveSession } from "./settings/live-session";
import { readSettings } from "./settings/table";

export = (RED: NodeAPI) => {
  function LiveSession(this: LiveSessionNode, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runSession(RED, this, readSettings(liveSession, def));
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-live-session", LiveSession);
};

function runSession(RED: NodeAPI, node: LiveSessionNode, nodeSettings: LiveSessionSettings) {
  const config = RED.nodes.getNode(nodeSettings.connection) as LiveConfigNode | null;
  if (config?.type !== "gemini-live-config")
    throw new InputError("The live session has no connection. Choose one in its dialog.");
  const connection = config.connection();
  const settings = conversationSettings(nodeSettings);
  const { model } = settings;
  /** The identity on the messages of each conversation. */
  const identities = new WeakMap<Conversation, Identity>();
  const badge = new Badge(RED, node);
  const emit = (conversation: Conversation, event: ConversationEvent) => {
    const identity = identities.get(conversation);
    if (event.type === "state") badge.show(conversations.states(), event);
    if (event.type === "thinking") badge.show(conversations.states());
    if (event.type === "warning") return node.warn(event.warning);
    if (event.type === "failed") return node.error(event.error, { ...(identity && identityOf(identity)) });
    const source = { node: node.id, server: connection.kind, model, session: identity?.session ?? "" };
    for (const [output, msg] of toOutputs(event, source))
      sendOn(node, OUTPUTS[output], { ...(identity && identityOf(identity)), ...msg });
  };
  const handles = nodeSettings.keepConversations ? new HandleStores(node, model, systemClock) : undefined;
  if (!handles) deleteHandles(node);
  const tools = new SessionTools(RED, node, OUTPUTS.tools);
  const setup = () =>
    buildSetup(settings, connection.continuity, {
      tools: tools.served.map(({ declaration }) => declaration),
    });
  const warned = new Set<string>();
  const warn = () => {
    for (const warning of settingWarnings(settings, setup().leftOut)) {
      if (!warned.has(warning)) node.warn(warning);
      warned.add(warning);
    }
  };
  const options = {
    ...connection,
    settings,
    tools: () => tools.served,
    clock: systemClock,
    random: Math.random,
  };
  const conversations = new ConversationPool(
    options,
    connection.limits,
    handles && ((key) => handles.of(key)),
    emit,
  );

  const receive = (msg: FlowMessage, done: Done) => {
    if (isStatus(msg)) {
      const client = disconnectedClient(msg);
      if (client !== undefined) conversations.get(client).disconnect();
      return done();
    }
    // What a page says of its playback.
    if (msg.event === "played") return done();
    const request = readRequest(msg);
    const identity = identityOf(msg);
    // A disconnect without a conversation ends the one that is kept from before a deploy, and sound opens none after it.
    const conversation =
      request === "interrupt" ? conversations.find(identity.session) : conversations.get(identity.session);
    if (!conversation) return done();
    identities.set(conversation, { ...identities.get(conversation), ...identity });
    if (typeof request === "object" && request.kind === "update")
      return conversation.instruct(request.instruction, done);
    if (typeof request === "object") return conversation.send(request, done);
    conversation[request]();
    done();
  };
  node.on("input", (msg: FlowMessage, _send, done) => {
    try {
      receive(msg, done);
    } catch (error) {
      done(error as Error);
    }
  });
  node.respondToCall = (session, id, result, done) => {
    const conversation = conversations.find(session);
    if (conversation) conversation.respond(id, result, done);
    else
      done(new InputError(`The conversation of the tool call ${id} has ended. The response was not sent.`));
  };
  node.blueprint = () => ({ connection, setup: setup() });
  const stopWatching = onFlowsStarted(RED, () => {
    tools.refresh();
    warn();
    conversations.updateTools();
  });
  node.on("close", () => {
    stopWatching();
    const unanswered = conversations.close();
    handles?.close();
    if (unanswered)
      node.warn(
        `Texts without an answer when the live session was closed: ${unanswered}. Choose "Keep conversations across deploys and restarts" to have them sent again.`,
      );
    node.status({});
  });
  badge.show([]);
}

/** One send for one message: Node-RED clones all but the first message of a send. */
function sendOn(node: Node, output: number, msg: NodeMessage) {
  const outputs: (NodeMessage | null)[] = [null, null, null, null];
  outputs[output] = msg;
  node.send(outputs);
}
