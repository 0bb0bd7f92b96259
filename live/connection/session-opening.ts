// Opens the sockets of one conversation with its settings as they are now, and knows the last setup that was sent.

import { Credentials, type CredentialsOptions } from "../server/credentials";
import { ConnectionError, InputError } from "../server/errors";
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
import { HANDLE_LIFETIME_MS } from "./resumption-handle";
import { type LiveSocket, openSocket, type SocketHandlers } from "./socket";

export interface OpeningOptions extends CredentialsOptions {
  settings: ConversationSettings;
  continuity: Continuity;
  /** The tools that the model may use, as they are now. */
  tools(): readonly ServedTool[];
  /** Throws if this conversation may not open now; the error gives the reason. */
  admit(): void;
}

export class SessionOpening {
  readonly #options: OpeningOptions;
  readonly #credentials: Credentials;
  readonly #state: StateStore;
  #settings: ConversationSettings;
  /** The settings of the next setup. */
  #present: ConversationSettings;
  /** The last setup, as contentOf() writes it. */
  #sent: string | undefined;

  constructor(options: OpeningOptions, state: StateStore) {
    this.#options = options;
    this.#state = state;
    this.#settings = options.settings;
    this.#present = options.settings;
    this.#credentials = new Credentials(options);
  }

  /** The settings of the conversation, without an instruction that was changed since. */
  get settings() {
    return this.#settings;
  }

  /** Whether the settings or the tools have changed since the last setup. */
  get isOutdated() {
    return this.#differs(this.#present);
  }

  /**
   * Changes the instruction until reset(): at the next idle moment, or with the next setup.
   * @throws InputError if the conversation is open and cannot be resumed
   */
  instruct(instruction: string) {
    this.#change({ ...this.#present, instruction });
  }

  /** Changes the settings, and throws, as instruct(). */
  configure(settings: ConversationSettings) {
    this.#change(settings);
    this.#settings = settings;
  }

  #change(settings: ConversationSettings) {
    const { continuity, clock } = this.#options;
    const cannotResume = isOpen(this.#state.current) && !outlivesConnection(settings, continuity);
    if (cannotResume && this.#differs(settings))
      throw new InputError(
        'The settings of an open conversation cannot change with "report only" or single turn. Send the action "disconnect" first.',
      );
    this.#present = settings;
    this.#state.apply({ type: "prepared", keepUntil: clock.now() + HANDLE_LIFETIME_MS });
    this.#state.idleAgain();
  }

  /** The next conversation begins with the instruction of the settings. */
  reset() {
    this.#present = this.#settings;
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
    const { connectTimeoutMs, clock, admit } = this.#options;
    this.#sent = undefined;
    admit();
    const server = await this.#credentials.show(handle !== undefined);
    const setup = this.#build(this.#present, { handle, history: !handle && hasHistory() });
    this.#sent = contentOf(this.#build(this.#present));
    const onClose = (error: ConnectionError) => {
      this.#learn(error);
      handlers.onClose(error);
    };
    return openSocket(server, setup, { ...handlers, onClose }, connectTimeoutMs, clock, signal).catch(
      (error) => {
        this.#learn(error);
        throw error;
      },
    );
  }

  #differs(settings: ConversationSettings) {
    return this.#sent !== undefined && this.#sent !== contentOf(this.#build(settings));
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

/** What the server gets of a setup. */
const contentOf = ({ config, extra }: Setup) => JSON.stringify([config, extra]);
