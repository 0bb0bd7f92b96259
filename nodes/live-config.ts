// gemini-live-config: the connection that live sessions share, with its server, key and limits.

import type { NodeAPI, NodeDef } from "node-red";
import type { Conversation } from "../live/conversation";
import type { OwnTokens } from "../live/server/credentials";
import { InputError } from "../live/server/errors";
import type { Continuity } from "../live/setup/setup";
import { type Simulator, startSimulator } from "../simulator/server";
import type { ConnectionCredentials, LiveConfigNode, SharedConnection } from "./flow/node-types";
import { readAccess, readServer } from "./live-config/server";
import { type LiveConfigSettings, liveConfig } from "./settings/live-config";
import { readSettings } from "./settings/table";

export = (RED: NodeAPI) => {
  function LiveConfig(this: LiveConfigNode, def: NodeDef) {
    RED.nodes.createNode(this, def);
    let simulator: Promise<Simulator> | undefined;
    const openConversations = new Set<Conversation>();

    const startedSimulator = () => {
      simulator ??= startSimulator().catch((error: Error) => {
        simulator = undefined;
        throw new InputError(`The simulator could not start: ${error.message}`);
      });
      return simulator;
    };
    const readConnection = (): SharedConnection => {
      const settings = readSettings(liveConfig, def);
      const kind = settings.server;
      const server = readServer(RED, settings);
      return {
        kind,
        server: async () =>
          kind === "simulator"
            ? { ...server, baseUrl: (await startedSimulator()).url, access: { by: "key", key: "simulator" } }
            : { ...server, access: readAccess(settings, this.credentials.apiKey, server.baseUrl) },
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

  RED.nodes.registerType<LiveConfigNode, NodeDef, object, ConnectionCredentials>(
    "gemini-live-config",
    LiveConfig,
    {
      credentials: { apiKey: { type: "password" } },
    },
  );
};

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
