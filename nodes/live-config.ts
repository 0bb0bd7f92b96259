// gemini-live-config: the connection that sessions share: which server, the key for it, and limits.

import type { Node, NodeAPI, NodeDef } from "node-red";
import type { Conversation } from "../live/conversation";
import type { ConversationLimits } from "../live/conversation-pool";
import type { QueueLimits } from "../live/input/queue";
import type { OwnTokens } from "../live/server/credentials";
import { InputError } from "../live/server/errors";
import type { Access, Server } from "../live/server/server";
import type { Continuity } from "../live/setup/setup";
import { type Simulator, startSimulator } from "../simulator/server";
import { readServer, type ServerKind } from "./server-settings";
import { choiceSetting, numberSetting, wholeSetting } from "./settings";

type Credentials = { apiKey: string };

export interface LiveConfigDef extends NodeDef {
  server: string;
  url: string;
  apiVersion: string;
  project: string;
  location: string;
  /** Ids of Node-RED's own nodes "http proxy" and "tls-config". */
  proxy: string;
  tls: string;
  tokens: boolean;
  tokenUses: unknown;
  tokenStartWithinSeconds: unknown;
  tokenLifetimeMinutes: unknown;
  tokenRenewMinutes: unknown;
  connectTimeoutSeconds: unknown;
  maxConversations: unknown;
  idleTimeoutMinutes: unknown;
  offlineMessages: unknown;
  offlineAudioSeconds: unknown;
  onConnectionLoss: string;
  reconnectAttempts: unknown;
  compression: boolean;
  triggerTokens: unknown;
  targetTokens: unknown;
  tokenBudget: unknown;
  stallTimeoutSeconds: unknown;
  onStall: string;
}

/** What sessions take from the connection that they share. */
export interface SharedConnection {
  /** Which kind of server it is: shown in states, so that a simulator is never taken for a model. */
  kind: ServerKind;
  /** The server, and the key for it; never a token. */
  server(): Promise<Server>;
  /** Conversations connect with tokens made from the key; undefined: with the key itself. */
  tokens: OwnTokens | undefined;
  connectTimeoutMs: number;
  waiting: QueueLimits;
  limits: ConversationLimits;
  continuity: Continuity;
}

export interface LiveConfigNode extends Node<Credentials> {
  /** Throws an InputError when the settings are not usable. */
  connection(): SharedConnection;
}

export default function (RED: NodeAPI) {
  function LiveConfig(this: LiveConfigNode, def: LiveConfigDef) {
    RED.nodes.createNode(this, def);
    let simulator: Promise<Simulator> | undefined;
    const openConversations = new Set<Conversation>();

    const startedSimulator = () => {
      simulator ??= startSimulator().catch((error: Error) => {
        simulator = undefined;
        throw new InputError(`The simulator could not be started: ${error.message}`);
      });
      return simulator;
    };
    const readSettings = (): SharedConnection => {
      const { kind, where, project, location } = readServer(RED, {
        server: def.server,
        url: def.url,
        apiVersion: def.apiVersion,
        project: def.project,
        location: def.location,
        proxy: def.proxy,
        tls: def.tls,
      });
      const access = (): Access => {
        if (kind === "vertex") return { by: "google", project, location };
        const key = (this.credentials.apiKey || process.env.GEMINI_API_KEY)?.trim();
        if (key && !/^[!-~]+$/.test(key))
          throw new InputError(
            "The API key of the connection has characters that no key has: enter it again.",
          );
        if (key) return { by: "key", key };
        throw new InputError(
          "The connection has no API key: enter one, set GEMINI_API_KEY, or choose the simulator, which needs none.",
        );
      };
      return {
        kind,
        server: async () =>
          kind === "simulator"
            ? { ...where, baseUrl: (await startedSimulator()).url, access: { by: "key", key: "simulator" } }
            : { ...where, access: access() },
        tokens: readTokens(def, kind),
        connectTimeoutMs: 1000 * numberSetting("setup time-out", def.connectTimeoutSeconds, 1, 300, 10),
        waiting: {
          messages: numberSetting("waiting messages", def.offlineMessages, 1, 10_000, 100),
          soundMs: 1000 * numberSetting("waiting sound", def.offlineAudioSeconds, 0, 300, 30),
        },
        limits: {
          most: numberSetting("most conversations", def.maxConversations, 1, 10_000, 20),
          idleTimeoutMs: 60_000 * numberSetting("idle minutes", def.idleTimeoutMinutes, 0, 10_000, 10),
          open: openConversations,
        },
        continuity: readContinuity(def),
      };
    };
    let connection: SharedConnection | undefined;
    this.connection = () => {
      connection ??= readSettings();
      return connection;
    };

    this.on("close", (done: () => void) => {
      if (!simulator) return done();
      simulator.then((started) => started.close()).then(done, done);
    });
  }

  RED.nodes.registerType<LiveConfigNode, LiveConfigDef, object, Credentials>(
    "gemini-live-config",
    LiveConfig,
    {
      credentials: { apiKey: { type: "password" } },
    },
  );
}

function readContinuity(def: LiveConfigDef): Continuity {
  return {
    onConnectionLoss: choiceSetting("on loss", def.onConnectionLoss, ["resume", "restart", "report"]),
    reconnectAttempts: numberSetting("reconnect attempts", def.reconnectAttempts, 0, 1_000, 8),
    compression: def.compression === false ? undefined : readCompression(def),
    tokenBudget: numberSetting("token budget", def.tokenBudget, 0, 1e9, 0),
    stallTimeoutMs: 1000 * numberSetting("stall after", def.stallTimeoutSeconds, 0, 600, 15),
    onStall: choiceSetting("stall cure", def.onStall, ["report", "resume"]),
  };
}

/** The ranges that the server takes (docs/live-api.md 1.7). */
function readCompression(def: LiveConfigDef) {
  const triggerTokens = numberSetting("compress from", def.triggerTokens, 5_000, 128_000, undefined);
  const targetTokens = numberSetting("compress to", def.targetTokens, 0, 128_000, undefined);
  if (triggerTokens !== undefined && targetTokens !== undefined && targetTokens >= triggerTokens)
    throw new InputError(
      `The setting "compress to" must be less than "compress from"; they are ${targetTokens} and ${triggerTokens} tokens.`,
    );
  return { triggerTokens, targetTokens };
}

/** The ranges that the server takes (docs/live-api.md 3). */
function readTokens(def: LiveConfigDef, kind: ServerKind): OwnTokens | undefined {
  if (def.tokens !== true) return undefined;
  if (kind === "vertex")
    throw new InputError(
      "Vertex AI has no tokens: switch them off in the connection, or choose the Gemini API.",
    );
  const lifetimeMinutes = numberSetting("token ends after", def.tokenLifetimeMinutes, 1, 1_199, 30);
  const marginMinutes = numberSetting("renew before the end", def.tokenRenewMinutes, 0, 1_198, 5);
  if (marginMinutes >= lifetimeMinutes)
    throw new InputError(
      `A token must live longer than the time before its end at which it is renewed; they are ${lifetimeMinutes} and ${marginMinutes} minutes.`,
    );
  return {
    uses: wholeSetting("token uses", def.tokenUses, 1_000_000, 1),
    startWithinMs: 1_000 * numberSetting("token starts within", def.tokenStartWithinSeconds, 1, 71_940, 60),
    lifetimeMs: 60_000 * lifetimeMinutes,
    renewBeforeMs: 60_000 * marginMinutes,
  };
}
