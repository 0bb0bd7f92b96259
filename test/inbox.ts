// What has come, in order, and a way to wait for what is still to come.

export class Inbox<T> {
  readonly items: T[] = [];
  #read = 0;
  #look: (() => void) | undefined;

  /** Usable as a callback. */
  readonly push = (item: T) => {
    this.items.push(item);
    this.#look?.();
  };

  /** The next item that is `wanted` after the one that was returned last; waits for it. One may wait at a time. */
  next(wanted: (item: T) => boolean = () => true): Promise<T> {
    return new Promise((resolve) => {
      this.#look = () => {
        while (this.#read < this.items.length) {
          const item = this.items[this.#read++]!;
          if (!wanted(item)) continue;
          this.#look = undefined;
          return resolve(item);
        }
      };
      this.#look();
    });
  }
}

/** A promise and the function that fulfils it. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
