// A proxy that knows CONNECT and nothing else, as it stands between many networks and the internet.

import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

export interface TestProxy {
  /** `http://127.0.0.1:port` */
  url: string;
  /** `host:port` of each tunnel that was asked for, in order. */
  tunnels: string[];
  /** The same of those whom it did not let through. */
  refused: string[];
  close(): Promise<void>;
}

/** @param login `user:password` that it wants to hear; absent: it lets everybody through */
export async function startProxy(login?: string): Promise<TestProxy> {
  const server = createServer((_, response) => response.writeHead(405).end());
  const sockets = new Set<Socket>();
  const tunnels: string[] = [];
  const refused: string[] = [];
  const wanted = login && `Basic ${Buffer.from(login).toString("base64")}`;
  server.on("connect", ({ url = "", headers }, client: Socket) => {
    if (wanted && headers["proxy-authorization"] !== wanted) {
      refused.push(url);
      return client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    }
    tunnels.push(url);
    const { hostname, port } = new URL(`http://${url}`);
    const target = connect(Number(port), hostname, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.pipe(client).pipe(target);
    });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => [client, target].map((end) => end.destroy()));
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    refused,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve).closeAllConnections());
    },
  };
}
