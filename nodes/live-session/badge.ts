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
  show(states: BadgeState[], last: { cause?: string | undefined; attempt?: Attempt | undefined } = {}) {
    const status = this.#statusOf(states, last);
    const text = this.isStoreMissing
      ? this.#red._("live-session.badge.notKept", { state: status.text })
      : status.text;
    const shown = { ...status, text, ...(this.isStoreMissing && { fill: "yellow" as const }) };
    const key = JSON.stringify(shown);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#node.status(shown);
  }

  #statusOf(
    states: BadgeState[],
    last: { cause?: string | undefined; attempt?: Attempt | undefined },
  ): Appearance & { text: string } {
    const connecting = states.filter((state) => state === "connecting").length;
    const live = states.filter((state) => !NOT_OPEN.includes(state)).length - connecting;
    if (live + connecting > 1)
      return {
        fill: live ? "green" : "yellow",
        shape: live ? "dot" : "ring",
        text: this.#red._("live-session.badge.several", {
          live: String(live),
          connecting: String(connecting),
        }),
      };
    if (live + connecting === 0 && last.cause) return { fill: "red", shape: "ring", text: last.cause };
    const open = states.find((state) => state !== "closed" && state !== "disconnected");
    const state = open ?? states.at(-1) ?? "disconnected";
    const { attempt = 1, of = 1 } = last.attempt ?? {};
    const text =
      state === "connecting" && attempt > 1
        ? this.#red._("live-session.badge.again", { attempt: String(attempt), of: String(of) })
        : this.#red._(`live-session.badge.${state}`);
    return { ...APPEARANCE[state], text };
  }
}
