// gemini-live-session: the conversations of a flow, one for each session key.

import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { systemClock } from "../audio/clock";
import type { Conversation } from "../live/conversation";
import { ConversationPool } from "../live/conversation-pool";
import type { ConversationEvent } from "../live/events";
import type { Done } from "../live/input/input";
import { InputError } from "../live/server/errors";
import { buildSetup, type ConversationSettings, type OwnSettings } from "../live/setup/setup";
import { onFlowsStarted } from "./flow/flow-start";
import { type FlowMessage, type Identity, identityOf } from "./flow/messages";
import type { LiveConfigNode, LiveSessionNode } from "./flow/node-types";
import { Badge } from "./live-session/badge";
import { conversationSettings } from "./live-session/conversation-settings";
import { Departure } from "./live-session/departure";
import { keepConversations } from "./live-session/keeping";
import { left, OUTPUTS, refused, toOutputs, usageTotals } from "./live-session/outputs";
import { disconnectedClient, isOnlyEnd, isStatus, keyOf, readRequest } from "./live-session/request";
import { settingWarnings } from "./live-session/setting-warnings";
import { SessionTools } from "./live-session/tools";
import { UsageTotals } from "./live-session/usage-totals";
import { readVariables } from "./live-session/variables";
import { serveVoiceSamples } from "./live-session/voice-sample";
import { rejectMessages } from "./settings/invalid-settings";
import { liveSession } from "./settings/live-session";
import { readSettings } from "./settings/table";
import { variablesOf } from "./settings/variables";
import { ended } from "./shared-store/tool-results";

/** Maximum number of warnings about settings: a flow may set any voice. */
const MAX_WARNINGS = 100;

export = (RED: NodeAPI) => {
  function LiveSession(this: LiveSessionNode, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runSession(RED, this, def);
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-live-session", LiveSession);
  serveVoiceSamples(RED);
};

function runSession(RED: NodeAPI, node: LiveSessionNode, def: NodeDef) {
  const nodeSettings = readSettings(liveSession, def);
  const config = RED.nodes.getNode(nodeSettings.connection) as LiveConfigNode | null;
  if (config?.type !== "gemini-live-config")
    throw new InputError("The live session has no connection. Choose one in its dialog.", "GEMINI_SETTING");
  const connection = config.connection();
  const { leaving } = connection;
  const settings = conversationSettings(nodeSettings);
  const variables = variablesOf(liveSession, def);
  let isClosed = false;
  const settingsWith = (own: OwnSettings | undefined) =>
    own ? conversationSettings(readSettings(liveSession, def, own), own) : settings;
  /** The identity on the messages of each conversation. */
  const identities = new WeakMap<Conversation, Identity>();
  const badge = new Badge(RED, node);
  const emit = (conversation: Conversation, event: ConversationEvent) => {
    const identity = identities.get(conversation);
    if (event.type === "state") badge.show(conversations.states(), event);
    if (event.type === "thinking") badge.show(conversations.states());
    if (event.type === "warning") return node.warn(event.warning);
    if (event.type === "failed") return node.error(event.error, { ...(identity && identityOf(identity)) });
    const { model } = conversation.settings;
    const shown = event.type === "usage" ? withToday(event, model) : event;
    const source = { node: node.id, server: connection.kind, model, session: identity?.session ?? "" };
    // At a deploy, the device learns that nothing more comes; texts without an answer are warned of, or sent again.
    for (const [output, msg] of toOutputs(shown, source))
      if (!isClosed || output === "audio")
        sendOn(node, OUTPUTS[output], Object.assign(msg, identity && identityOf(identity)));
    if (identity && event.type === "state" && event.state === "closed" && leaving.hasBegun) {
      departure.tell(identity.session);
      sendOn(node, OUTPUTS.events, { ...left(leaving.conversations), ...identityOf(identity) });
    }
  };
  const totals = new UsageTotals(node, systemClock);
  const withToday = (event: Extract<ConversationEvent, { type: "usage" }>, model: string) => ({
    ...event,
    usage: { ...event.usage, today: totals.count(model, event.usage.turn) },
  });
  const handles = keepConversations(
    node,
    nodeSettings.keepConversations,
    connection,
    badge,
    () => conversations,
  );
  const tools = new SessionTools(RED, node, OUTPUTS.tools);
  const setupOf = (settings: ConversationSettings) =>
    buildSetup(settings, connection.continuity, {
      tools: tools.served.map(({ declaration }) => declaration),
    });
  const warned = new Set<string>();
  const warn = (settings: ConversationSettings) => {
    for (const warning of settingWarnings(settings, setupOf(settings).leftOut)) {
      if (warned.has(warning) || warned.size >= MAX_WARNINGS) continue;
      warned.add(warning);
      node.warn(warning);
    }
  };
  /** A deploy may have changed the node so that the stored settings of a conversation fit it no longer. */
  const settingsFor = (key: string) => {
    try {
      return settingsWith(handles?.ownOf(key));
    } catch (error) {
      node.warn(`The conversation "${key}" loses its own settings: ${(error as Error).message}`);
      return settings;
    }
  };
  const options = {
    ...connection,
    settingsFor,
    readSettings: ({ own }: ConversationSettings) =>
      readVariables(RED, node, variables, connection.connectTimeoutMs, own),
    handlesFor: handles && ((key: string, settings: () => ConversationSettings) => handles.of(key, settings)),
    places: connection.sharedLimits()?.placesOf(node.id, nodeSettings.keepConversations),
    onUnused: (key: string) => handles?.release(key),
    tools: () => tools.served,
    clock: systemClock,
    random: Math.random,
  };
  const conversations = new ConversationPool(options, connection.limits, emit);
  const departure = new Departure(
    leaving,
    conversations,
    (key) => handles?.release(key),
    (msg, why) => sendOn(node, OUTPUTS.events, { ...refused("GEMINI_LEAVING", why), ...identityOf(msg) }),
  );
  const configure = (key: string, own: OwnSettings | undefined) => {
    const settings = settingsWith(own);
    const { model, leftOut } = setupOf(settings);
    const refused = leftOut.filter((name) => Object.hasOwn(own ?? {}, name));
    if (refused.length)
      throw new InputError(
        `${model} does not support these settings: ${refused.join(", ")}.`,
        "GEMINI_SETTING",
      );
    warn(settings);
    conversations.configure(key, settings);
  };

  /** The rest of an answer may still wait in front of the device, also when the turn is over. */
  const silence = (conversation: Conversation) => {
    const identity = identities.get(conversation);
    if (identity) sendOn(node, OUTPUTS.audio, { ...identityOf(identity), event: "interrupted" });
  };

  const receive = (msg: FlowMessage, done: Done) => {
    if (isStatus(msg)) {
      const client = disconnectedClient(msg);
      const conversation = client === undefined ? undefined : conversations.find(client);
      if (client !== undefined) conversations.disconnect(client);
      if (conversation) silence(conversation);
      return done();
    }
    // What a page says of its playback.
    if (msg.event === "played") return done();
    const request = readRequest(msg);
    const identity = identityOf(msg);
    if (request === "usage" || request === "leave") {
      const { action: _, ...asked } = msg;
      if (request === "leave") departure.begin();
      const answer = request === "usage" ? usageTotals(totals.days) : left(leaving.conversations);
      sendOn(node, OUTPUTS.events, { ...asked, ...identity, ...answer });
      return done();
    }
    const { session } = identity;
    if (request === "interrupt" && !conversations.find(session)) return done();
    if (typeof request === "object" && request.kind === "configuration") configure(session, request.own);
    // A disconnect without a conversation ends the one that is kept from before a deploy, and sound opens none after it.
    const conversation = conversations.get(session);
    if (identity._session || !identities.has(conversation)) identities.set(conversation, identity);
    if (typeof request === "object" && request.kind !== "configuration" && request.kind !== "update")
      return conversation.send(request, done);
    if (request === "disconnect") conversations.disconnect(session);
    else if (typeof request === "string") conversation[request]();
    else if (request.kind === "update") conversation.instruct(request.instruction);
    else conversation.connect();
    if (request === "disconnect" || request === "reset") silence(conversation);
    done();
  };
  /** The claims that have failed, of which a device knows by an error: its sound comes many times a second. */
  const toldOf = new WeakSet<Promise<void>>();
  const isToldOf = (claim: Promise<void>, { payload }: FlowMessage) => {
    if (!Buffer.isBuffer(payload)) return false;
    const isTold = toldOf.has(claim);
    toldOf.add(claim);
    return isTold;
  };
  node.on("input", (msg: FlowMessage, _send, done) => {
    try {
      if (departure.ignores(msg)) return done();
      const key = handles && keyOf(msg);
      if (key !== undefined && isOnlyEnd(msg) && handles!.isElsewhere(key)) return done();
      const waits = key === undefined ? undefined : handles!.ready(key);
      if (!waits) return receive(msg, done);
      waits
        .then(() => {
          if (isClosed)
            throw new InputError("The live session was closed before this could be sent.", "GEMINI_ENDED");
          if (departure.ignores(msg)) done();
          else receive(msg, done);
        })
        .catch((error: Error) => done(isToldOf(waits, msg) ? undefined : error))
        // A message that opens no conversation, such as an invalid one, keeps none from other instances.
        .finally(() => setImmediate(() => !conversations.find(key!) && handles!.release(key!)));
    } catch (error) {
      done(error as Error);
    }
  });
  node.respondToCall = (session, id, result, done) => {
    const conversation = conversations.find(session);
    const isElsewhere =
      !conversation?.awaits(id) && handles?.pass(session, conversation?.isRead === true, id, result, done);
    if (isElsewhere) return;
    if (conversation) conversation.respond(id, result, done);
    else done(ended(id));
  };
  node.sharedLimits = connection.sharedLimits;
  node.blueprint = async () => ({
    connection,
    setup: setupOf({
      ...settings,
      ...(await readVariables(RED, node, variables, connection.connectTimeoutMs)),
    }),
  });
  const stopWatching = onFlowsStarted(RED, () => {
    tools.refresh();
    warn(settings);
    conversations.updateTools();
  });
  node.on("close", (removed: boolean, closed: () => void) => {
    isClosed = true;
    stopWatching();
    departure.close();
    if (removed) totals.forget();
    const unanswered = conversations.close(handles?.keepsWaiting);
    const isStored = handles?.close();
    if (unanswered)
      node.warn(
        `Texts without an answer when the live session was closed: ${unanswered}. ${
          handles
            ? "They are not sent again: they were sent twice, or the server has issued no resumption handle yet."
            : 'Choose "Keep conversations across deploys and restarts" to have them sent again.'
        }`,
      );
    node.status({});
    if (isStored) isStored.then(closed, closed);
    else closed();
  });
  badge.show([]);
}

/** One send for one message: Node-RED clones all but the first message of a send. */
function sendOn(node: Node, output: number, msg: NodeMessage) {
  const outputs: (NodeMessage | null)[] = [null, null, null, null];
  outputs[output] = msg;
  node.send(outputs);
}
