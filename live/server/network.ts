// The way to a server: directly or through a proxy, and which authorities are trusted. One answer for sockets and requests.

import type { Agent } from "node:http";
import { type ConnectionOptions, checkServerIdentity, type SecureContextOptions } from "node:tls";
import { HttpsProxyAgent } from "https-proxy-agent";
import { InputError } from "./errors";

/** `example.org`, `.example.org`, `*.example.org`, `10.0.0.1`, `::1` or `[::1]`, each with a port or without. */
const EXCEPTION = /^\*?\.?(\[[^\]]*\]|[^:]+|[\da-f:]+)(?::(\d+))?$/;

export interface Proxy {
  /** `http://` or `https://` address, with user and password if the proxy wants them */
  url: string;
  /** Hosts that are reached without it, written as in NO_PROXY. */
  except: readonly string[];
}

export interface Network {
  /** `none`: always directly; absent: what HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment say. */
  proxy?: Proxy | "none" | undefined;
  /** Own authorities, a certificate of our own, another name of the server. */
  tls?: (SecureContextOptions & { servername?: string }) | undefined;
}

/** What a request or a WebSocket is opened with, so that it goes that way; the server's certificate is always verified. */
export type Route = Network["tls"] &
  Pick<ConnectionOptions, "checkServerIdentity"> & { agent?: Agent; rejectUnauthorized: true };

/**
 * The way to a server.
 * @param url http, https, ws or wss
 * @param signal ends what is still under way to a proxy, where nobody else can reach it
 * @throws InputError when the proxy's address cannot be used
 */
export function routeTo(url: string, { proxy, tls }: Network, signal?: AbortSignal): Route {
  const target = new URL(url);
  const proxyUrl = proxyFor(target, proxy);
  const direct: Route = { ...tls, rejectUnauthorized: true };
  if (!proxyUrl) return direct;
  // The agent tells TLS no address, so that a certificate for one would be compared with "localhost".
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
  // It may hold a password, so it is not quoted.
  throw new InputError(
    "The address of the proxy cannot be used: it must be like http://host:port, or http://user:password@host:port with both as in URLs.",
  );
}

/** The agent decodes user and password too late to report that it cannot. */
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

/** The usual variables; as everywhere, small letters come first. */
function proxyOfEnvironment({ protocol }: URL): Proxy {
  const name = /^(https|wss):$/.test(protocol) ? "https_proxy" : "http_proxy";
  const read = (variable: string) => process.env[variable] || process.env[variable.toUpperCase()] || "";
  return { url: read(name), except: read("no_proxy").split(/[\s,]+/) };
}

/** An exception is a host, with all below it and with or without a port, or `*`. */
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
