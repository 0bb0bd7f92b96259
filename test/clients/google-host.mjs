// Leads connections to Google's host to the simulator, for clients whose API has no server address: what a line in
// /etc/hosts does, without certificates.

import { createRequire } from "node:module";
import net from "node:net";

const tls = createRequire(import.meta.url)("node:tls");
const HOST = "generativelanguage.googleapis.com";
let port;

const { connect } = tls;
tls.connect = (options, ...rest) =>
  options.host === HOST ? net.connect(port, "127.0.0.1") : connect(options, ...rest);

const { WebSocket } = globalThis;
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(String(url).replace(`wss://${HOST}`, `ws://127.0.0.1:${port}`), protocols);
  }
};

/** From now on, connections to Google's host lead to this server. @param {string} url `http://127.0.0.1:port` */
export function redirectTo(url) {
  port = Number(new URL(url).port);
}
