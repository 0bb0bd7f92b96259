// Starts the simulator of the Gemini Live server on the loopback interface, for tests and for trials without a key. It
// answers with an echo and says so; it has no model.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { type Clock, systemClock } from "../audio/clock";
import { loadResampler } from "../audio/resampler";
import { ClientConnection, type SharedState } from "./connection/client-connection";
import { FaultScript } from "./faults/fault-script";
import type { Fault } from "./faults/fault-types";
import { checkKey, pathAndCredentials, refuseHandshake } from "./http/handshake";
import { IssuedTokens, type SimulatedToken } from "./http/issued-tokens";
import { answerHttp } from "./http/token-endpoint";
import type { Handles } from "./protocol/models";
import { seededRandom } from "./random";
import type { SimulatedCall } from "./session/function-calls";
import type { SimulatedConversation } from "./session/session";
import { SessionStore } from "./session/session-store";

export type { Fault, SimulatedCall, SimulatedConversation, SimulatedToken };

/** Options of the simulator; all are optional. Times in ms. */
export interface SimulatorOptions {
  /** TCP port; absent: 0, any free port */
  port?: number;
  /** absent: the system's clock */
  clock?: Clock;
  /** makes the sizes of audio chunks the same in every run; absent: they vary */
  seed?: number;
  /** the only API key to accept; absent: any */
  key?: string;
  /** faults, and when they happen; absent: none */
  script?: readonly Fault[];
  /** lifetime of a connection; absent: 590 s, as measured; above 24 days, such as Infinity: no limit */
  lifetimeMs?: number;
  /**
   * how long before the end of the lifetime the server sends goAway; absent: 50 s; 0: no goAway, and a close with 1011
   * instead of 1008, as seen on 3.8
   */
  goAwayMs?: number;
  /** how long a resumption handle stays valid after its session ended; absent: 2 hours */
  handlesMs?: number;
  /** how often resumption handles are sent; absent: as measured on the model */
  handles?: Handles;
  /** whether barge-in cancels pending calls; absent: as the model does; 3.8 does not */
  cancelCalls?: boolean;
}

/** A running simulator. */
export interface Simulator {
  /** `http://127.0.0.1:port`, as baseUrl for the SDK */
  readonly url: string;
  readonly port: number;
  /**
   * Conversations in the order of their first accepted setup: all open ones, and the last 500 that have ended. A resumed
   * conversation is listed once.
   */
  readonly conversations: readonly SimulatedConversation[];
  /** Ephemeral tokens in the order of their creation, at most the last 500. */
  readonly tokens: readonly SimulatedToken[];
  /**
   * Adds faults while the simulator runs.
   * @throws Error for an invalid fault; then none is added
   */
  order(...faults: Fault[]): void;
  /** Cuts all connections and stops the server. Resolves when both are done. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const MAX_FRAME_BYTES = 16 * 2 ** 20;
/** Measured: goAway at 540 s, and 1008 at 590 s (docs/live-api.md 1.7). */
const LIFETIME_MS = 590_000;
const GO_AWAY_MS = 50_000;
const HANDLES_MS = 2 * 3600_000;

/**
 * Starts a simulator on 127.0.0.1.
 * @throws Error with the code of Node.js's `listen`, such as EADDRINUSE; or for an invalid script
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, clock = systemClock, seed, key, handles, cancelCalls } = options;
  const { lifetimeMs = LIFETIME_MS, goAwayMs = GO_AWAY_MS, handlesMs = HANDLES_MS } = options;
  const script = new FaultScript(options.script ?? []);
  const sessions = new SessionStore(handlesMs);
  const tokens = new IssuedTokens();
  const random = seed === undefined ? Math.random : seededRandom(seed);
  const shared: SharedState = { clock, random, script, sessions, lifetimeMs, goAwayMs, handles, cancelCalls };
  await loadResampler();
  const connections = new Map<ClientConnection, Promise<unknown>>();
  let count = 0;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  const server = createServer((request, response) => answerHttp(request, response, { tokens, key, clock }));

  server.on("upgrade", (request, tcp, head) => {
    const { version, constrained, key: given, token } = pathAndCredentials(request);
    if (!version) return refuseHandshake(tcp, 404);
    const connection = new ClientConnection(tcp, ++count, version, shared);
    const closed = new Promise((resolve) => tcp.once("close", resolve));
    connections.set(connection, closed);
    closed.then(() => connections.delete(connection));
    if (!connection.admits()) return;
    sockets.handleUpgrade(request, tcp, head, (webSocket) => {
      // The server refuses credentials only after the WebSocket is open.
      connection.accept(webSocket, () =>
        constrained ? tokens.find(token, clock.date()) : checkKey(given, key),
      );
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, HOST, resolve);
  });
  const bound = (server.address() as AddressInfo).port;

  return {
    url: `http://${HOST}:${bound}`,
    port: bound,
    conversations: sessions.all,
    tokens: tokens.all,
    order(...faults) {
      script.order(faults, connections.keys());
    },
    async close() {
      for (const connection of connections.keys()) connection.cut();
      await Promise.all([
        ...connections.values(),
        new Promise((resolve) => server.close(resolve).closeAllConnections()),
      ]);
    },
  };
}
