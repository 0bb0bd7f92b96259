// The route to a server: direct or through a proxy, and which certificate authorities are trusted. The same for sockets and requests.

import type { Agent } from "node:http";
import { type ConnectionOptions, checkServerIdentity, type SecureContextOptions } from "node:tls";
import { HttpsProxyAgent } from "https-proxy-agent";
import { InputError } from "./errors";

/** `example.org`, `.example.org`, `*.example.org`, `10.0.0.1`, `::1` or `[::1]`, each with a port or without. */
const EXCEPTION = /^\*?\.?(\[[^\]]*\]|[^:]+|[\da-f:]+)(?::(\d+))?$/;

export interface Proxy {
  /** `http://` or `https://` address, with user and password if the proxy needs them */
  url: string;
  /** Hosts that are reached without the proxy, written as in NO_PROXY. */
  except: readonly string[];
}

export interface Network {
  /** `none`: always direct; absent: HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment decide. */
  proxy?: Proxy | "none" | undefined;
  /** Private certificate authorities, a client certificate, another server name. */
  tls?: (SecureContextOptions & { servername?: string }) | undefined;
}

/** Options that make a request or a WebSocket take the route; the server's certificate is always verified. */
export type Route = Network["tls"] &
  Pick<ConnectionOptions, "checkServerIdentity"> & { agent?: Agent; rejectUnauthorized: true };

/**
 * The options for the route to a server.
 * @param url http, https, ws or wss
 * @param signal aborts a connection to a proxy that is still being made
 * @throws InputError if the proxy's address is invalid
 */
export function routeTo(url: string, { proxy, tls }: Network, signal?: AbortSignal): Route {
  const target = new URL(url);
  const proxyUrl = proxyFor(target, proxy);
  const direct: Route = { ...tls, rejectUnauthorized: true };
  if (!proxyUrl) return direct;
  // The agent passes no server name for an IP address, and TLS would then compare the certificate with "localhost".
  const name = tls?.servername || target.hostname.replace(/^\[|\]$/g, "");
  return {
    ...direct,
    agent: new HttpsProxyAgent(proxyUrl, { rejectUnauthorized: true, ...(signal && { signal }) }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
}

function proxyFor(target: URL, proxy: Network["proxy"]): URL | undefined {
  if (proxy === "none") return undefined;
  const { url, except } = proxy ?? proxyOfEnvironment(target);
  if (!url || isExcepted(target, except)) return undefined;
  if (isUsable(url)) return new URL(url);
  // The address may contain a password, so it is not quoted.
  throw new InputError(
    "The address of the proxy is not usable: write http://host:port, or http://user:password@host:port with user and password URL-encoded.",
    "GEMINI_PROXY",
  );
}

/** Checked here, because the agent would throw later, outside of any promise. */
function isUsable(proxy: string): boolean {
  if (!URL.canParse(proxy) || !/^https?:/.test(proxy)) return false;
  const { username, password } = new URL(proxy);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** The usual variables. Lower-case names take precedence, as in other programs. */
function proxyOfEnvironment({ protocol }: URL): Proxy {
  const name = /^(https|wss):$/.test(protocol) ? "https_proxy" : "http_proxy";
  const read = (variable: string) => process.env[variable] || process.env[variable.toUpperCase()] || "";
  return { url: read(name), except: read("no_proxy").split(/[\s,]+/) };
}

/** An exception is a host with its subdomains, with or without a port, or `*`. */
function isExcepted({ hostname, protocol, port }: URL, except: readonly string[]): boolean {
  const targetPort = port || (/^(https|wss):$/.test(protocol) ? "443" : "80");
  return except.some((exception) => {
    if (exception.trim() === "*") return true;
    const [, name, onlyPort = targetPort] = EXCEPTION.exec(exception.trim().toLowerCase()) ?? [];
    return (
      name !== undefined &&
      onlyPort === targetPort &&
      (hostname === name || hostname.endsWith(`.${name}`) || hostname === `[${name}]`)
    );
  });
}
