// Reads the server of a connection from its settings: the address, the credentials and the network.

import type { NodeAPI } from "node-red";
import { InputError } from "../../live/server/errors";
import type { Network } from "../../live/server/network";
import type { Access, Server } from "../../live/server/server";
import type { LiveConfigSettings } from "../settings/live-config";

interface ProxyNode {
  type: string;
  url?: string;
  noproxy?: string[];
  credentials?: { username?: string; password?: string };
}

interface TlsNode {
  type: string;
  valid: boolean;
  verifyservercert?: boolean;
  addTLSOptions(options: object): NonNullable<Network["tls"]>;
}

/** Google's address, or the one that its SDK takes from the environment instead. */
const geminiUrl = () => process.env.GOOGLE_GEMINI_BASE_URL || "https://generativelanguage.googleapis.com";

/**
 * Reads everything but the credentials, and the address of the simulator, which is known only after its start.
 * @throws InputError
 */
export function readServer(RED: NodeAPI, settings: LiveConfigSettings): Omit<Server, "access"> {
  const kind = settings.server;
  if (kind === "vertex" && !(settings.project.trim() && settings.location.trim()))
    throw new InputError(
      "Vertex AI needs a project and a location. Enter them in the connection.",
      "GEMINI_SETTING",
    );
  return {
    baseUrl: kind === "custom" ? readUrl(settings.url) : kind === "gemini" ? geminiUrl() : undefined,
    apiVersion: kind === "vertex" ? "v1beta1" : settings.apiVersion.trim(),
    network: kind === "simulator" ? { proxy: "none" } : readNetwork(RED, settings),
  };
}

/**
 * Reads the access to a server other than the simulator.
 *
 * A custom server gets only the key that is entered for it: the key of the environment is for Google.
 * @param entered the key from the dialog
 * @param baseUrl from {@link readServer}
 * @throws InputError
 */
export function readAccess(
  { server, project, location }: LiveConfigSettings,
  entered: string | undefined,
  baseUrl: string | undefined,
): Access {
  if (server === "vertex") return { by: "google", project: project.trim(), location: location.trim() };
  const key = (entered || (server === "gemini" && process.env.GEMINI_API_KEY) || "").trim();
  if (key && !/^[!-~]+$/.test(key))
    throw new InputError(
      "The API key of the connection contains characters that no key has. Enter it again.",
      "GEMINI_SETTING",
    );
  if (key) return { by: "key", key };
  // The SDK needs some key in any case.
  if (server === "custom" && isLoopback(baseUrl)) return { by: "key", key: "no-key-needed" };
  throw new InputError(
    server === "custom"
      ? `The connection has no API key for its address. Enter one, or \${GEMINI_API_KEY} for the one of the environment.`
      : "The connection has no API key. Enter one, set GEMINI_API_KEY, or choose the simulator, which needs none.",
    "GEMINI_SETTING",
  );
}

const isLoopback = (url: string | undefined) =>
  url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);

function readNetwork(RED: NodeAPI, { proxy, tls }: LiveConfigSettings): Network {
  return { proxy: proxy ? readProxy(RED, proxy) : undefined, tls: tls ? readTls(RED, tls) : undefined };
}

function readProxy(RED: NodeAPI, id: string): Network["proxy"] {
  const node = RED.nodes.getNode(id) as unknown as ProxyNode | null;
  if (node?.type !== "http proxy")
    throw new InputError("The proxy of the connection does not exist. Choose another one.", "GEMINI_SETTING");
  const { url = "", noproxy = [], credentials } = node;
  if (!URL.canParse(url))
    throw new InputError(
      "The proxy of the connection has no valid address. Correct it in the proxy.",
      "GEMINI_SETTING",
    );
  const address = new URL(url);
  if (credentials?.username) address.username = encodeURIComponent(credentials.username);
  if (credentials?.password) address.password = encodeURIComponent(credentials.password);
  return { url: address.href, except: noproxy };
}

/** @throws InputError if it would not verify the certificate of the server */
export function readTls(RED: NodeAPI, id: string): Network["tls"] {
  const node = RED.nodes.getNode(id) as unknown as TlsNode | null;
  if (node?.type !== "tls-config" || !node.valid)
    throw new InputError(
      "The TLS configuration of the connection is missing or invalid. Choose another one or correct it.",
      "GEMINI_SETTING",
    );
  if (!node.verifyservercert)
    throw new InputError(
      "The TLS configuration of the connection does not verify the server certificate, so anyone could intercept the key. Tick the verification, and add the CA certificate of the server.",
      "GEMINI_SETTING",
    );
  return node.addTLSOptions({});
}

/** The SDK takes an http address and makes a WebSocket address of it; users may enter either. Paths are appended to it. */
function readUrl(url: string): string {
  const http = url.trim().replace(/^ws/i, "http").replace(/\/+$/, "");
  if (!URL.canParse(http))
    throw new InputError(
      `The setting "Address" must be a valid address; it is ${JSON.stringify(url)}.`,
      "GEMINI_SETTING",
    );
  const { username, password, search, hash } = new URL(http);
  // Addresses are part of exported flows, so they must not contain secrets.
  if (username || password || search || hash)
    throw new InputError(
      'The setting "Address" must end with the path, and must contain neither user nor password.',
      "GEMINI_SETTING",
    );
  return http;
}
