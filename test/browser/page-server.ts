// Serves the page of browser in as its node does, so that a test decides what the page gets, and sees what it sends.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type WebSocket, WebSocketServer } from "ws";
import type { NodeMessage, PageMessage, PageOptions } from "../../browser/protocol";
import { policyOf } from "../../nodes/browser-in/page-files";
import { DEADLINE_MS, Inbox } from "../inbox";

const DIST = "dist/browser";
const TYPES: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html" };
/** Any page may embed it, so that tests can. */
const POLICY = policyOf({ embedding: "sites", sites: "*" });
const OPTIONS: PageOptions = { title: "Talk", voice: "open", text: true, camera: true, screen: true };

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

export class PageServer {
  /** What pages have sent, except sound. */
  readonly received = new Inbox<PageMessage>();
  /** The sound of pages, mono PCM16 of the rate of `start`. */
  readonly sound: Buffer[] = [];
  /** The files of the page that were requested. */
  readonly requested = new Inbox<string>();
  /** The sockets that were opened, in order. */
  readonly sockets: WebSocket[] = [];
  /** Scripts of the test, beside those of the page. */
  readonly scripts: Record<string, string> = {};
  /** Pings of the page get no answer, as on a dead connection. */
  deaf = false;
  /** Sockets are closed with this code at once. */
  refusal: number | undefined;
  /** The HTTP status of the answer to a request for a ticket; 302 redirects to a page for the login. */
  ticketStatus: 200 | 302 | 401 = 200;
  readonly #options: PageOptions;
  readonly #tickets = new Set<string>();
  #http!: Server;

  constructor(options: Partial<PageOptions> = {}) {
    this.#options = { ...OPTIONS, ...options };
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** Where the page is. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/talk`;
  }

  async start(port = 0): Promise<this> {
    this.#http = createServer(({ url }, response) => {
      const [, file = ""] = /^\/talk\/?([^?]*)/.exec(url ?? "") ?? [];
      this.requested.push(file);
      if (file === "ticket" && this.ticketStatus !== 200)
        return response.writeHead(this.ticketStatus, { location: "/login" }).end();
      if (file === "ticket") return response.end(JSON.stringify({ ticket: this.#ticket() }));
      if (!file) {
        const fields: Record<string, string> = {
          title: this.#options.title,
          base: "talk/",
          ticket: this.#ticket(),
          options: JSON.stringify(this.#options),
        };
        const page = readFileSync(join(DIST, "page.html"), "utf8");
        response.writeHead(200, { "content-security-policy": POLICY, "content-type": "text/html" });
        return response.end(page.replace(/\{\{(\w+)\}\}/g, (_, name) => escaped(fields[name]!)));
      }
      if (file in this.scripts) {
        response.writeHead(200, { "content-type": "text/javascript" });
        return response.end(this.scripts[file]);
      }
      if (!["app.js", "app.css", "worklets.js"].includes(file)) return response.writeHead(404).end();
      response.writeHead(200, { "content-type": TYPES[extname(file)] });
      response.end(readFileSync(join(DIST, file)));
    });
    new WebSocketServer({ server: this.#http }).on("connection", (socket, { url }) => {
      const ticket = new URL(url!, "http://localhost").searchParams.get("ticket")!;
      if (this.refusal) return socket.close(this.refusal);
      if (!this.#tickets.delete(ticket)) return socket.close(4001);
      this.sockets.push(socket);
      socket.on("message", (data: Buffer, isBinary) => this.#receive(data, isBinary));
    });
    this.#http.listen(port, "127.0.0.1");
    await once(this.#http, "listening");
    return this;
  }

  /** To the page that was opened last. */
  send(message: NodeMessage): void {
    this.sockets.at(-1)!.send(JSON.stringify(message));
  }

  /** Sound of a turn, mono PCM16 of 24 kHz. */
  play(pcm: Buffer, turn: number): void {
    this.send({ type: "sound", rate: 24_000, turn });
    this.sockets.at(-1)!.send(pcm);
  }

  /** Waits until pages have sent that many bytes of sound, and returns all of it. Rejects when they have not within DEADLINE_MS. */
  async hear(bytes: number): Promise<Buffer> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const sound = Buffer.concat(this.sound);
      if (sound.length >= bytes) return sound;
      if (Date.now() > deadline)
        throw new Error(
          `The page sent ${sound.length} of ${bytes} bytes of sound in ${DEADLINE_MS / 1_000} s.`,
        );
      await delay(20);
    }
  }

  /** Closes all connections, and forgets all tickets, as when Node-RED stops. */
  async stop(code = 1001): Promise<void> {
    this.#tickets.clear();
    for (const socket of this.sockets) socket.close(code);
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }

  #ticket(): string {
    const ticket = crypto.randomUUID();
    this.#tickets.add(ticket);
    return ticket;
  }

  #receive(data: Buffer, isBinary: boolean) {
    if (isBinary) return this.sound.push(data);
    const message = JSON.parse(data.toString()) as PageMessage;
    if (message.type === "ping") return this.deaf || this.send({ type: "pong" });
    if (message.type === "start" && !message.resume)
      this.send({ type: "ready", resume: crypto.randomUUID() });
    else if (message.type === "start") this.send({ type: "ready", resume: message.resume! });
    this.received.push(message);
    return undefined;
  }
}
