// The shared limits of one connection: opens them when they are needed, and warns when they count in this process only.

import type { Node } from "node-red";
import type { LiveConnection, SharedConnection } from "../flow/node-types";
import { SharedLimits } from "../shared-store/limits";

/** The shared limits of one connection, which begin to count when they are needed. */
export class OwnLimits {
  readonly #node: Node;
  #limits: SharedLimits | undefined;
  #isOpen = false;
  /** A live session keeps its conversations in the store: it warns, and one warning is enough. */
  #isWatched = false;

  /** @param node of the connection */
  constructor(node: Node) {
    this.#node = node;
  }

  /** The connection with these limits. */
  over(connection: SharedConnection): LiveConnection {
    return {
      ...connection,
      store: () => {
        this.#isWatched = true;
        return connection.store();
      },
      sharedLimits: () => {
        if (!this.#isOpen) this.#open(connection);
        return this.#limits;
      },
    };
  }

  async close() {
    await this.#limits?.close();
  }

  #open({ store, limits: { maxConversations } }: SharedConnection) {
    this.#isOpen = true;
    const onHealth = (error?: Error) => {
      if (this.#isWatched) return;
      if (error)
        this.#node.warn(`The limits of the connection count in this Node-RED only: ${error.message}`);
      else this.#node.log("The limits of the connection count in all instances of Node-RED again.");
    };
    try {
      const options = store();
      if (options)
        this.#limits = new SharedLimits({
          ...options,
          connection: this.#node.id,
          maxConversations,
          onHealth,
          onOtherSecret: () =>
            this.#node.warn(
              'Another Node-RED with the same flow and shared store has another "credentialSecret" in its settings file. They do not continue ' +
                "each other's conversations, and count their limits apart. Set the same one in all instances, or give them stores of their own.",
            ),
        });
    } catch (error) {
      onHealth(error as Error);
    }
  }
}
