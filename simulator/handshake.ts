// The HTTP before the WebSocket: which paths there are, and how a request is refused.

import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

const livePath =
  /^\/ws\/google\.ai\.generativelanguage\.(v1beta|v1alpha)\.GenerativeService\.BidiGenerateContent$/;

/** Google's names for some statuses [github.com/googleapis/googleapis, google/rpc/code.proto]. */
const names: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** Reads a request. @returns the API version, undefined when there is no such path, and the key, if one was given */
export function readRequest({ url = "", headers }: IncomingMessage) {
  // The SDK writes `//ws/…`, which a URL parser would take for a host.
  const [path = "", query = ""] = url.split(/\?(.*)/s);
  const version = livePath.exec(path.replace(/\/{2,}/g, "/"))?.[1];
  return { version, key: new URLSearchParams(query).get("key") || headers["x-goog-api-key"] };
}

/** What a refused request gets. @param status of HTTP, 400 to 599 */
export function refusal(status: number) {
  const text = STATUS_CODES[status] ?? "Error";
  const message = status === 404 ? "Requested entity was not found." : text;
  const error = { code: status, message, status: names[status] ?? "UNKNOWN" };
  const body = `${JSON.stringify({ error }, null, 2)}\n`;
  const headers = {
    "Content-Type": "application/json; charset=UTF-8",
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
  };
  return { text, headers, body };
}

/** Refuses a handshake. @param tcp as the HTTP server hands it over */
export function refuseHandshake(tcp: Duplex, status: number) {
  const { text, headers, body } = refusal(status);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  tcp.on("error", () => tcp.destroy());
  tcp.end(`HTTP/1.1 ${status} ${text}\r\n${lines.join("")}\r\n${body}`, () => tcp.destroy());
}
