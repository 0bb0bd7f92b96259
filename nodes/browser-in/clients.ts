// The pages that are open, and those that may come back: browser in opens them, browser out writes to them.

import { createHash, randomBytes } from "node:crypto";
import { systemClock } from "../../audio/clock";
import type { CloseCode, NodeMessage } from "../../browser/protocol";
import type { Outbox } from "./outbox";

/** Sound for a page: mono PCM16, its rate in Hz. */
export interface PageSound {
  type: "pcm";
  pcm: Buffer;
  rate: number;
  turn?: number;
}

/** Texts of a page that it may send again. */
const MAX_TEXTS = 100;
/** Milliseconds without sound after which a page that leaves has all of its answer. */
const SILENCE_MS = 500;

/** A page, from its first message until it has been away for long enough. Its id is that of its `_session`. */
export class Client {
  readonly id: string;
  /** The id of its browser in node. */
  readonly node: string;
  /** The name of its login. */
  readonly user: string | undefined;
  /** Undefined while the page has no socket. */
  #outbox: Outbox | undefined;
  #sound: { rate: number; turn: number | undefined } | undefined;
  /** The last state of the conversation as JSON, for a page that comes back. */
  #state: string | undefined;
  /** The ids of its last texts. */
  #texts: string[] = [];
  /** Closes the socket when another takes its place, or when the page leaves. */
  #close = (_code: CloseCode) => {};
  /** Ends the wait for silence of a page that leaves. */
  #stay: (() => void) | undefined;

  constructor(id: string, node: string, user: string | undefined) {
    this.id = id;
    this.node = node;
    this.user = user;
  }

  /** Whether the page has a socket. */
  get isOpen() {
    return this.#outbox !== undefined;
  }

  /** Whether a text with this id has not come before. Notes it. */
  isNew(id: string): boolean {
    if (this.#texts.includes(id)) return false;
    this.#texts = [...this.#texts, id].slice(-MAX_TEXTS);
    return true;
  }

  /** Attaches the page's socket. @param close closes it: another one takes its place, or the page shall connect again */
  attach(outbox: Outbox, close: (code: CloseCode) => void) {
    const closeReplaced = this.#close;
    this.#outbox = outbox;
    this.#close = close;
    this.#sound = undefined;
    closeReplaced(4004);
  }

  /** Has the page connect again when no more sound comes: its conversation continues in another instance of Node-RED. */
  leave() {
    this.#stay?.();
    this.#stay = systemClock.after(SILENCE_MS, () => this.#close(1001));
  }

  /** Sends the state of the conversation to a page that has come back. */
  sendState() {
    if (this.#state) this.#outbox?.push(this.#state);
  }

  /** @returns false when another socket has taken the place of that one */
  detach(outbox: Outbox): boolean {
    if (this.#outbox !== outbox) return false;
    this.#outbox = undefined;
    this.#close = () => {};
    this.#stay?.();
    this.#stay = undefined;
    return true;
  }

  /** Sends a message or sound. Drops it when the page is away. @throws TypeError when JSON cannot hold the message */
  send(message: NodeMessage | PageSound) {
    const outbox = this.#outbox;
    if (message.type !== "pcm") {
      const json = JSON.stringify(message);
      if (message.type === "state") this.#state = json;
      if (message.type === "flush") outbox?.dropSound();
      return outbox?.push(json);
    }
    if (!outbox) return;
    const { pcm, rate, turn } = message;
    if (rate !== this.#sound?.rate || turn !== this.#sound.turn) {
      this.#sound = { rate, turn };
      outbox.push(JSON.stringify({ type: "sound", rate, turn } satisfies NodeMessage));
    }
    outbox.push(pcm);
    if (this.#stay) this.leave();
  }
}

/** All pages of all browser in nodes, by their ids. */
export const clients = new Map<string, Client>();

/** @param node the id of a browser in node */
export const pagesOf = (node: string) => [...clients.values()].filter((client) => client.node === node);

/** A new `resume` token: 43 letters, digits, `-` and `_`. */
export const newResumeToken = () => randomBytes(32).toString("base64url");
export const isResumeToken = (token: unknown): token is string =>
  typeof token === "string" && /^[\w-]{43}$/.test(token);

/**
 * The id of the page that holds a `resume` token. Nobody can find a token for an id, so nobody can take over the conversation of
 * another page; and the id is the same after a restart of Node-RED. Another login in the same tab gets another id.
 * @param node the id of the browser in node
 * @param user the name of the login
 */
export const idOf = (node: string, token: string, user = "") =>
  createHash("sha256").update(`${node} ${token} ${user}`).digest("hex").slice(0, 32);
