// A far end that does what no sound Live server does: a bare WebSocket server whose every answer is the test's own.

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface FarEnd {
  url: string;
  /** The handshakes so far. */
  requests: IncomingMessage[];
  /** The frames that came, parsed. */
  frames: Record<string, never>[];
  sockets: WebSocket[];
  close(): Promise<void>;
}

/** @param onFrame what to do with each frame of the client; `reply` sends a value as JSON, or a string or Buffer as it is */
export async function startFarEnd(
  onFrame: (frame: { setup?: object }, reply: (value: unknown) => void, socket: WebSocket) => void,
): Promise<FarEnd> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const farEnd: FarEnd = { url: "", requests: [], frames: [], sockets: [], close };
  server.on("connection", (socket, request) => {
    farEnd.requests.push(request);
    farEnd.sockets.push(socket);
    const reply = (value: unknown) =>
      socket.send(typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value));
    socket.on("message", (data) => {
      const frame = JSON.parse(data.toString());
      farEnd.frames.push(frame);
      onFrame(frame, reply, socket);
    });
  });
  await once(server, "listening");
  farEnd.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function close() {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
  return farEnd;
}

/** A server that accepts no setup until `accept` is called, and then does as `accepting` for all that came before and comes later. */
export function holdSetups(accepting = acceptSetup()) {
  const held: Parameters<typeof accepting>[] = [];
  let holds = true;
  return {
    onFrame: (...frame: Parameters<typeof accepting>) =>
      void (holds ? held.push(frame) : accepting(...frame)),
    accept() {
      holds = false;
      for (const frame of held) accepting(...frame);
    },
  };
}

/** A server that accepts every setup, gives connection n the resumption handle `handle n`, and leaves the rest to `onFrame`. */
export function acceptResumable(onFrame: Parameters<typeof startFarEnd>[0] = () => {}): typeof onFrame {
  let connections = 0;
  return acceptSetup(onFrame, (reply) => {
    connections += 1;
    reply({ sessionResumptionUpdate: { newHandle: `handle ${connections}`, resumable: true } });
  });
}

/** A server that accepts every setup and leaves the rest to `onFrame`; `onAccepted` is called after each acceptance. */
export function acceptSetup(
  onFrame: Parameters<typeof startFarEnd>[0] = () => {},
  onAccepted: (reply: (value: unknown) => void) => void = () => {},
): typeof onFrame {
  return (frame, reply, socket) => {
    if (!frame.setup) return onFrame(frame, reply, socket);
    reply({ setupComplete: {} });
    onAccepted(reply);
  };
}
