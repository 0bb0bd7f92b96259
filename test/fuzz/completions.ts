// Notes how often nodes complete a message.

import { createRequire } from "node:module";
import { cleanUp } from "../clean-up";

/** Milliseconds within which a message is completed: less than in other tests, because fast-check tries a failure many times. */
const DEADLINE_MS = 10_000;

interface Hooks {
  add(hook: string, run: (event: { msg: object }) => void): void;
  remove(hook: string): void;
}
const { hooks } = createRequire(require.resolve("node-red"))("@node-red/util") as { hooks: Hooks };

/** How often each message was completed, and who waits for that. */
export class Completions {
  readonly #counts = new WeakMap<object, number>();
  #look = () => {};

  constructor() {
    hooks.add("onComplete.fuzz", ({ msg }) => {
      this.#counts.set(msg, this.of(msg) + 1);
      this.#look();
    });
    cleanUp(() => hooks.remove("onComplete.fuzz"));
  }

  of(msg: object) {
    return this.#counts.get(msg) ?? 0;
  }

  /** Resolves when the message is completed. Returns false when it is not in time. */
  until(msg: object): Promise<boolean> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => resolve(false), DEADLINE_MS);
      this.#look = () => {
        if (!this.of(msg)) return;
        clearTimeout(deadline);
        resolve(true);
      };
      this.#look();
    });
  }
}
