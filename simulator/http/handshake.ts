// The HTTP before the WebSocket: which paths there are, who may pass, and how a request is refused.

import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { noKey, wrongKey } from "../protocol/refusals";

const livePath =
  /^\/ws\/google\.ai\.generativelanguage\.(v1beta|v1alpha)\.GenerativeService\.BidiGenerateContent(Constrained)?$/;

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

/**
 * Reads a request.
 * @returns the path; the API version, undefined when no WebSocket is there; whether that one wants a token; and the key and
 * the token, if they were given
 */
export function readRequest({ url = "", headers }: IncomingMessage) {
  // The SDK writes `//ws/…`, which a URL parser would take for a host.
  const [written = "", query = ""] = url.split(/\?(.*)/s);
  const path = written.replace(/\/{2,}/g, "/");
  const [, version, constrained] = livePath.exec(path) ?? [];
  const parameters = new URLSearchParams(query);
  return {
    path,
    version,
    constrained: constrained !== undefined,
    key: parameters.get("key") || headers["x-goog-api-key"],
    token: parameters.get("access_token") || /^Token (.+)$/.exec(headers.authorization ?? "")?.[1],
  };
}

/**
 * Checks an API key. A token is none, not even where any key is accepted.
 * @param right the only one that is accepted; undefined: any but an empty one
 * @throws Refusal
 */
export function checkKey(key: string | string[] | undefined, right: string | undefined): undefined {
  if (!key) throw noKey();
  if (String(key).startsWith("auth_tokens/") || (right !== undefined && key !== right)) throw wrongKey();
}

/** A body as the server writes it, and the headers that describe it. */
export function json(value: object) {
  const body = `${JSON.stringify(value, null, 2)}\n`;
  const headers = {
    "Content-Type": "application/json; charset=UTF-8",
    "Content-Length": Buffer.byteLength(body),
  };
  return { headers, body };
}

/** What a refused request gets. @param status of HTTP, 400 to 599 @param words in place of the usual ones */
export function refusal(status: number, words?: string) {
  const text = STATUS_CODES[status] ?? "Error";
  const message = words ?? (status === 404 ? "Requested entity was not found." : text);
  const { headers, body } = json({ error: { code: status, message, status: names[status] ?? "UNKNOWN" } });
  return { text, headers: { ...headers, Connection: "close" }, body };
}

/** Refuses a handshake. @param tcp as the HTTP server hands it over */
export function refuseHandshake(tcp: Duplex, status: number) {
  const { text, headers, body } = refusal(status);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  tcp.on("error", () => tcp.destroy());
  tcp.end(`HTTP/1.1 ${status} ${text}\r\n${lines.join("")}\r\n${body}`, () => tcp.destroy());
}
