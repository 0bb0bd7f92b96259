// The badge of a live session: the state of its conversation, or the number of conversations in each state.

import type { Node, NodeAPI, NodeStatus } from "node-red";
import type { Attempt } from "../../live/connection/connection-events";
import type { BadgeState } from "../../live/state/state";

type Appearance = Pick<NodeStatus & object, "fill" | "shape">;

const APPEARANCE: Record<BadgeState, Appearance> = {
  disconnected: { fill: "grey", shape: "ring" },
  connecting: { fill: "yellow", shape: "ring" },
  connected: { fill: "green", shape: "dot" },
  interrupted: { fill: "blue", shape: "dot" },
  thinking: { fill: "green", shape: "ring" },
  closing: { fill: "yellow", shape: "ring" },
  closed: { fill: "grey", shape: "ring" },
};

const NOT_OPEN: readonly BadgeState[] = ["disconnected", "closing", "closed"];

/** The cause of a failure, and the attempt to connect. */
interface LatestChange {
  cause?: string | undefined;
  attempt?: Attempt | undefined;
}

/** What the badge shows, before it is translated. */
interface Shown {
  /** How many conversations there are, if there is more than one. */
  several?: { live: number; connecting: number };
  /** The state of the one, the cause of its failure, and the attempt to connect if it is not the first. */
  state?: BadgeState;
  cause?: string;
  again?: { attempt: number; of: number };
}

export class Badge {
  readonly #red: NodeAPI;
  readonly #node: Node;
  /** Conversations are not kept, although they should be. */
  isStoreMissing = false;
  /** What it shows: Node-RED tells every editor and status node each time. */
  #shown = "";

  constructor(red: NodeAPI, node: Node) {
    this.#red = red;
    this.#node = node;
  }

  show(states: BadgeState[], last: LatestChange = {}) {
    const shown = shownOf(states, last);
    // Before anything is translated: turns begin and end all the time.
    const key = JSON.stringify([shown, this.isStoreMissing]);
    if (key === this.#shown) return;
    this.#shown = key;
    const status = this.#statusOf(shown);
    const text = this.isStoreMissing
      ? this.#red._("live-session.badge.notKept", { state: status.text })
      : status.text;
    this.#node.status({ ...status, text, ...(this.isStoreMissing && { fill: "yellow" as const }) });
  }

  #statusOf({ several, state = "disconnected", cause, again }: Shown): Appearance & { text: string } {
    if (several)
      return {
        fill: several.live ? "green" : "yellow",
        shape: several.live ? "dot" : "ring",
        text: this.#red._("live-session.badge.several", {
          live: String(several.live),
          connecting: String(several.connecting),
        }),
      };
    if (cause) return { fill: "red", shape: "ring", text: cause };
    const text = again
      ? this.#red._("live-session.badge.again", { attempt: String(again.attempt), of: String(again.of) })
      : this.#red._(`live-session.badge.${state}`);
    return { ...APPEARANCE[state], text };
  }
}

function shownOf(states: BadgeState[], { cause, attempt }: LatestChange): Shown {
  const connecting = states.filter((state) => state === "connecting").length;
  const live = states.filter((state) => !NOT_OPEN.includes(state)).length - connecting;
  if (live + connecting > 1) return { several: { live, connecting } };
  if (live + connecting === 0 && cause) return { cause };
  const open = states.find((state) => state !== "closed" && state !== "disconnected");
  const state = open ?? states.at(-1) ?? "disconnected";
  const { attempt: number = 1, of = 1 } = attempt ?? {};
  return state === "connecting" && number > 1 ? { state, again: { attempt: number, of } } : { state };
}
