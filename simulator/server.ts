// The simulator of the Gemini Live server: HTTP and WebSocket on the loopback interface, for trying things out without a
// key and for tests. It is an echo test and says so; no model is behind it.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { type Clock, systemClock } from "../audio/clock";
import { loadResampler } from "../audio/resampler";
import { ClientConnection, type ConnectionOptions } from "./connection/client-connection";
import { FaultScript } from "./faults/fault-script";
import type { Fault } from "./faults/fault-types";
import { checkKey, readRequest, refuseHandshake } from "./http/handshake";
import { IssuedTokens, type SimulatedToken } from "./http/issued-tokens";
import { answer } from "./http/token-endpoint";
import type { Handles } from "./protocol/models";
import type { SimulatedCall } from "./session/function-calls";
import { Sessions, type SimulatedConversation } from "./session/session";

export type { Fault, SimulatedCall, SimulatedConversation, SimulatedToken };

/** How the simulator is started; everything may be left out. Times in ms. */
export interface SimulatorOptions {
  /** TCP port; 0 or absent: any free one */
  port?: number;
  /** absent: the machine's own */
  clock?: Clock;
  /** the only API key that is accepted; absent: any but an empty one */
  key?: string;
  /** what goes wrong, and when; absent: nothing */
  script?: readonly Fault[];
  /** how long a connection may last; absent: ten minutes; more than 24 days, such as Infinity: for ever */
  lifetimeMs?: number;
  /**
   * how long before that the server announces the end by goAway; absent: 50 s. 0: it does not, and closes with 1011
   * instead of 1008, as seen on 3.8
   */
  goAwayMs?: number;
  /** how long a resumption handle is valid after its session ended; absent: two hours */
  handlesMs?: number;
  /** how often resumption handles are told; absent: as the model was seen to do it */
  handles?: Handles;
  /** whether the user's barging in withdraws the pending calls; absent: as the model does it, which is not on 3.8 */
  cancelCalls?: boolean;
}

/** A running simulator. */
export interface Simulator {
  /** `http://127.0.0.1:port`, as baseUrl for the SDK */
  readonly url: string;
  readonly port: number;
  /**
   * In the order of their first setups, those whose setup was accepted: all that are open, and the last 500 others. One
   * that was resumed is still the same one.
   */
  readonly conversations: readonly SimulatedConversation[];
  /** In the order in which they were made, the last 500. */
  readonly tokens: readonly SimulatedToken[];
  /**
   * Orders what is to go wrong from now on, added to what was ordered before.
   * @throws Error for faults that are not as they must be; then none of them was ordered
   */
  order(...faults: Fault[]): void;
  /** Ends all connections at once; resolves when nothing is left. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const LARGEST_FRAME = 16 * 2 ** 20;
const LIFETIME_MS = 10 * 60_000;
const GO_AWAY_MS = 50_000;
const HANDLES_MS = 2 * 3600_000;

/**
 * Starts a simulator on 127.0.0.1.
 * @throws Error with the code of node's `listen`, such as EADDRINUSE; or for a script that is not as it must be
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, clock = systemClock, key, handles, cancelCalls } = options;
  const { lifetimeMs = LIFETIME_MS, goAwayMs = GO_AWAY_MS, handlesMs = HANDLES_MS } = options;
  const script = new FaultScript(options.script ?? []);
  const sessions = new Sessions(handlesMs);
  const tokens = new IssuedTokens();
  const around: ConnectionOptions = { clock, script, sessions, lifetimeMs, goAwayMs, handles, cancelCalls };
  await loadResampler();
  const connections = new Map<ClientConnection, Promise<unknown>>();
  let count = 0;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_FRAME });
  const server = createServer((request, response) => answer(request, response, { tokens, key, clock }));

  server.on("upgrade", (request, tcp, head) => {
    const { version, constrained, key: given, token } = readRequest(request);
    if (!version) return refuseHandshake(tcp, 404);
    const connection = new ClientConnection(tcp, ++count, version, around);
    const closed = new Promise((resolve) => tcp.once("close", resolve));
    connections.set(connection, closed);
    closed.then(() => connections.delete(connection));
    if (!connection.admits()) return;
    sockets.handleUpgrade(request, tcp, head, (webSocket) => {
      // The server says no only when the WebSocket is open.
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
