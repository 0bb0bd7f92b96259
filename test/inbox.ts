// What has come, in order, and a way to wait for what is still to come.

export class Inbox<T> {
  readonly items: T[] = [];
  #waiting: { wanted: (item: T) => boolean; resolve: (item: T) => void }[] = [];

  /** Usable as a callback. */
  readonly push = (item: T) => {
    this.items.push(item);
    const met = this.#waiting.filter(({ wanted }) => wanted(item));
    this.#waiting = this.#waiting.filter(({ wanted }) => !wanted(item));
    for (const { resolve } of met) resolve(item);
  };

  /** The first item that is `wanted`, among those that are here or the next to come. */
  first(wanted: (item: T) => boolean = () => true): Promise<T> {
    const here = this.items.find(wanted);
    return here === undefined ? this.next(wanted) : Promise.resolve(here);
  }

  /** The next item to come that is `wanted`. */
  next(wanted: (item: T) => boolean = () => true): Promise<T> {
    return new Promise((resolve) => this.#waiting.push({ wanted, resolve }));
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
