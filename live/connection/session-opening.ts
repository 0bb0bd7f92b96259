// Opens the sockets of one conversation, and keeps a snapshot of the last setup that was sent.

import type { Done } from "../input/input";
import { Credentials, type CredentialsOptions } from "../server/credentials";
import { ConnectionError, InputError } from "../server/errors";
import { buildSetup, type Continuity, type ConversationSettings, outlivesConnection } from "../setup/setup";
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

/** The part of the setup that can change on a resume: everything but the model (docs/live-api.md 1.2). */
type Snapshot = Pick<ConversationSettings, "instruction"> & { tools: readonly ServedTool[] };

export class SessionOpening {
  readonly #options: OpeningOptions;
  readonly #credentials: Credentials;
  #sent: Snapshot | undefined;
  readonly #state: StateStore;
  /** Replaces the instruction of the settings. */
  #instruction: string | undefined;

  constructor(options: OpeningOptions, state: StateStore) {
    this.#options = options;
    this.#state = state;
    this.#credentials = new Credentials(options);
  }

  /** Whether the instruction or the tools have changed since the last setup. */
  get isOutdated() {
    return this.#sent !== undefined && contentOf(this.#sent) !== contentOf(this.#current());
  }

  /** Changes the instruction: at the next idle moment, or with the next setup. */
  instruct(instruction: string, done: Done) {
    const { settings, continuity, clock } = this.#options;
    const { current } = this.#state;
    if (isOpen(current) && !outlivesConnection(settings, continuity))
      return done(
        new InputError(
          'The instruction of an open conversation cannot change with "report only" or single turn. Send the action "disconnect" first.',
        ),
      );
    this.#instruction = instruction;
    this.#state.apply({ type: "prepared", keepUntil: clock.now() + HANDLE_LIFETIME_MS });
    this.#state.idleAgain();
    done();
  }

  /** The next conversation begins with the instruction of the settings. */
  reset() {
    this.#instruction = undefined;
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
    const { settings, continuity, connectTimeoutMs, clock, admit } = this.#options;
    admit();
    const server = await this.#credentials.show(handle !== undefined);
    const present = this.#current();
    this.#sent = present;
    const setup = buildSetup({ ...settings, instruction: present.instruction }, continuity, {
      handle,
      history: !handle && hasHistory(),
      tools: present.tools.map(({ declaration }) => declaration),
    });
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

  #current(): Snapshot {
    const { settings, tools } = this.#options;
    return { instruction: this.#instruction ?? settings.instruction, tools: tools() };
  }

  /** After an expired or used-up token, the next attempt gets a new one. */
  #learn(error: unknown) {
    if (error instanceof ConnectionError && error.verdict === "token") this.#credentials.drop();
  }
}

/** What the server gets of a snapshot: not which node serves a tool. */
function contentOf({ instruction, tools }: Snapshot) {
  return JSON.stringify([instruction, tools.map(({ declaration }) => declaration)]);
}
