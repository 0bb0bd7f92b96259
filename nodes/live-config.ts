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
import { type LiveConfigSettings, liveConfig } from "./settings/live-config";
import { readSettings } from "./settings/table";

type Credentials = { apiKey: string };

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
  function LiveConfig(this: LiveConfigNode, def: NodeDef) {
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
    const readConnection = (): SharedConnection => {
      const settings = readSettings(liveConfig, def);
      const { kind, where, project, location } = readServer(RED, settings);
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
        tokens: tokensOf(settings),
        connectTimeoutMs: 1000 * settings.connectTimeoutSeconds,
        waiting: { messages: settings.offlineMessages, soundMs: 1000 * settings.offlineAudioSeconds },
        limits: {
          maxConversations: settings.maxConversations,
          idleTimeoutMs: 60_000 * settings.idleTimeoutMinutes,
          open: openConversations,
        },
        continuity: continuityOf(settings),
      };
    };
    let connection: SharedConnection | undefined;
    this.connection = () => {
      connection ??= readConnection();
      return connection;
    };

    this.on("close", (done: () => void) => {
      if (!simulator) return done();
      simulator.then((started) => started.close()).then(done, done);
    });
  }

  RED.nodes.registerType<LiveConfigNode, NodeDef, object, Credentials>("gemini-live-config", LiveConfig, {
    credentials: { apiKey: { type: "password" } },
  });
}

function continuityOf(settings: LiveConfigSettings): Continuity {
  const { onConnectionLoss, reconnectAttempts, tokenBudget, onStall } = settings;
  const { triggerTokens, targetTokens } = settings;
  return {
    onConnectionLoss,
    reconnectAttempts,
    compression: settings.contextCompression ? { triggerTokens, targetTokens } : undefined,
    tokenBudget,
    stallTimeoutMs: 1000 * settings.stallTimeoutSeconds,
    onStall,
  };
}

function tokensOf(settings: LiveConfigSettings): OwnTokens | undefined {
  if (!settings.useEphemeralTokens) return undefined;
  return {
    uses: settings.tokenUses,
    startWithinMs: 1_000 * settings.tokenStartWithinSeconds,
    lifetimeMs: 60_000 * settings.tokenLifetimeMinutes,
    renewBeforeMs: 60_000 * settings.tokenRenewMinutes,
  };
}
