// The pages of one browser in node that have no socket: one that comes back continues its conversation, the others end theirs.

import type { Clock } from "../../audio/clock";
import { type Client, clients, pagesOf } from "./clients";

/** Milliseconds for which the conversation of a page without a socket stays open: the page may be loading again. */
const AWAY_MS = 30_000;

export class AwayPages {
  readonly #clock: Clock;
  readonly #node: string;
  readonly #end: (client: Client) => void;
  /** What ends the waiting for them, the longest away first. */
  readonly #waits = new Map<Client, () => void>();

  /**
   * Waits also for pages whose sockets a deploy has closed.
   * @param node the id of the browser in node
   * @param end ends the conversation of a page that does not come back
   */
  constructor(clock: Clock, node: string, end: (client: Client) => void) {
    this.#clock = clock;
    this.#node = node;
    this.#end = end;
    for (const client of pagesOf(node)) this.add(client);
  }

  add(client: Client) {
    const cancel = this.#clock.after(AWAY_MS, () => this.#drop(client));
    this.#waits.set(client, cancel);
  }

  /** Waits no longer for a page that has come back. */
  delete(client: Client) {
    this.#waits.get(client)?.();
    this.#waits.delete(client);
  }

  /** Ends the conversations of those that are away for longest, until all pages of the node are at most so many. */
  limit(pages: number) {
    let tooMany = pagesOf(this.#node).length - pages;
    for (const client of this.#waits.keys()) if (tooMany-- > 0) this.#drop(client);
  }

  /** @param removed whether the node does not come back after the deploy */
  close(removed: boolean) {
    for (const cancel of this.#waits.values()) cancel();
    this.#waits.clear();
    if (removed) for (const client of pagesOf(this.#node)) this.#drop(client);
  }

  #drop(client: Client) {
    this.delete(client);
    clients.delete(client.id);
    this.#end(client);
  }
}
