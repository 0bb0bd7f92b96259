// From the settings of a connection to the server that they mean, and the way to it.

import type { NodeAPI } from "node-red";
import { InputError } from "../live/server/errors";
import type { Network } from "../live/server/network";
import type { Server } from "../live/server/server";
import type { LiveConfigSettings } from "./settings/live-config";

/** The settings of a connection that say where the server is and how it is reached. */
type ServerSettings = Pick<
  LiveConfigSettings,
  "server" | "url" | "apiVersion" | "project" | "location" | "proxy" | "tls"
>;

export type ServerKind = LiveConfigSettings["server"];

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

/** Google's own address, or the one that its SDK takes instead. */
const geminiUrl = () => process.env.GOOGLE_GEMINI_BASE_URL || "https://generativelanguage.googleapis.com";

/**
 * Reads which server is meant, all but the simulator's address and the key.
 * @throws InputError
 */
export function readServer(
  RED: NodeAPI,
  settings: ServerSettings,
): { kind: ServerKind; where: Omit<Server, "access">; project: string; location: string } {
  const kind = settings.server;
  const project = settings.project.trim();
  const location = settings.location.trim();
  if (kind === "vertex" && !(project && location))
    throw new InputError("Vertex AI needs a project and a location: enter them in the connection.");
  const where = {
    baseUrl: kind === "custom" ? readUrl(settings.url) : kind === "gemini" ? geminiUrl() : undefined,
    apiVersion: kind === "vertex" ? "v1beta1" : settings.apiVersion.trim(),
    network: kind === "simulator" ? ({ proxy: "none" } as const) : readNetwork(RED, settings),
  };
  return { kind, where, project, location };
}

function readNetwork(RED: NodeAPI, { proxy, tls }: ServerSettings): Network {
  return { proxy: proxy ? readProxy(RED, proxy) : undefined, tls: tls ? readTls(RED, tls) : undefined };
}

function readProxy(RED: NodeAPI, id: string): Network["proxy"] {
  const node = RED.nodes.getNode(id) as unknown as ProxyNode | null;
  if (node?.type !== "http proxy")
    throw new InputError("The proxy of the connection is not there: choose one.");
  const { url = "", noproxy = [], credentials } = node;
  if (!URL.canParse(url)) throw new InputError("The proxy of the connection has no usable address.");
  const address = new URL(url);
  if (credentials?.username) address.username = encodeURIComponent(credentials.username);
  if (credentials?.password) address.password = encodeURIComponent(credentials.password);
  return { url: address.href, except: noproxy };
}

function readTls(RED: NodeAPI, id: string): Network["tls"] {
  const node = RED.nodes.getNode(id) as unknown as TlsNode | null;
  if (node?.type !== "tls-config" || !node.valid)
    throw new InputError("The TLS configuration of the connection is not usable: choose or repair it.");
  if (!node.verifyservercert)
    throw new InputError(
      "The TLS configuration of the connection does not verify the server, so anybody could take the key: tick that, and name the authority that has issued the certificate.",
    );
  return node.addTLSOptions({});
}

/** The SDK wants an http address and makes a ws one of it; a user may write either. It stands in flows, and paths are added to it. */
function readUrl(url: string): string {
  const http = url.trim().replace(/^ws/, "http");
  if (!URL.canParse(http))
    throw new InputError(
      `The setting "address" must be a http, https, ws or wss address; it is ${JSON.stringify(url)}.`,
    );
  const { username, password, search, hash } = new URL(http);
  if (username || password || search || hash)
    throw new InputError(
      'The setting "address" must end with the path, and hold neither a user nor a password.',
    );
  return http;
}
