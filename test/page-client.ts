// Gets a ticket, opens the socket and exchanges messages and sound as the page of browser in does, but without a browser.

import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";
import type { NodeMessage, PageMessage } from "../browser/protocol";
import { cleanUp } from "./clean-up";
import { Inbox } from "./inbox";
import { chunksOf } from "./speech";

/** The ticket in the page at this address. */
export async function ticketOf(page: string, init?: RequestInit): Promise<string> {
  const html = await (await fetch(page, init)).text();
  const ticket = /data-ticket="([^"]+)"/.exec(html)?.[1];
  if (!ticket) throw new Error(`The page ${page} holds no ticket: ${html}`);
  return ticket;
}

export class PageClient {
  /** The messages of the node. */
  readonly told = new Inbox<NodeMessage>();
  readonly sound: Buffer[] = [];
  readonly socket: WebSocket;

  constructor(page: string, ticket: string, options: ClientOptions = {}) {
    const address = `${page.replace("http", "ws")}/socket?ticket=${encodeURIComponent(ticket)}`;
    this.socket = new WebSocket(address, { origin: new URL(page).origin, ...options });
    this.socket.on("error", () => {});
    this.socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.sound.push(data);
      else this.told.push(JSON.parse(data.toString()));
    });
    cleanUp(() => this.socket.terminate());
  }

  /** The HTTP status with which the socket was refused, or "open". */
  outcome(): Promise<number | "open"> {
    return new Promise((resolve) => {
      this.socket.on("open", () => resolve("open"));
      this.socket.on("unexpected-response", (_, response) => resolve(response.statusCode!));
    });
  }

  /** The code with which the socket is closed. */
  async closeCode(): Promise<number> {
    const [code] = await once(this.socket, "close");
    return code;
  }

  tell(message: PageMessage) {
    this.socket.send(JSON.stringify(message));
  }

  /** Sends 16 kHz sound in frames of 20 ms. */
  speak(sound: Buffer) {
    for (const chunk of chunksOf(sound, 640)) this.socket.send(chunk);
  }

  heard() {
    return Buffer.concat(this.sound);
  }

  next<T extends NodeMessage["type"]>(
    type: T,
    wanted: (message: Extract<NodeMessage, { type: T }>) => boolean = () => true,
  ) {
    type Wanted = Extract<NodeMessage, { type: T }>;
    const found = this.told.next((message) => message.type === type && wanted(message as Wanted), type);
    return found as Promise<Wanted>;
  }

  /** Waits until the node has read what was sent. */
  async settled() {
    this.tell({ type: "ping" });
    await this.next("pong");
  }

  async leave() {
    this.socket.close();
    await once(this.socket, "close");
  }
}

/** Opens the socket of the page at this address, and sends the first message. @returns the page and its token for the next socket */
export async function openPage(page: string, resume?: string) {
  const client = new PageClient(page, await ticketOf(page));
  await once(client.socket, "open");
  client.tell({ type: "start", rate: 16_000, language: "en-US", ...(resume && { resume }) });
  const ready = await client.next("ready");
  return { client, resume: ready.resume };
}
