// The conversations of one live session node by their session keys: opened when needed, limited in number, ended when idle.

import type { HandleStore } from "./connection/resumption-handle";
import { Conversation } from "./conversation";
import type { ConversationEvent } from "./events";
import type { ConversationOptions } from "./options";
import { InputError } from "./server/errors";
import type { ConversationSettings } from "./setup/setup";
import type { BadgeState } from "./state/state";

export interface ConversationLimits {
  /** Maximum number of open conversations among all nodes that share `open`. */
  maxConversations: number;
  /** Milliseconds without input or output after which a conversation ends; 0: never. */
  idleTimeoutMs: number;
  /** The open conversations of all nodes that use the same connection. */
  open: Set<Conversation>;
}

/** The places of the open conversations in all processes that share a connection, by their keys. */
export interface SharedPlaces {
  /** Takes a place. false: all are taken; undefined: that is not known, and only this process counts. */
  take(key: string): Promise<boolean | undefined>;
  /** The conversation has ended. */
  release(key: string): void;
  /** Another process continues it, in its place. */
  leave(key: string): void;
}

/** Milliseconds between two checks of all conversations. */
const SWEEP_MS = 1_000;
/** Milliseconds after which a conversation that has ended is forgotten, unless its state still matters. */
const FORGET_MS = 60_000;
/** Maximum number of ended conversations that are kept; the one idle for longest is forgotten first. */
const MAX_ENDED = 1_000;
/** Milliseconds without input or output after which a conversation may be ended for a new one. */
const REPLACEABLE_MS = 30_000;

export interface SharedOptions extends Omit<ConversationOptions, "settings" | "admit" | "handles"> {
  /** The settings with which a conversation begins. */
  settingsFor(key: string): ConversationSettings;
  /** The store for the handle of a conversation, whose settings may change; absent: its handle is not stored. */
  handlesFor?: ((key: string, settings: () => ConversationSettings) => HandleStore) | undefined;
  /** Absent: other processes do not count. */
  places?: SharedPlaces | undefined;
  /** The conversation of this key is not in use: another process may continue it from what is stored. May be called again. */
  onUnused?(key: string): void;
}

type Listener = (conversation: Conversation, event: ConversationEvent) => void;

export class ConversationPool {
  readonly #conversations = new Map<string, Conversation>();
  readonly #options: SharedOptions;
  readonly #limits: ConversationLimits;
  readonly #emit: Listener;
  #cancelSweep: (() => void) | undefined;
  #closed = false;

  constructor(options: SharedOptions, limits: ConversationLimits, emit: Listener) {
    this.#options = options;
    this.#limits = limits;
    this.#emit = emit;
  }

  /** The conversation of a key, if there is one. */
  find(key: string): Conversation | undefined {
    return this.#conversations.get(key);
  }

  /** The conversation of a key; a new one is not open yet. */
  get(key: string): Conversation {
    return this.find(key) ?? this.#create(key, this.#options.settingsFor(key));
  }

  /**
   * Gives the conversation of a key these settings: at its next idle moment, or a new one in its place where they cannot change.
   * @throws as Conversation.configure()
   */
  configure(key: string, settings: ConversationSettings) {
    const conversation = this.get(key);
    if (conversation.canTake(settings)) return conversation.configure(settings);
    conversation.end();
    this.#replace(key, conversation, settings);
  }

  /** Ends the conversation of a key, and its own settings with it, as Conversation.disconnect(). */
  disconnect(key: string) {
    const conversation = this.get(key);
    conversation.disconnect();
    if (conversation.settings.own)
      this.#replace(key, conversation, this.#options.settingsFor(key)).disconnect();
  }

  /**
   * Closes the conversation of a key, which continues in another process, and forgets it: at its next idle moment.
   * @param withinMs milliseconds after which that is done without an idle moment
   * @param onLeft is called afterwards; absent: nobody waits for it
   */
  leave(key: string, cause: string, withinMs: number, onLeft?: () => void) {
    const conversation = this.find(key);
    if (!conversation) return onLeft?.();
    conversation.leave(withinMs, () => {
      if (this.find(key) === conversation) {
        this.#options.places?.leave(key);
        conversation.close(cause, onLeft !== undefined);
        this.#conversations.delete(key);
      }
      onLeft?.();
    });
  }

  /** Leaves all conversations, as leave(). @param onLeft is called for each */
  leaveAll(cause: string, withinMs: number, onLeft: (key: string) => void) {
    for (const key of [...this.#conversations.keys()]) this.leave(key, cause, withinMs, () => onLeft(key));
  }

  /** Another process may have continued the conversation of a key since it was closed here: its next input opens it from what is stored. */
  forgetClosed(key: string) {
    if (this.find(key)?.isOpen === false) this.#conversations.delete(key);
  }

  /** The states of the conversations, as the badge shows them. */
  states(): BadgeState[] {
    return [...this.#conversations.values()].map(({ badgeState }) => badgeState);
  }

  /** The tools may have changed. */
  updateTools() {
    for (const conversation of this.#conversations.values()) conversation.updateTools();
  }

  /**
   * Closes all connections, and reports nothing more but the ends of turns, for which devices wait. Returns how many texts remain without
   * an answer.
   * @param handsOver as Conversation.close()
   */
  close(handsOver = false): number {
    this.#closed = true;
    this.#cancelSweep?.();
    let unanswered = 0;
    for (const conversation of this.#conversations.values())
      unanswered += conversation.close(undefined, handsOver);
    this.#conversations.clear();
    return unanswered;
  }

  /** Puts another conversation in the place of one that has ended: a used-up token budget needs a reset there, too. */
  #replace(key: string, { spent }: Conversation, settings: ConversationSettings): Conversation {
    const conversation = this.#create(key, settings);
    if (spent) conversation.spend(spent);
    return conversation;
  }

  #report(conversation: Conversation, event: ConversationEvent) {
    if (!this.#closed || event.type === "turnComplete") this.#emit(conversation, event);
  }

  #create(key: string, settings: ConversationSettings): Conversation {
    const { open } = this.#limits;
    const { settingsFor: _, handlesFor, places, onUnused: __, ...options } = this.#options;
    const conversation: Conversation = new Conversation(
      {
        ...options,
        settings,
        admit: () => this.#admit(key, conversation),
        handles: handlesFor?.(key, () => conversation.settings),
      },
      (event) => {
        if (event.type === "state" && event.state === "closed" && open.delete(conversation))
          places?.release(key);
        this.#report(conversation, event);
      },
    );
    this.#conversations.set(key, conversation);
    this.#cancelSweep ??= this.#options.clock.after(SWEEP_MS, () => this.#sweep());
    return conversation;
  }

  /** At the limit, the conversation that has been idle longest is ended for the new one. */
  #admit(key: string, conversation: Conversation): Promise<void> | undefined {
    const { maxConversations, open } = this.#limits;
    if (open.has(conversation)) return undefined;
    const limit = `the connection allows ${maxConversations} open conversations`;
    if (open.size >= maxConversations) this.#makeRoom(conversation, limit);
    open.add(conversation);
    const { places } = this.#options;
    return places && this.#takePlace(places, key, conversation, `${limit} in all instances of Node-RED`);
  }

  async #takePlace(places: SharedPlaces, key: string, conversation: Conversation, limit: string) {
    const { open } = this.#limits;
    while ((await places.take(key)) === false) {
      // It may have ended meanwhile.
      if (!open.delete(conversation)) return;
      this.#makeRoom(conversation, limit);
      open.add(conversation);
    }
  }

  #makeRoom(conversation: Conversation, limit: string) {
    const { open } = this.#limits;
    const oldest = [...open].sort((a, b) => a.lastUsed - b.lastUsed)[0];
    if (!oldest || this.#options.clock.now() - oldest.lastUsed < REPLACEABLE_MS) {
      this.#report(conversation, {
        type: "refused",
        code: "GEMINI_CONVERSATION_LIMIT",
        what: "conversation",
        why: `${limit}, and all are in use`,
      });
      throw new InputError(
        `Not opened: ${limit}, and all are in use. Raise max conversations in the connection, or end one with the action "disconnect".`,
        "GEMINI_CONVERSATION_LIMIT",
      );
    }
    this.#report(conversation, {
      type: "warning",
      warning: `${limit}: the one that was idle longest was ended for a new one. Raise max conversations in the connection if this is not wanted.`,
    });
    oldest.end(`ended for another conversation: ${limit}`);
  }

  #sweep() {
    const now = this.#options.clock.now();
    const ended: [key: string, lastUsed: number][] = [];
    for (const [key, conversation] of this.#conversations) {
      const unusedMs = now - conversation.lastUsed;
      conversation.watch();
      if (conversation.isOpen && this.#limits.idleTimeoutMs && unusedMs >= this.#limits.idleTimeoutMs)
        conversation.end();
      else if (conversation.isOpen || unusedMs < FORGET_MS) continue;
      else {
        this.#options.onUnused?.(key);
        if (conversation.keepUntil > now) ended.push([key, conversation.lastUsed]);
        else this.#conversations.delete(key);
      }
    }
    ended.sort(([, a], [, b]) => b - a);
    for (const [key] of ended.slice(MAX_ENDED)) this.#conversations.delete(key);
    this.#cancelSweep = this.#conversations.size
      ? this.#options.clock.after(SWEEP_MS, () => this.#sweep())
      : undefined;
  }
}
