// The HTTP request that opens the WebSocket: its path and credentials, and how it is refused.

import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { noKey, wrongKey } from "../protocol/refusals";
import type { Api } from "../protocol/vertex";

const livePath =
  /^\/ws\/google\.ai\.generativelanguage\.(v1beta|v1alpha)\.GenerativeService\.BidiGenerateContent(Constrained)?$/;

/** The path of Vertex AI (docs/live-api.md 4). */
const vertexPath = /^\/ws\/google\.cloud\.aiplatform\.(v1|v1beta1)\.LlmBidiService\/BidiGenerateContent$/;

/** Google's names for HTTP statuses [github.com/googleapis/googleapis, google/rpc/code.proto]. */
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
 * Reads the path and the credentials of a request.
 * @returns `api`: undefined if the path has no WebSocket; `constrained`: whether the path requires an ephemeral token; `key`, `token`
 * and `vertex`, the bearer token or the API key (express mode) for Vertex AI, which takes both in headers only: undefined if missing
 */
export function pathAndCredentials({ url = "", headers }: IncomingMessage) {
  // The SDK sends `//ws/…`, which a URL parser would read as a host.
  const [written = "", query = ""] = url.split(/\?(.*)/s);
  const path = written.replace(/\/{2,}/g, "/");
  const [, version, constrained] = livePath.exec(path) ?? [];
  const [, vertexVersion] = vertexPath.exec(path) ?? [];
  const api: Api | undefined = vertexVersion
    ? { version: vertexVersion, isVertex: true }
    : version
      ? { version, isVertex: false }
      : undefined;
  const { authorization = "" } = headers;
  const parameters = new URLSearchParams(query);
  return {
    path,
    api,
    constrained: constrained !== undefined,
    key: parameters.get("key") || headers["x-goog-api-key"],
    token: parameters.get("access_token") || /^Token (.+)$/.exec(authorization)?.[1],
    vertex: /^Bearer (.+)$/.exec(authorization)?.[1] ?? headers["x-goog-api-key"],
  };
}

/**
 * Checks an API key. An ephemeral token is never accepted as a key.
 * @param right the only key to accept; undefined: any key
 * @throws Refusal for a missing or wrong key
 */
export function checkKey(key: string | string[] | undefined, right: string | undefined): undefined {
  if (!key) throw noKey();
  if (String(key).startsWith("auth_tokens/") || (right !== undefined && key !== right)) throw wrongKey();
}

/** A JSON body as the server formats it, with its headers. */
export function json(value: object) {
  const body = `${JSON.stringify(value, null, 2)}\n`;
  const headers = {
    "Content-Type": "application/json; charset=UTF-8",
    "Content-Length": Buffer.byteLength(body),
  };
  return { headers, body };
}

/** The response to a refused request. @param status HTTP status, 400 to 599 @param cause absent: the server's message for the status */
export function refusal(status: number, cause?: string) {
  const text = STATUS_CODES[status] ?? "Error";
  const message = cause ?? (status === 404 ? "Requested entity was not found." : text);
  const { headers, body } = json({ error: { code: status, message, status: names[status] ?? "UNKNOWN" } });
  return { text, headers: { ...headers, Connection: "close" }, body };
}

/** Refuses a handshake. @param tcp the HTTP server's socket */
export function refuseHandshake(tcp: Duplex, status: number) {
  const { text, headers, body } = refusal(status);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  tcp.on("error", () => tcp.destroy());
  tcp.end(`HTTP/1.1 ${status} ${text}\r\n${lines.join("")}\r\n${body}`, () => tcp.destroy());
}
