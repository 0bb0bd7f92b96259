// Starts the simulator of the Gemini Live server on the loopback interface, for tests and for trials without a key. It
// answers with an echo and says so; it has no model.

import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { WebSocketServer } from "ws";
import { type Clock, systemClock } from "../audio/clock";
import { loadResampler } from "../audio/resampler";
import { ClientConnection, type SharedState } from "./connection/client-connection";
import { FaultScript } from "./faults/fault-script";
import type { Fault } from "./faults/fault-types";
import type { TlsPair } from "./http/certificate";
import { checkKey, pathAndCredentials, refuseHandshake } from "./http/handshake";
import { IssuedTokens, type SimulatedToken } from "./http/issued-tokens";
import { answerHttp } from "./http/token-endpoint";
import type { Handles } from "./protocol/models";
import { Variation } from "./protocol/variation";
import type { SimulatedCall } from "./session/function-calls";
import type { SimulatedConversation } from "./session/session";
import { SessionStore } from "./session/session-store";

export { selfSignedPair } from "./http/certificate";
export type { Fault, SimulatedCall, SimulatedConversation, SimulatedToken, TlsPair };

/** Options of the simulator; all are optional. Times in ms. */
export interface SimulatorOptions {
  /** TCP port; absent: 0, any free port */
  port?: number;
  /** absent: the system's clock */
  clock?: Clock;
  /**
   * a whole number that repeats everything that varies: the sizes of audio chunks, the gaps between frames, and the ids of
   * calls, handles and tokens. Each connection that does the same gets the same frames. absent: they differ in every run
   */
  seed?: number;
  /**
   * whether sizes and gaps are always the usual ones of their measured ranges; the ids are the same in every run. absent:
   * false, they vary as those of the real server
   */
  strict?: boolean;
  /** serves https and wss with this certificate and key, PEM; absent: http and ws */
  tls?: TlsPair;
  /**
   * called with one line for every connection, setup, turn and fault, such as `#1 setup models/gemini-3.8-live`. Lines
   * contain no keys, tokens, texts or sound; absent: no lines
   */
  log?: (line: string) => void;
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
  /** `http://127.0.0.1:port`, with TLS `https://127.0.0.1:port`; as baseUrl for the SDK */
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
 * @throws Error with the code of Node.js's `listen`, such as EADDRINUSE; for an invalid script; or for an invalid
 * certificate or key
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, clock = systemClock, seed, strict = false, key, handles, cancelCalls, tls } = options;
  const { lifetimeMs = LIFETIME_MS, goAwayMs = GO_AWAY_MS, handlesMs = HANDLES_MS } = options;
  const script = new FaultScript(options.script ?? []);
  const sessions = new SessionStore(handlesMs);
  const variation = new Variation(seed, strict);
  const tokens = new IssuedTokens(variation);
  // What a client has named, such as a model, may have line breaks.
  const log = (line: string) => options.log?.(line.replace(/\p{Cc}+/gu, " "));
  const shared: SharedState = {
    clock,
    variation,
    script,
    sessions,
    lifetimeMs,
    goAwayMs,
    handles,
    cancelCalls,
    log,
  };
  await loadResampler();
  const connections = new Map<ClientConnection, Promise<unknown>>();
  let count = 0;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  const answer: RequestListener = (request, response) =>
    answerHttp(request, response, { tokens, key, clock });
  const server = tls ? createTlsServer(tls, answer) : createServer(answer);
  // With TLS, the HTTP server does not know the sockets whose handshake is not over.
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });

  server.on("upgrade", (request, tcp, head) => {
    const { path, api, constrained, key: given, token, vertex } = pathAndCredentials(request);
    if (!api) {
      log(`handshake refused with 404: no Live API at ${path}`);
      return refuseHandshake(tcp, 404);
    }
    if (api.isVertex && !vertex) {
      log("handshake refused with 401: no bearer token or API key in a header");
      return refuseHandshake(tcp, 401);
    }
    const connection = new ClientConnection(tcp, ++count, api, shared);
    const closed = new Promise((resolve) => tcp.once("close", resolve));
    connections.set(connection, closed);
    closed.then(() => connections.delete(connection));
    if (!connection.admits()) return;
    sockets.handleUpgrade(request, tcp, head, (webSocket) => {
      // The server refuses credentials only after the WebSocket is open.
      connection.accept(webSocket, () => {
        if (constrained) return tokens.find(token, clock.date());
        return api.isVertex ? undefined : checkKey(given, key);
      });
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, HOST, resolve);
  });
  const bound = (server.address() as AddressInfo).port;

  return {
    url: `http${tls ? "s" : ""}://${HOST}:${bound}`,
    port: bound,
    conversations: sessions.all,
    tokens: tokens.all,
    order(...faults) {
      script.order(faults, connections.keys());
    },
    async close() {
      for (const connection of connections.keys()) connection.cut();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await Promise.all([...connections.values(), closed]);
    },
  };
}
