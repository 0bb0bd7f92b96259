// Whether the conversations of one connection leave this Node-RED, because it will stop: no new ones begin, and those that are open close
// at their next idle moments, so that another instance continues them.

export class Leaving {
  readonly #open: { readonly size: number };
  readonly #listeners = new Set<(withinMs: number) => void>();
  #hasBegun = false;

  /** @param open the open conversations of the connection */
  constructor(open: { readonly size: number }) {
    this.#open = open;
  }

  get hasBegun() {
    return this.#hasBegun;
  }

  /** The number of open conversations. */
  get conversations() {
    return this.#open.size;
  }

  /** Calls `leave` when it begins. @returns a function that removes the listener */
  onBegin(leave: (withinMs: number) => void): () => void {
    this.#listeners.add(leave);
    return () => this.#listeners.delete(leave);
  }

  /** Lasts until the connection is deployed again. @param withinMs milliseconds after which an open conversation leaves without an idle moment */
  begin(withinMs: number) {
    this.#hasBegun = true;
    for (const leave of this.#listeners) leave(withinMs);
  }
}
