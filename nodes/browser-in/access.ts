// Who asks for a page: its origin, its user, and the middleware of the http nodes that every request passes.

import type { IncomingMessage } from "node:http";
import type { NextFunction, Request, RequestHandler, Response } from "express";

/**
 * Whether a request comes from a page of this server, or of a proxy that names its own host. Browsers let no page forge these
 * headers when it opens a socket.
 */
export function isFromOurPage({ headers, socket }: IncomingMessage): boolean {
  const { origin, host, "x-forwarded-host": forwarded } = headers;
  if (!origin || !URL.canParse(origin)) return false;
  const from = new URL(origin);
  // The other way round, a proxy may take the TLS off.
  if ("encrypted" in socket && from.protocol !== "https:") return false;
  const first = String(forwarded ?? "")
    .split(",")[0]!
    .trim();
  // Through URL, because an origin leaves the default port out.
  return [host, first].some((name) => {
    const address = `${from.protocol}//${name}`;
    return name && URL.canParse(address) && new URL(address).host === from.host;
  });
}

/** Whether a page of another site asks. Browsers that say nothing of it still let that page not read the answer. */
export function isFromElsewhere(request: IncomingMessage): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site !== "same-origin";
  return request.headers.origin !== undefined && !isFromOurPage(request);
}

/** The settings of Node-RED that apply to the nodes that serve HTTP. */
export interface HttpSettings {
  httpNodeRoot?: string | false;
  httpNodeAuth?: { user?: unknown } | RequestHandler | RequestHandler[];
  httpNodeMiddleware?: RequestHandler | RequestHandler[];
}

/**
 * The name under which somebody has logged in: that of `httpNodeAuth`, or what a function in its place or `httpNodeMiddleware` has
 * put into the request (Passport's `user`, express-basic-auth's `auth`). Never what the request itself claims.
 */
export function userOf(request: IncomingMessage, { httpNodeAuth }: HttpSettings): string | undefined {
  if (httpNodeAuth && "user" in httpNodeAuth && typeof httpNodeAuth.user === "string")
    return httpNodeAuth.user;
  const { user, auth } = request as { user?: unknown; auth?: { user?: unknown } };
  const known = user ?? auth?.user;
  if (typeof known !== "object" || known === null) return typeof known === "string" ? known : undefined;
  const { username, name, email, id } = known as Record<string, unknown>;
  return [username, name, email, id].find((value) => typeof value === "string") as string | undefined;
}

/** Calls `httpNodeMiddleware` as a http in node does, and then `last`. */
export function throughMiddleware(
  { httpNodeMiddleware = [] }: HttpSettings,
  request: Request,
  response: Response,
  next: NextFunction,
  last: () => void,
) {
  // A http in node reads the cookies before.
  request.cookies ??= cookiesOf(request.headers.cookie);
  const rest = [httpNodeMiddleware].flat();
  const step = (error?: unknown) => {
    const handler = rest.shift();
    if (error) return next(error);
    // Nothing else catches what is thrown after an asynchronous handler.
    try {
      if (handler) handler(request, response, step);
      else last();
    } catch (thrown) {
      next(thrown);
    }
  };
  step();
}

/** Without a regular expression for the whole: one that backtracks over a long header blocks Node-RED. */
function cookiesOf(header = ""): Record<string, string> {
  const pairs = header.split(";").flatMap((pair) => {
    const [name = "", ...rest] = pair.split("=");
    const value = rest.join("=").trim();
    return rest.length && name.trim() ? [[name.trim(), decoded(value.replace(/^"(.*)"$/, "$1"))]] : [];
  });
  return Object.fromEntries(pairs);
}

function decoded(value: string) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
