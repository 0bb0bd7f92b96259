// What a live session does when its conversations leave this Node-RED.

import type { ConversationPool } from "../../live/conversation-pool";
import { InputError } from "../../live/server/errors";
import type { FlowMessage } from "../flow/messages";
import type { Leaving } from "../leaving/leaving";
import { isStatus, keyOf, readRequest } from "./request";

/** Milliseconds after which a conversation leaves at the request of the flow without an idle moment. */
const LEAVE_MS = 60_000;
/** Maximum number of devices of which is known that they were told; the first is forgotten, and told again. */
const MAX_TOLD = 10_000;
const CAUSE = "leaves this Node-RED";
const REFUSAL =
  "This Node-RED is leaving: it takes no new conversations. Send the messages of this device to another instance.";

export class Departure {
  readonly #leaving: Leaving;
  readonly #conversations: ConversationPool;
  readonly #onRefused: (msg: FlowMessage, why: string) => void;
  /** The session keys of the devices that know. */
  readonly #told = new Set<string>();
  /** The live session is closed, and does not wait for the departure. */
  readonly close: () => void;

  /**
   * @param onLeft another instance may have the conversation of this key
   * @param onRefused gets the first message of a device that is refused
   */
  constructor(
    leaving: Leaving,
    conversations: ConversationPool,
    onLeft: (key: string) => void,
    onRefused: (msg: FlowMessage, why: string) => void,
  ) {
    this.#leaving = leaving;
    this.#conversations = conversations;
    this.#onRefused = onRefused;
    this.close = leaving.onBegin((withinMs) => conversations.leaveAll(CAUSE, withinMs, onLeft));
  }

  /** The flow wants it. */
  begin() {
    this.#leaving.begin(LEAVE_MS);
  }

  /** The device knows, by the event `left` or an error. */
  tell(key: string) {
    this.#told.add(key);
    if (this.#told.size > MAX_TOLD) this.#told.delete(this.#told.keys().next().value!);
  }

  /**
   * Whether a message does nothing, because its conversation is not here any more. Sound is refused once, and not at all
   * after the event `left`.
   * @throws InputError if the message would begin a conversation
   */
  ignores(msg: FlowMessage): boolean {
    const key = this.#leaving.hasBegun ? keyOf(msg) : undefined;
    if (key === undefined) return false;
    const isHere = this.#conversations.find(key)?.isOpen === true;
    if (isStatus(msg)) return !isHere;
    const request = readRequest(msg);
    const kind = typeof request === "string" ? request : request.kind;
    if (isHere && kind !== "reset" && kind !== "configuration") return false;
    if (kind === "disconnect" || kind === "interrupt") return true;
    if (kind === "signal" && msg.action !== "activityStart") return true;
    if (kind === "sound" && this.#told.has(key)) return true;
    if (!this.#told.has(key)) this.#onRefused(msg, REFUSAL);
    this.tell(key);
    throw new InputError(REFUSAL, "GEMINI_LEAVING");
  }
}
