// The conversations of one session node by their keys: opened when needed, bounded in number, ended when nobody uses them.

import { Conversation } from "./conversation";
import type { ConversationEvent, State } from "./events";
import type { ConversationOptions, HandleStore } from "./options";
import { InputError } from "./server/errors";

export interface ConversationLimits {
  /** How many conversations may be open at once, over all who share `open`. */
  most: number;
  /** Milliseconds without anything in or out after which a conversation ends; 0: never. */
  idleTimeoutMs: number;
  /** The open conversations of everyone who uses the same connection. */
  open: Set<Conversation>;
}

/** How often it is looked for conversations that nobody uses, in milliseconds. */
const SWEEP_MS = 1_000;
/** Milliseconds after which a conversation that has ended is let go of; until then it knows why sound may not open it again. */
const FORGET_MS = 60_000;

type SharedOptions = Omit<ConversationOptions, "admit" | "handles">;
type Listener = (conversation: Conversation, event: ConversationEvent) => void;

export class ConversationPool {
  readonly #conversations = new Map<string, Conversation>();
  readonly #options: SharedOptions;
  readonly #limits: ConversationLimits;
  readonly #handles: ((key: string) => HandleStore) | undefined;
  readonly #emit: Listener;
  #cancelSweep: (() => void) | undefined;
  #closed = false;

  /** @param handles where the handle of each key is kept; undefined: nowhere */
  constructor(
    options: SharedOptions,
    limits: ConversationLimits,
    handles: ((key: string) => HandleStore) | undefined,
    emit: Listener,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#handles = handles;
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

  /** The tools may have changed. */
  updateTools() {
    for (const conversation of this.#conversations.values()) conversation.updateTools();
  }

  /** Ends all of them and reports nothing more. */
  close() {
    this.#closed = true;
    this.#cancelSweep?.();
    for (const conversation of this.#conversations.values()) conversation.close();
    this.#conversations.clear();
  }

  #tell(conversation: Conversation, event: ConversationEvent) {
    if (!this.#closed) this.#emit(conversation, event);
  }

  #create(key: string) {
    const { most, open } = this.#limits;
    const admit = () => {
      if (open.size >= most && !open.has(conversation)) {
        const limit = `${most} conversations are open, which is the limit of the connection`;
        this.#tell(conversation, { type: "refused", what: "conversation", why: limit });
        throw new InputError(`Gemini Live: ${limit}. Raise it there, or end one.`);
      }
      open.add(conversation);
    };
    const conversation: Conversation = new Conversation(
      { ...this.#options, admit, handles: this.#handles?.(key) },
      (event) => {
        if (event.type === "state" && event.state === "closed") open.delete(conversation);
        this.#tell(conversation, event);
      },
    );
    this.#conversations.set(key, conversation);
    this.#cancelSweep ??= this.#options.clock.after(SWEEP_MS, () => this.#sweep());
    return conversation;
  }

  #sweep() {
    const now = this.#options.clock.now();
    for (const [key, conversation] of this.#conversations) {
      const unused = now - conversation.lastUsed;
      conversation.watch();
      if (conversation.isOpen && this.#limits.idleTimeoutMs && unused >= this.#limits.idleTimeoutMs)
        conversation.disconnect();
      else if (!conversation.isOpen && !conversation.isRemembered && unused >= FORGET_MS)
        this.#conversations.delete(key);
    }
    this.#cancelSweep = this.#conversations.size
      ? this.#options.clock.after(SWEEP_MS, () => this.#sweep())
      : undefined;
  }
}
