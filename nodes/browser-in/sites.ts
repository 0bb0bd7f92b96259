// All pages that browser in nodes serve, by their paths, behind one HTTP handler and one listener for sockets.

import type { Server } from "node:http";
import type { NextFunction, Request, Response } from "express";
import type { NodeAPI } from "node-red";
import type { WebSocket } from "ws";
import { InputError } from "../../live/server/errors";
import type { BrowserInSettings } from "../settings/browser-in";
import { type HttpSettings, isFromElsewhere, isFromOurPage, throughMiddleware, userOf } from "./access";
import { isFile, protect, sendFile, sendPage, sendTicket } from "./page-files";
import { leadUpgrades, type Upgrades } from "./upgrades";

/** What a browser in node serves under its path. */
export interface Site {
  settings: BrowserInSettings;
  issueTicket(): string;
  /** A page of ours has opened a socket. @param user the name of its login, if there is one */
  opened(socket: WebSocket, ticket: string, user: string | undefined): void;
}

/** Whether that name below the path of a page belongs to the page. */
const isPart = (name: string) => name === "ticket" || name === "socket" || isFile(name);
/** `/talk/ticket`: `/talk` and `ticket` */
const split = (path: string) =>
  [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)] as const;

export class Sites {
  readonly #settings: HttpSettings;
  readonly #server: Server | undefined;
  readonly #sites = new Map<string, Site>();
  #upgrades: Upgrades | undefined;

  constructor(RED: NodeAPI) {
    this.#settings = RED.settings as HttpSettings;
    this.#server = RED.server as Server | undefined;
    RED.httpNode?.use((request, response, next) => this.#handle(request, response, next));
  }

  /**
   * Serves a page until the function that is returned is called.
   * @param path without a slash at its end
   * @throws InputError when a page of another node is at that path or uses it, or Node-RED serves no HTTP
   */
  open(path: string, site: Site): () => void {
    if (this.#settings.httpNodeRoot === false || !this.#server)
      throw new InputError(
        "Node-RED serves no pages: httpNodeRoot is false in settings.js.",
        "GEMINI_SETTING",
      );
    const other = [...this.#sites.keys()].find((known) => overlap(known, path));
    if (other)
      throw new InputError(
        `The path ${path} conflicts with ${other} of another browser in node. Choose another path.`,
        "GEMINI_SETTING",
      );
    this.#sites.set(path, site);
    this.#upgrades ??= leadUpgrades(this.#server, (address) => this.#isSocket(address));
    return () => {
      this.#sites.delete(path);
      if (this.#sites.size) return;
      this.#upgrades?.stop();
      this.#upgrades = undefined;
    };
  }

  #isSocket(address: string) {
    const root = String(this.#settings.httpNodeRoot ?? "").replace(/^\/?(.*?)\/?$/, "/$1");
    const prefix = root === "/" ? "" : root;
    if (!address.startsWith(`${prefix}/`) || !address.endsWith("/socket")) return false;
    return this.#sites.has(address.slice(prefix.length, -"/socket".length));
  }

  #handle(request: Request, response: Response, next: NextFunction) {
    const path = request.path.replace(/\/$/, "");
    const [above, last] = split(path);
    const page = this.#sites.get(path);
    const site = page ?? (isPart(last) && this.#sites.get(above));
    if (!site || (request.method !== "GET" && request.method !== "HEAD")) return next();
    throughMiddleware(this.#settings, request, response, next, () => {
      // Last, because the middleware may open the other addresses to all sites.
      protect(response);
      if (page)
        sendPage(response, page.settings, request.path.endsWith("/") ? "" : `${last}/`, page.issueTicket());
      else if (last === "ticket") this.#sendTicket(site, request, response);
      else if (last === "socket") this.#openSocket(site, request, response);
      else sendFile(response, last);
    });
  }

  #sendTicket(site: Site, request: Request, response: Response) {
    if (isFromElsewhere(request)) response.sendStatus(403);
    else sendTicket(response, site.issueTicket());
  }

  #openSocket(site: Site, request: Request, response: Response) {
    if (!isFromOurPage(request)) return response.sendStatus(403);
    const user = userOf(request, this.#settings);
    const { ticket } = request.query;
    // Several values, or parts, come as objects.
    const given = typeof ticket === "string" ? ticket : "";
    // Without it, a deploy has taken the last page away meanwhile.
    if (!this.#upgrades) return response.sendStatus(503);
    this.#upgrades.accept(request, response, (socket) => site.opened(socket, given, user));
  }
}

/** Whether two pages have the same path, or one is where a part of the other is. */
function overlap(a: string, b: string) {
  const isPartOf = (path: string, page: string) => {
    const [above, last] = split(path);
    return above === page && isPart(last);
  };
  return a === b || isPartOf(a, b) || isPartOf(b, a);
}
