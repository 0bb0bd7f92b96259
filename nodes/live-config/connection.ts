// Reads what a connection offers from its settings: server, tokens, limits, and how conversations continue.

import type { NodeAPI } from "node-red";
import type { Conversation } from "../../live/conversation";
import type { OwnTokens } from "../../live/server/credentials";
import { InputError } from "../../live/server/errors";
import type { Continuity } from "../../live/setup/setup";
import { type Simulator, startSimulator } from "../../simulator/server";
import type { ConnectionCredentials, SharedConnection } from "../flow/node-types";
import { Leaving } from "../leaving/leaving";
import type { LiveConfigSettings } from "../settings/live-config";
import { readAccess, readServer } from "./server";
import { readStore } from "./store";

/** The simulator of one connection, which starts when it is needed. */
export class OwnSimulator {
  #started: Promise<Simulator> | undefined;

  /** Its address. @throws InputError if it cannot start */
  async url(): Promise<string> {
    this.#started ??= startSimulator().catch((error: Error) => {
      this.#started = undefined;
      throw new InputError(`The simulator could not start: ${error.message}`, "GEMINI_UNREACHABLE");
    });
    return (await this.#started).url;
  }

  async close() {
    await (await this.#started)?.close();
  }
}

/**
 * The connection with these settings.
 * @param credentials as entered in the dialog
 * @throws InputError if the settings do not fit together
 */
export function readConnection(
  RED: NodeAPI,
  settings: LiveConfigSettings,
  credentials: Partial<ConnectionCredentials>,
  simulator: OwnSimulator,
): SharedConnection {
  const kind = settings.server;
  const server = readServer(RED, settings);
  const open = new Set<Conversation>();
  return {
    kind,
    server: async () =>
      kind === "simulator"
        ? { ...server, baseUrl: await simulator.url(), access: { by: "key", key: "simulator" } }
        : { ...server, access: readAccess(settings, credentials.apiKey, server.baseUrl) },
    tokens: tokensOf(settings),
    connectTimeoutMs: 1000 * settings.connectTimeoutSeconds,
    waiting: { messages: settings.offlineMessages, soundMs: 1000 * settings.offlineAudioSeconds },
    limits: {
      maxConversations: settings.maxConversations,
      idleTimeoutMs: 60_000 * settings.idleTimeoutMinutes,
      open,
    },
    leaving: new Leaving(open),
    continuity: continuityOf(settings),
    store: () => readStore(RED, settings, credentials),
  };
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
