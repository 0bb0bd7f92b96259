// gemini-live-config: the connection that sessions share: which server, the key for it, and limits.

import type { Node, NodeAPI, NodeDef } from "node-red";
import type { Conversation } from "../live/conversation";
import type { ConversationLimits } from "../live/conversations";
import { InputError } from "../live/errors";
import type { OutgoingLimits } from "../live/outgoing";
import type { Continuity } from "../live/setup";
import type { Server } from "../live/socket";
import { type Simulator, startSimulator } from "../simulator/server";
import { choiceSetting, numberSetting } from "./settings";

type Credentials = { apiKey: string };

interface LiveConfigDef extends NodeDef {
  server: string;
  url: string;
  apiVersion: string;
  setupTimeout: unknown;
  mostConversations: unknown;
  idleMinutes: unknown;
  waitingMessages: unknown;
  waitingSound: unknown;
  onLoss: string;
  tries: unknown;
  compression: boolean;
  triggerTokens: unknown;
  targetTokens: unknown;
  tokenBudget: unknown;
  stallSeconds: unknown;
  stallCure: string;
}

/** What sessions take from the connection that they share. */
export interface SharedConnection {
  /** Which kind of server it is: shown in states, so that a simulator is never taken for a model. */
  kind: "simulator" | "gemini" | "custom";
  server(): Promise<Server>;
  setupTimeoutMs: number;
  waiting: OutgoingLimits;
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
      const kind = choiceSetting("server", def.server, ["simulator", "gemini", "custom"]);
      const baseUrl = kind === "custom" ? readUrl(def.url) : undefined;
      const apiVersion = def.apiVersion || "v1beta";
      return {
        kind,
        server: async () => {
          if (kind === "simulator")
            return { baseUrl: (await startedSimulator()).url, apiKey: "simulator", apiVersion };
          const apiKey = this.credentials.apiKey || process.env.GEMINI_API_KEY;
          if (!apiKey)
            throw new InputError(
              "The connection has no API key: enter one, set GEMINI_API_KEY, or choose the simulator, which needs none.",
            );
          return { ...(baseUrl && { baseUrl }), apiKey, apiVersion };
        },
        setupTimeoutMs: 1000 * numberSetting("setup time-out", def.setupTimeout, 1, 300, 10),
        waiting: {
          messages: numberSetting("waiting messages", def.waitingMessages, 1, 10_000, 100),
          soundMs: 1000 * numberSetting("waiting sound", def.waitingSound, 0, 300, 30),
        },
        limits: {
          most: numberSetting("most conversations", def.mostConversations, 1, 10_000, 20),
          idleMs: 60_000 * numberSetting("idle minutes", def.idleMinutes, 0, 10_000, 10),
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
    onLoss: choiceSetting("on loss", def.onLoss, ["resume", "retry", "tell"]),
    tries: numberSetting("tries", def.tries, 1, 1_000, 8),
    compression: def.compression === false ? undefined : readCompression(def),
    tokenBudget: numberSetting("token budget", def.tokenBudget, 0, 1e9, 0),
    stallMs: 1000 * numberSetting("stall after", def.stallSeconds, 0, 600, 15),
    stallCure: choiceSetting("stall cure", def.stallCure, ["tell", "resume"]),
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

/** The SDK wants an http address and makes a ws one of it; a user may write either. */
function readUrl(url: string): string {
  const http = String(url ?? "")
    .trim()
    .replace(/^ws/, "http");
  if (URL.canParse(http) && /^https?:/.test(http)) return http;
  throw new InputError(
    `The setting "address" must be a http, https, ws or wss address; it is ${JSON.stringify(url)}.`,
  );
}
