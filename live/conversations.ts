// The conversations of one session node by their keys: opened when needed, bounded in number, ended when nobody uses them.

import { Conversation, type ConversationOptions } from "./conversation";
import { InputError } from "./errors";
import type { ConversationEvent, State } from "./events";

export interface ConversationLimits {
  /** How many conversations may be open at once, over all who share `open`. */
  most: number;
  /** Milliseconds without anything in or out after which a conversation ends; 0: never. */
  idleMs: number;
  /** The open conversations of everyone who uses the same connection. */
  open: Set<Conversation>;
}

/** How often it is looked for conversations that nobody uses, in milliseconds. */
const SWEEP_MS = 1_000;
/** Milliseconds after which a conversation that has ended is forgotten; until then it remembers why it may not open again. */
const FORGET_MS = 60_000;

export class Conversations {
  readonly #conversations = new Map<string, Conversation>();
  readonly #options: Omit<ConversationOptions, "admit">;
  readonly #limits: ConversationLimits;
  readonly #emit: (key: string, event: ConversationEvent) => void;
  #cancelSweep: (() => void) | undefined;
  #closed = false;

  constructor(
    options: Omit<ConversationOptions, "admit">,
    limits: ConversationLimits,
    emit: (key: string, event: ConversationEvent) => void,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#emit = emit;
  }

  /** The conversation of that key, if there is one. */
  find(key: string): Conversation | undefined {
    return this.#conversations.get(key);
  }

  /** The conversation of that key; a new one is not open yet. */
  get(key: string): Conversation {
    return this.find(key) ?? this.#create(key);
  }

  /** The states that the conversations are in. */
  states(): State[] {
    return [...this.#conversations.values()].map(({ state }) => state);
  }

  /** Ends all of them and reports nothing more. */
  close() {
    this.#closed = true;
    this.#cancelSweep?.();
    for (const conversation of this.#conversations.values()) conversation.close();
    this.#conversations.clear();
  }

  #tell(key: string, event: ConversationEvent) {
    if (!this.#closed) this.#emit(key, event);
  }

  #create(key: string) {
    const { most, open } = this.#limits;
    const admit = () => {
      if (open.size >= most) {
        const limit = `${most} conversations are open, which is the limit of the connection`;
        this.#tell(key, { type: "refused", what: "conversation", why: limit });
        throw new InputError(`Gemini Live: ${limit}. Raise it there, or end one.`);
      }
      open.add(conversation);
    };
    const conversation: Conversation = new Conversation({ ...this.#options, admit }, (event) => {
      if (event.type === "state" && event.state === "closed") open.delete(conversation);
      this.#tell(key, event);
    });
    this.#conversations.set(key, conversation);
    this.#cancelSweep ??= this.#options.clock.after(SWEEP_MS, () => this.#sweep());
    return conversation;
  }

  #sweep() {
    const now = this.#options.clock.now();
    for (const [key, conversation] of this.#conversations) {
      const unused = now - conversation.lastUsed;
      if (conversation.isOpen && this.#limits.idleMs && unused >= this.#limits.idleMs)
        conversation.disconnect();
      else if (!conversation.isOpen && unused >= FORGET_MS) this.#conversations.delete(key);
    }
    this.#cancelSweep = this.#conversations.size
      ? this.#options.clock.after(SWEEP_MS, () => this.#sweep())
      : undefined;
  }
}
