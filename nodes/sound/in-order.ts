// Handles the messages of a node one after the other: at once, unless an earlier one still waits for something.

type Handle = () => Promise<void> | void;

export class InOrder {
  /** Settles when the earlier messages are handled; undefined: they are. */
  #earlier: Promise<void> | undefined;

  /** Calls `handle` after the earlier messages, and then `done`, with the error of `handle` if it throws or rejects. */
  run(handle: Handle, done: (error?: Error) => void) {
    let handled: ReturnType<Handle>;
    try {
      handled = this.#earlier ? this.#earlier.then(handle) : handle();
    } catch (error) {
      return done(error as Error);
    }
    if (!handled) return done();
    const settled = handled
      .then(() => done(), done)
      .finally(() => {
        if (this.#earlier === settled) this.#earlier = undefined;
      });
    this.#earlier = settled;
  }
}
