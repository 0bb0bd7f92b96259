// Keeps the conversations of a live session where its connection says: in the shared store, or in Node-RED's context.

import { systemClock } from "../../audio/clock";
import type { ConversationPool } from "../../live/conversation-pool";
import type { LiveSessionNode, SharedConnection } from "../flow/node-types";
import type { Badge } from "./badge";
import { deleteHandles, HandleStores } from "./handle-store";

/** Milliseconds after which a conversation that another instance waits for is handed over without an idle moment. */
const HANDOVER_MS = 5_000;
const CAUSE = "continues in another Node-RED";

/**
 * The store of the conversations; undefined: they are not kept. Without its shared store, a live session works, warns and says so in its
 * badge.
 * @param conversations those of the live session, which may be made after this
 */
export function keepConversations(
  node: LiveSessionNode,
  isKept: boolean,
  connection: SharedConnection,
  badge: Badge,
  conversations: () => ConversationPool,
): HandleStores | undefined {
  if (!isKept) return void deleteHandles(node);
  const onHealth = (error?: Error) => {
    badge.isStoreMissing = error !== undefined;
    badge.show(conversations().states());
    if (error)
      node.warn(
        `Conversations are not kept in the shared store, and limits count in this Node-RED only: ${error.message}`,
      );
    else node.log("Conversations are kept in the shared store again.");
  };
  try {
    const store = connection.store();
    return new HandleStores(
      node,
      systemClock,
      store && {
        ...store,
        random: Math.random,
        onHealth,
        onRead: (key) => conversations().forgetClosed(key),
        onAsked: (key, handOver) => conversations().leave(key, CAUSE, HANDOVER_MS, handOver),
        onLost: (key) => conversations().leave(key, CAUSE, 0),
        canTake: (key) => {
          const conversation = conversations().find(key);
          return conversation?.isRead === true && conversation.state !== "connecting";
        },
        onResult: (key, id, result, done) => conversations().find(key)!.respond(id, result, done),
      },
    );
  } catch (error) {
    badge.isStoreMissing = true;
    node.warn(`Conversations are kept, and limits count, in this Node-RED only: ${(error as Error).message}`);
    return new HandleStores(node, systemClock);
  }
}
