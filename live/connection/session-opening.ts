// Opens the sockets of one conversation with its settings as they are now, and knows the last setup that was sent.

import type { LiveClientContextUpdate } from "@google/genai";
import { Credentials, type CredentialsOptions } from "../server/credentials";
import { ConnectionError, InputError } from "../server/errors";
import { profileOf } from "../setup/model-profiles";
import {
  buildSetup,
  type Continuity,
  type ConversationSettings,
  outlivesConnection,
  type Setup,
} from "../setup/setup";
import { isOpen } from "../state/state";
import type { StateStore } from "../state/store";
import type { ServedTool } from "../tools/tool-dispatch";
import { isOther, updateBetween } from "./context-update";
import { HANDLE_LIFETIME_MS } from "./resumption-handle";
import { type LiveSocket, openSocket, type SocketHandlers } from "./socket";

export interface OpeningOptions extends CredentialsOptions {
  settings: ConversationSettings;
  /**
   * Reads the settings whose values are only known when a conversation opens. They replace those of `settings`, except its own. Rejects
   * if a value cannot be used.
   */
  readSettings?(settings: ConversationSettings): Promise<Partial<ConversationSettings>>;
  continuity: Continuity;
  /** The tools that the model may use, as they are now. */
  tools(): readonly ServedTool[];
  /** Throws or rejects if this conversation may not open now; the error gives the reason. */
  admit(): Promise<void> | undefined;
}

/** Milliseconds after a context update in which a close with 1007 or 1008 counts as its refusal. */
const REFUSAL_MS = 5_000;

export class SessionOpening {
  readonly #options: OpeningOptions;
  readonly #credentials: Credentials;
  readonly #state: StateStore;
  #settings: ConversationSettings;
  /** The settings that were read when the conversation opened. */
  #read: Partial<ConversationSettings> = {};
  #isRead = false;
  /** The instruction that replaces the one of the settings. */
  #instruction: string | undefined;
  /** The setup of the session as it is, without a handle and history. */
  #sent: Setup | undefined;
  /** Whether the session takes context updates. */
  #takesUpdates = false;
  /** The server has refused a context update in this conversation. */
  #refusesUpdates = false;
  /** Clock time of the last context update, in milliseconds. */
  #updatedAt = Number.NEGATIVE_INFINITY;

  constructor(options: OpeningOptions, state: StateStore) {
    this.#options = options;
    this.#state = state;
    this.#settings = options.settings;
    this.#credentials = new Credentials(options);
  }

  /** The settings of the conversation, without those that are read when it opens, and an instruction that was changed since. */
  get settings() {
    return this.#settings;
  }

  /** The instruction that has replaced the one of the settings. */
  get instruction() {
    return this.#instruction;
  }

  /** Continues with this instruction in the place of the one of the settings. */
  restore(instruction: string | undefined) {
    this.#instruction = instruction;
  }

  /** The settings of the next setup. */
  get #present() {
    return this.#with(this.#settings, this.#instruction);
  }

  #with(settings: ConversationSettings, instruction: string | undefined): ConversationSettings {
    const { own = {} } = settings;
    const read = Object.entries(this.#read).filter(([name]) => !Object.hasOwn(own, name));
    return {
      ...settings,
      ...Object.fromEntries(read),
      ...(instruction !== undefined && { instruction }),
    };
  }

  /** Whether the settings or the tools have changed since the last setup. */
  get isOutdated() {
    return this.#differs(this.#present);
  }

  /** Whether a context update brings the open session up to date. */
  get canUpdate() {
    return this.#updateTo(this.#present) !== undefined;
  }

  /** The context update that brings the open session up to date: the caller sends it. */
  takeUpdate(): LiveClientContextUpdate | undefined {
    const update = this.#updateTo(this.#present);
    if (!update) return undefined;
    this.#sent = this.#build(this.#present);
    this.#updatedAt = this.#options.clock.now();
    return update;
  }

  /**
   * Changes the instruction until reset(): at the next idle moment, or with the next setup.
   * @throws InputError if the model takes none, or the conversation is open and cannot be resumed
   */
  instruct(instruction: string) {
    const { model } = this.#settings;
    if (profileOf(model).refuses.includes("instruction"))
      throw new InputError(
        `${model} takes no instruction: send the action "update" to a live session with another model.`,
      );
    this.#change(this.#settings, instruction);
  }

  /** Changes the settings, and throws, as instruct(). */
  configure(settings: ConversationSettings) {
    this.#change(settings, undefined);
  }

  #change(settings: ConversationSettings, instruction: string | undefined) {
    const { continuity, clock } = this.#options;
    const next = this.#with(settings, instruction);
    const cannotResume = isOpen(this.#state.current) && !outlivesConnection(settings, continuity);
    if (cannotResume && this.#differs(next) && !this.#updateTo(next))
      throw new InputError(
        'The settings of an open conversation cannot change with "report only" or single turn. Send the action "disconnect" first.',
      );
    this.#settings = settings;
    this.#instruction = instruction;
    this.#state.apply({ type: "prepared", keepUntil: clock.now() + HANDLE_LIFETIME_MS });
    this.#state.idleAgain();
  }

  /** The next conversation begins with the instruction of the settings. */
  reset() {
    this.#instruction = undefined;
    this.#refusesUpdates = false;
  }

  /** The conversation opens, and its settings are to be read anew. */
  begin() {
    this.#isRead = false;
  }

  /** Renews the token before it expires, as Credentials.watch(). */
  watch(onRenewed: (endsInMs: number) => void) {
    this.#credentials.watch(onRenewed);
  }

  /**
   * Opens a socket.
   * @param handle of the conversation to resume
   * @param hasHistory whether a new conversation will get history
   * @throws as openSocket does, and when the conversation may not open now
   */
  async open(
    handle: string | undefined,
    hasHistory: () => boolean,
    handlers: SocketHandlers,
    signal: AbortSignal,
  ): Promise<LiveSocket> {
    const { connectTimeoutMs, clock, admit, readSettings } = this.#options;
    this.#sent = undefined;
    const admission = admit();
    if (admission) {
      await admission;
      signal.throwIfAborted();
    }
    if (readSettings && !this.#isRead) {
      const read = await readSettings(this.#settings);
      // A conversation that was ended meanwhile may have opened again.
      signal.throwIfAborted();
      this.#read = read;
      this.#isRead = true;
    }
    const server = await this.#credentials.show(handle !== undefined, signal);
    const setup = this.#build(this.#present, { handle, history: !handle && hasHistory() });
    this.#sent = this.#build(this.#present);
    this.#takesUpdates = server.access.by === "google" && profileOf(setup.model).contextUpdate;
    this.#updatedAt = Number.NEGATIVE_INFINITY;
    const onClose = (error: ConnectionError) => {
      this.#learn(error);
      handlers.onClose(this.#isRefusedUpdate(error) ? this.#withoutUpdates(error) : error);
    };
    return openSocket(server, setup, { ...handlers, onClose }, connectTimeoutMs, clock, signal).catch(
      (error) => {
        this.#learn(error);
        throw error;
      },
    );
  }

  #differs(settings: ConversationSettings) {
    return this.#sent !== undefined && isOther(this.#sent, this.#build(settings));
  }

  #updateTo(settings: ConversationSettings) {
    if (!this.#sent || !this.#takesUpdates || this.#refusesUpdates) return undefined;
    return updateBetween(this.#sent, this.#build(settings));
  }

  #isRefusedUpdate({ closeCode }: ConnectionError) {
    return (
      (closeCode === 1007 || closeCode === 1008) && this.#options.clock.now() - this.#updatedAt <= REFUSAL_MS
    );
  }

  /** The close is no reason to give up: the next connection gets the change with its setup. */
  #withoutUpdates({ closeCode }: ConnectionError) {
    this.#refusesUpdates = true;
    const cause = "the server refused a context update";
    const advice = "The setup has the change.";
    return new ConnectionError({ code: "GEMINI_REFUSED", verdict: "passing", cause, advice }, closeCode);
  }

  #build(
    settings: ConversationSettings,
    begins: { handle?: string | undefined; history?: boolean } = {},
  ): Setup {
    const { continuity, tools } = this.#options;
    const declarations = tools().map(({ declaration }) => declaration);
    return buildSetup(settings, continuity, { ...begins, tools: declarations });
  }

  /** After an expired or used-up token, the next attempt gets a new one. */
  #learn(error: unknown) {
    if (error instanceof ConnectionError && error.verdict === "token") this.#credentials.drop();
  }
}
