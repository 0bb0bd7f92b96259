// Leads the requests that open a socket through the handlers of HTTP requests, so that the same logins and middleware apply to both.

import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** Bytes of one message of a page; a larger one closes its socket with 1009. */
const MAX_MESSAGE_BYTES = 512 * 1024;

export interface Upgrades {
  /**
   * Opens the socket of a request that has come through the handlers. A request that asks for no socket is answered with 426.
   * @param response of that request
   */
  accept(request: IncomingMessage, response: ServerResponse, opened: (socket: WebSocket) => void): void;
  /** Removes the listener from the server. */
  stop(): void;
}

/** @param isOurs whether a path, without its query, is that of one of our sockets; others are left to other listeners */
export function leadUpgrades(server: Server, isOurs: (path: string) => boolean): Upgrades {
  const waiting = new WeakMap<IncomingMessage, { socket: Socket; head: Buffer }>();
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });

  const lead = (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (!isOurs(request.url!.split("?", 1)[0]!)) return;
    socket.on("error", ignore);
    // Later, because a websocket node with the same path may open the socket in its listener.
    setImmediate(() => socket.listenerCount("data") || handle(request, socket, head));
  };
  const handle = (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    // Only a refusal finishes the response.
    response.on("finish", () => socket.destroySoon());
    waiting.set(request, { socket, head });
    server.emit("request", request, response);
  };
  server.on("upgrade", lead);

  return {
    accept(request, response, opened) {
      const { socket, head } = waiting.get(request) ?? {};
      if (!socket || !head) {
        response.writeHead(426, { upgrade: "websocket" }).end();
        return;
      }
      waiting.delete(request);
      response.detachSocket(socket);
      socket.off("error", ignore);
      sockets.handleUpgrade(request, socket, head, opened);
    },
    stop: () => server.off("upgrade", lead),
  };
}

/** The socket closes after an error. */
const ignore = () => {};
