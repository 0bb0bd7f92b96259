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

/** What the badge shows: how many conversations there are, or the state of the one, the cause of its failure and the attempt to connect. */
interface Shown {
  live: number;
  connecting: number;
  state?: BadgeState;
  cause?: string | undefined;
  attempt?: Attempt | undefined;
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

  /** @param last the latest change: the cause of a failure, and the attempt to connect */
  show(states: BadgeState[], last: Pick<Shown, "cause" | "attempt"> = {}) {
    const connecting = states.filter((state) => state === "connecting").length;
    const live = states.filter((state) => !NOT_OPEN.includes(state)).length - connecting;
    const open = states.find((state) => state !== "closed" && state !== "disconnected");
    const state = open ?? states.at(-1) ?? "disconnected";
    const shown: Shown = {
      live,
      connecting,
      ...(live + connecting < 2 && { state, attempt: last.attempt }),
      ...(live + connecting === 0 && { cause: last.cause }),
    };
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

  #statusOf({ live, connecting, state, cause, attempt }: Shown): Appearance & { text: string } {
    if (!state)
      return {
        fill: live ? "green" : "yellow",
        shape: live ? "dot" : "ring",
        text: this.#red._("live-session.badge.several", {
          live: String(live),
          connecting: String(connecting),
        }),
      };
    if (cause) return { fill: "red", shape: "ring", text: cause };
    const { attempt: number = 1, of = 1 } = attempt ?? {};
    const text =
      state === "connecting" && number > 1
        ? this.#red._("live-session.badge.again", { attempt: String(number), of: String(of) })
        : this.#red._(`live-session.badge.${state}`);
    return { ...APPEARANCE[state], text };
  }
}
