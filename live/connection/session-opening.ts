// Opens the sockets of one conversation, and knows what the server was told with the last one: one snapshot of the whole setup.

import { Credentials, type CredentialsOptions } from "../server/credentials";
import { ConnectionError } from "../server/errors";
import { buildSetup, type Continuity, type ConversationSettings } from "../setup/setup";
import type { ServedTool } from "../tools/tool-dispatch";
import { type LiveSocket, openSocket, type SocketHandlers } from "./socket";

export interface OpeningOptions extends CredentialsOptions {
  settings: ConversationSettings;
  continuity: Continuity;
  /** The tools that the model may use, as they are now. */
  tools(): readonly ServedTool[];
  /** Throws an error that says why when this conversation may not open now. */
  admit(): void;
}

/** What a server is told of a conversation in the setup and may change on a resume: everything but the model (docs/live-api.md 1.2). */
type Snapshot = Pick<ConversationSettings, "instruction"> & { tools: readonly ServedTool[] };

export class SessionOpening {
  readonly #options: OpeningOptions;
  readonly #credentials: Credentials;
  #told: Snapshot | undefined;
  /** Replaces the instruction of the settings, from the next setup on. */
  instruction: string | undefined;

  constructor(options: OpeningOptions) {
    this.#options = options;
    this.#credentials = new Credentials(options);
  }

  /** Whether the server was told of another instruction or other tools than there are now. */
  get isOutdated() {
    return this.#told !== undefined && contentOf(this.#told) !== contentOf(this.#present());
  }

  /** Renews the token in time; as Credentials.watch(). */
  watch(onRenewed: (endsInMs: number) => void) {
    this.#credentials.watch(onRenewed);
  }

  /**
   * Opens a socket.
   * @param handle of the conversation to resume
   * @param hasHistory whether a fresh conversation will be given history
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
    const present = this.#present();
    this.#told = present;
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

  #present(): Snapshot {
    const { settings, tools } = this.#options;
    return { instruction: this.instruction ?? settings.instruction, tools: tools() };
  }

  /** An expired or used-up token fails nothing for good: the next attempt has a new one. */
  #learn(error: unknown) {
    if (error instanceof ConnectionError && error.verdict === "token") this.#credentials.drop();
  }
}

/** What the server is told; who serves a tool is not part of it. */
function contentOf({ instruction, tools }: Snapshot) {
  return JSON.stringify([instruction, tools.map(({ declaration }) => declaration)]);
}
