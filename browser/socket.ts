// The socket to the node: opens it, keeps it, and connects again by itself.

import { onShown } from "./elements";
import type { CloseCode, NodeMessage, PageMessage } from "./protocol";
import { load, save } from "./storage";

/**
 * `lost`: tries again. `login`: the login has ended; does not try again, because browsers ask for it each time. `offline`: waits for the network. `full`: as many pages are open as the node allows; tries again.
 * `refused`: the node ended the socket because of what the page sent; tries again.
 */
export type Link = "opening" | "open" | "lost" | "offline" | "full" | "refused" | "login";

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 10_000;
const PING_MS = 15_000;
const PONG_TIMEOUT_MS = 3_000;
const OPEN_TIMEOUT_MS = 10_000;
/** Sound is dropped while more than this waits: about two seconds. */
const MAX_BUFFERED_BYTES = 64_000;
const LINKS: Partial<Record<CloseCode, Link>> = {
  1009: "refused",
  4001: "opening",
  4002: "full",
  4003: "refused",
};
const TAKEN_OVER: CloseCode = 4004;

export interface SocketOptions {
  /** What the addresses of the socket and of new tickets are relative to. */
  base: string;
  /** The first ticket. */
  ticket: string;
  /** The first message of a socket. */
  start(): PageMessage & { type: "start" };
  onMessage(message: NodeMessage): void;
  onSound(pcm: ArrayBuffer): void;
  onLink(link: Link): void;
}

export class PageSocket {
  readonly #options: SocketOptions;
  #socket: WebSocket | undefined;
  /** The unused ticket; undefined when another must be fetched. */
  #ticket: string | undefined;
  #link: Link = "opening";
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pongTimeout: ReturnType<typeof setTimeout> | undefined;
  /** Texts that may not have arrived: the ping behind them has no answer yet. */
  #unconfirmed: PageMessage[] = [];
  /** Pings of this socket without an answer. */
  #pings = 0;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#ticket = options.ticket;
    const check = () => this.#check();
    window.ononline = window.onoffline = window.onpageshow = check;
    onShown(check);
    setInterval(check, PING_MS);
    void this.#connect();
  }

  get isOpen(): boolean {
    return this.#link === "open";
  }

  /** Sends a message. Returns false, and drops it, while there is no connection. */
  send(message: PageMessage): boolean {
    if (!this.isOpen) return false;
    this.#socket!.send(JSON.stringify(message));
    return true;
  }

  /** Sends a text, and once more over the next socket when this one proves dead. Returns false, and drops it, while there is no connection. */
  sendText(text: string): boolean {
    const message = { type: "text", text, id: String(Math.random()) } as const;
    if (!this.send(message)) return false;
    this.#unconfirmed.push(message);
    return this.#ping();
  }

  /** Sends mono PCM16 of the rate of `start`. It is dropped without a connection, and on a slow one. */
  sendSound(pcm: ArrayBuffer): void {
    if (this.isOpen && this.#socket!.bufferedAmount < MAX_BUFFERED_BYTES) this.#socket!.send(pcm);
  }

  async #connect() {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#drop();
    try {
      const ticket = this.#ticket ?? (await this.#fetchTicket());
      this.#ticket = undefined;
      if (!ticket) return this.#set("login");
      const url = new URL(`socket?ticket=${encodeURIComponent(ticket)}`, this.#options.base);
      this.#use(new WebSocket(url.href.replace(/^http/, "ws")));
    } catch {
      this.#lose();
    }
  }

  /** @returns undefined when the login has ended */
  async #fetchTicket(): Promise<string | undefined> {
    const response = await fetch(new URL("ticket", this.#options.base), {
      cache: "no-store",
      // To a page for the login.
      redirect: "manual",
      signal: AbortSignal.timeout(OPEN_TIMEOUT_MS),
    });
    if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) return undefined;
    if (!response.ok) throw new Error(response.statusText);
    return ((await response.json()) as { ticket: string }).ticket;
  }

  #use(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#pongTimeout = setTimeout(() => this.#lose(), OPEN_TIMEOUT_MS);
    socket.onopen = () => {
      const resume = load("sessionStorage", "resume");
      socket.send(JSON.stringify({ ...this.#options.start(), ...(resume && { resume }) }));
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      clearTimeout(this.#pongTimeout);
      if (typeof data !== "string") return this.#options.onSound(data);
      const message = JSON.parse(data) as NodeMessage;
      if (message.type === "ready") this.#ready(message.resume);
      if (message.type === "pong" && --this.#pings === 0) this.#unconfirmed = [];
      this.#options.onMessage(message);
    };
    socket.onclose = ({ code }) => {
      if (code === TAKEN_OVER) save("sessionStorage", "resume", "");
      this.#lose(LINKS[code as CloseCode]);
    };
  }

  #ready(resume: string) {
    save("sessionStorage", "resume", resume);
    this.#failures = 0;
    this.#set("open");
    this.#pings = 0;
    for (const message of this.#unconfirmed) this.send(message);
    if (this.#unconfirmed.length) this.#ping();
  }

  #lose(link: Link = navigator.onLine ? "lost" : "offline") {
    this.#drop();
    if (link === "refused") this.#unconfirmed = [];
    this.#set(link);
    const wait = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++);
    // Scattered, so that after a restart not all pages come at once.
    this.#retry = setTimeout(() => void this.#connect(), wait * (0.5 + Math.random() / 2));
  }

  #drop() {
    clearTimeout(this.#pongTimeout);
    this.#pongTimeout = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #set(link: Link) {
    if (link === this.#link) return;
    this.#link = link;
    this.#options.onLink(link);
  }

  /** Connects at once when the page waits to try again, else asks the node whether the socket still works. */
  #check() {
    if (this.#retry && this.#link !== "full" && !document.hidden) {
      if (navigator.onLine) void this.#connect();
    } else this.#ping();
  }

  /** Asks the node whether the socket still works. Returns false while there is none. */
  #ping(): boolean {
    if (!this.send({ type: "ping" })) return false;
    this.#pings++;
    clearTimeout(this.#pongTimeout);
    this.#pongTimeout = setTimeout(() => {
      this.#lose();
      void this.#connect();
    }, PONG_TIMEOUT_MS);
    return true;
  }
}
