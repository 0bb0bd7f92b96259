// A caller of an example flow: what the page is to its socket, with sound from the test instead of a microphone.

import { once } from "node:events";
import { WebSocket } from "ws";
import { Inbox } from "./inbox";
import { chunksOf } from "./speech";

export interface Told {
  event: string;
  state?: string;
  server?: string;
  role?: string;
  final?: boolean;
  text?: string;
}

/** The ticket that the page at this address holds. */
export async function ticketOf(page: string): Promise<string> {
  const html = await (await fetch(page)).text();
  const ticket = /const ticket = "([^"]*)"/.exec(html)?.[1];
  if (!ticket) throw new Error(`The page ${page} holds no ticket.`);
  return ticket;
}

export class Caller {
  readonly told = new Inbox<Told>();
  readonly sound: Buffer[] = [];
  readonly socket: WebSocket;

  /** Opens the socket of the page at this address, and shows no ticket. */
  constructor(page: string) {
    this.socket = new WebSocket(`${page.replace("http", "ws")}/audio`);
    this.socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.sound.push(data);
      else this.told.push(JSON.parse(data.toString()));
    });
  }

  speak(sound: Buffer) {
    for (const chunk of chunksOf(sound, 640)) this.socket.send(chunk);
  }

  /** How many messages have come. */
  get received() {
    return this.told.items.length + this.sound.length;
  }

  heard() {
    return Buffer.concat(this.sound);
  }

  /** Waits until Node-RED has read what was sent, and all that it had sent by then is here. */
  async settled() {
    this.socket.ping();
    await once(this.socket, "pong");
  }

  async hangUp() {
    this.socket.close();
    await once(this.socket, "close");
  }
}

/** Opens the socket of the page at this address and sends `ticket` first, as the page does; without one it sends nothing. */
export async function callWith(page: string, ticket: string | undefined): Promise<Caller> {
  const caller = new Caller(page);
  await once(caller.socket, "open");
  if (ticket !== undefined) caller.socket.send(ticket);
  return caller;
}

/** Calls as the page at this address does: with its ticket. */
export const call = async (page: string) => callWith(page, await ticketOf(page));
