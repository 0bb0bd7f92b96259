// TLS in front of a server that has none, with a certificate that no authority of this machine has issued.

import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer } from "node:tls";
import { generate } from "selfsigned";

export interface TlsFront {
  /** `https://127.0.0.1:port` */
  url: string;
  /** What makes its certificate trustworthy, PEM. */
  ca: string;
  close(): Promise<void>;
}

/** @param url of the server behind it */
export async function startTls(url: string): Promise<TlsFront> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "127.0.0.1" }], {
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  const sockets = new Set<Socket>();
  const server = createServer({ key, cert }, (client) => {
    const target = connect(Number(new URL(url).port), "127.0.0.1");
    target.pipe(client).pipe(target);
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => [client, target].map((end) => end.destroy()));
    }
  });
  server.on("tlsClientError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: cert,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
