// The simulator of the Gemini Live server: HTTP and WebSocket on the loopback interface, for trying things out without a
// key and for tests. It is an echo test and says so; no model is behind it.

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { type Clock, systemClock } from "../audio/clock";
import { loadResampler } from "../audio/resampler";
import { Connection } from "./connection";
import type { Remembered } from "./context";
import type { Setup } from "./messages";
import { noKey, wrongKey } from "./refusals";

/** How the simulator is started; everything may be left out. */
export interface SimulatorOptions {
  /** TCP port; 0 or absent: any free one */
  port?: number;
  /** absent: the machine's own */
  clock?: Clock;
  /** the only API key that is accepted; absent: any but an empty one */
  key?: string;
}

/** What can be asked about a conversation. */
export interface SimulatedConversation {
  /** Whether it still goes on. */
  readonly open: boolean;
  /** As it was received, names in camelCase; undefined before it came or when it was refused. */
  readonly setup: Setup | undefined;
  /** What the server remembers of it, in order. */
  readonly context: readonly Remembered[];
}

/** A running simulator. */
export interface Simulator {
  /** `http://127.0.0.1:port`, as baseUrl for the SDK */
  readonly url: string;
  readonly port: number;
  /** In the order of their connecting, the ended ones among them; the last 50 of them in all. */
  readonly conversations: readonly SimulatedConversation[];
  /** Ends all connections at once; resolves when nothing is left. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const LARGEST_FRAME = 16 * 2 ** 20;
const MOST_REMEMBERED = 50;
const livePath =
  /^\/ws\/google\.ai\.generativelanguage\.(v1beta|v1alpha)\.GenerativeService\.BidiGenerateContent$/;

const notFound = `${JSON.stringify(
  { error: { code: 404, message: "Requested entity was not found.", status: "NOT_FOUND" } },
  null,
  2,
)}\n`;
const notFoundHeaders = {
  "Content-Type": "application/json; charset=UTF-8",
  "Content-Length": Buffer.byteLength(notFound),
  Connection: "close",
};

/** Splits a request's URL. The SDK writes `//ws/…`, which a URL parser would take for a host. */
function target(request: IncomingMessage) {
  const [path = "", query = ""] = (request.url ?? "").split(/\?(.*)/s);
  return { path: path.replace(/\/{2,}/g, "/"), query: new URLSearchParams(query) };
}

/** Refuses a handshake. */
function answerNotFound(socket: Duplex) {
  const headers = Object.entries(notFoundHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 404 Not Found\r\n${headers.join("")}\r\n${notFound}`, () => socket.destroy());
}

/**
 * Starts a simulator on 127.0.0.1.
 * @throws Error with the code of node's `listen`, such as EADDRINUSE
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, clock = systemClock, key } = options;
  await loadResampler();
  const conversations: Connection[] = [];
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_FRAME });
  const server = createServer((_, response) => response.writeHead(404, notFoundHeaders).end(notFound));

  server.on("upgrade", (request, socket, head) => {
    const { path, query } = target(request);
    const version = livePath.exec(path)?.[1];
    if (!version) return answerNotFound(socket);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(webSocket, clock, version);
      const given = query.get("key") || request.headers["x-goog-api-key"];
      // The server says no only when the WebSocket is open.
      if (!given) return connection.refuse(noKey());
      if (key !== undefined && given !== key) return connection.refuse(wrongKey());
      conversations.push(connection);
      if (conversations.length > MOST_REMEMBERED) conversations.shift();
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, HOST, resolve);
  });
  const bound = (server.address() as AddressInfo).port;

  return {
    url: `http://${HOST}:${bound}`,
    port: bound,
    conversations,
    async close() {
      const ended = [...sockets.clients].map((socket) => once(socket, "close"));
      for (const socket of sockets.clients) socket.terminate();
      await Promise.all([...ended, new Promise((resolve) => server.close(resolve).closeAllConnections())]);
    },
  };
}
