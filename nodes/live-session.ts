// gemini-live-session: the conversations of a flow, one for each session key.

import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { systemClock } from "../audio/clock";
import type { Conversation } from "../live/conversation";
import { ConversationPool } from "../live/conversation-pool";
import type { ConversationEvent } from "../live/events";
import type { Done } from "../live/input/input";
import { InputError } from "../live/server/errors";
import { buildSetup, type ConversationSettings, type Setup } from "../live/setup/setup";
import type { Call } from "../live/state/state";
import type { Answer } from "../live/tools/tool-dispatch";
import { Badge } from "./badge";
import { keptHandle } from "./kept-handle";
import type { LiveConfigNode, SharedConnection } from "./live-config";
import { type FlowMessage, type Identity, identityOf, readRequest, type ToolCallWords } from "./messages";
import { SessionTools } from "./session-tools";
import { type LiveSessionSettings, liveSession } from "./settings/live-session";
import { refuseEverything } from "./settings/refuse";
import { readSettings } from "./settings/table";
import { onFlowsStarted } from "./toolbox";

/** What other nodes need of a session; a session that cannot work has none of it. */
export interface LiveSessionNode extends Node {
  /** The way back for the answer to a call. */
  answerCall?(session: string, id: string, answer: Answer, done: Done): void;
  /** What a new conversation would be set up with, and where: a token can be locked to that. */
  blueprint?(): { connection: SharedConnection; setup: Setup };
}

const OUTPUTS = { audio: 0, text: 1, tools: 2, events: 3 };

export default function (RED: NodeAPI) {
  function LiveSession(this: LiveSessionNode, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runSession(RED, this, readSettings(liveSession, def));
    } catch (error) {
      refuseEverything(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-live-session", LiveSession);
}

function runSession(RED: NodeAPI, node: LiveSessionNode, read: LiveSessionSettings) {
  const config = RED.nodes.getNode(read.connection) as LiveConfigNode | null;
  if (config?.type !== "gemini-live-config")
    throw new InputError("The session has no connection: choose one in its dialog.");
  const connection = config.connection();
  const settings = conversationOf(read);
  const { leftOut } = buildSetup(settings, connection.continuity);
  if (leftOut.length)
    node.warn(`${settings.model} refuses these settings, so they are not sent: ${leftOut.join(", ")}`);

  /** Of each conversation, what its messages carry. */
  const identities = new WeakMap<Conversation, Identity>();
  const badge = new Badge(RED, node);
  const emit = (conversation: Conversation, event: ConversationEvent) => {
    const identity = identities.get(conversation);
    if (event.type === "state") badge.show(conversations.states(), event);
    if (event.type === "warning") node.warn(event.warning);
    if (event.type === "failed") return node.error(event.error, { ...identity });
    for (const [output, msg] of toMessages(event, {
      node: node.id,
      server: connection.kind,
      model: settings.model,
      session: identity?.session ?? "",
    }))
      sendOn(node, OUTPUTS[output], { ...identity, ...msg });
  };
  const handles = read.keepConversations ? (key: string) => keptHandle(node, key, settings.model) : undefined;
  const tools = new SessionTools(RED, node, OUTPUTS.tools);
  const options = {
    ...connection,
    settings,
    tools: () => tools.served,
    clock: systemClock,
    random: Math.random,
  };
  const conversations = new ConversationPool(options, connection.limits, handles, emit);

  node.on("input", (msg: FlowMessage, _send, done) => {
    try {
      const request = readRequest(msg);
      const identity = identityOf(msg);
      const begins = typeof request === "object" || request === "connect" || request === "reset";
      const conversation = begins
        ? conversations.get(identity.session)
        : conversations.find(identity.session);
      if (!conversation) return done();
      identities.set(conversation, { ...identities.get(conversation), ...identity });
      if (typeof request === "object" && request.kind === "update")
        return conversation.instruct(request.instruction, done);
      else if (typeof request === "object") return conversation.send(request, done);
      else conversation[request]();
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  node.answerCall = (session, id, answer, done) => {
    const conversation = conversations.find(session);
    if (conversation) conversation.answer(id, answer, done);
    else done(new InputError(`The conversation that made the call ${id} is over; its answer was not sent.`));
  };
  node.blueprint = () => ({
    connection,
    setup: buildSetup(settings, connection.continuity, {
      tools: tools.served.map(({ declaration }) => declaration),
    }),
  });
  const stopWatching = onFlowsStarted(RED, () => {
    tools.refresh();
    conversations.updateTools();
  });
  node.on("close", () => {
    stopWatching();
    conversations.close();
    node.status({});
  });
  badge.show([]);
}

function conversationOf(settings: LiveSessionSettings): ConversationSettings {
  const { voice, language, instruction, temperature, thinkingLevel, affectiveDialog } = settings;
  const { turnDetection, startSensitivity, endSensitivity, silenceDurationMs, prefixPaddingMs } = settings;
  const { bargeIn, turnCoverage, singleTurn, googleSearch } = settings;
  return {
    model: settings.model.trim(),
    voice,
    language,
    instruction,
    temperature,
    thinkingLevel,
    thoughts: settings.includeThoughts,
    affectiveDialog,
    transcripts: { user: settings.transcribeUser, model: settings.transcribeModel },
    turnDetection,
    detection: { start: startSensitivity, end: endSensitivity, silenceDurationMs, prefixPaddingMs },
    bargeIn,
    turnCoverage,
    singleTurn,
    googleSearch,
  };
}

type Message = [output: keyof typeof OUTPUTS, msg: object];

/** What the words of a session say besides the event itself. */
interface Sender {
  node: string;
  session: string;
  server: SharedConnection["kind"];
  model: string;
}

function toMessages(event: ConversationEvent, sender: Sender): Message[] {
  switch (event.type) {
    case "audio":
      return [["audio", { payload: event.pcm, mimeType: event.mimeType, turn: event.turn }]];
    case "text": {
      const { role, text, final, turn } = event;
      return [["text", { payload: text, role, final, turn, ...(event.thought && { thought: true }) }]];
    }
    case "interrupted":
      return [
        ["audio", { event: "interrupted", turn: event.turn }],
        ["events", { event: "interrupted", turn: event.turn, payload: {} }],
      ];
    case "generationComplete":
      return [["audio", { event: "generationComplete", turn: event.turn }]];
    case "turnComplete":
      return [
        ["audio", { event: "turnComplete", turn: event.turn }],
        ["events", { event: "turnComplete", turn: event.turn, payload: { reason: event.reason } }],
      ];
    case "toolCall":
      return [["tools", { payload: event.call.args, toolCall: wordsOf(event.call, sender) }]];
    case "toolCancelled": {
      const payload = { reason: event.reason };
      return [["tools", { event: "cancelled", payload, toolCall: wordsOf(event.call, sender) }]];
    }
    case "usage":
      return [["events", { event: "usage", turn: event.turn, payload: event.usage }]];
    case "grounding":
      return [["events", { event: "grounding", turn: event.turn, payload: event.grounding }]];
    case "state": {
      const { state, cause, attempt } = event;
      const { server, model } = sender;
      const payload = { state, cause, ...attempt, server, model };
      return [["events", { event: "state", payload }]];
    }
    case "gap":
      return [
        ["events", { event: "gap", payload: { pauseMs: event.pauseMs, lostSoundMs: event.lostSoundMs } }],
      ];
    case "resumed": {
      const { remembered, pauseMs, attempts } = event;
      return [["events", { event: "resumed", payload: { remembered, pauseMs, attempts } }]];
    }
    case "stall":
      return [["events", { event: "stall", payload: { ms: event.ms, cure: event.cure } }]];
    case "goAway":
      return [["events", { event: "goAway", payload: { timeLeft: event.timeLeft } }]];
    case "refused":
      return [["events", { event: "refused", payload: { what: event.what, why: event.why } }]];
    case "speech": {
      const { speaking, offsetMs } = event;
      return [["events", { event: "speech", payload: { speaking, offsetMs } }]];
    }
    case "thinking":
      return [["events", { event: "thinking", payload: { thinking: event.thinking } }]];
    case "warning":
    case "failed":
      return [];
  }
}

function wordsOf({ id, name, server }: Call, { node, session }: Sender): ToolCallWords {
  return { id, name, node, session, tool: server };
}

/** One send for one message: a send with several would clone all but the first. */
function sendOn(node: Node, output: number, msg: NodeMessage) {
  const outputs: (NodeMessage | null)[] = [null, null, null, null];
  outputs[output] = msg;
  node.send(outputs);
}
