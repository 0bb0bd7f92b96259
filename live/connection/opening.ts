// Opens the sockets of one conversation: with its settings and tools as they are at that moment, and with what lets it in.

import type { ConversationOptions } from "../options";
import { Credentials } from "../server/credentials";
import { ConnectionError } from "../server/errors";
import { buildSetup } from "../setup/setup";
import type { ServedTool } from "../tools/tool-dispatch";
import { type LiveSocket, openSocket, type SocketHandlers } from "./socket";

export class Opening {
  readonly #options: ConversationOptions;
  readonly #pass: Credentials;
  /** The tools that the server was told of last. */
  #told: readonly ServedTool[] = [];
  /** What the flow has said instead of the instruction of the settings. */
  instruction: string | undefined;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#pass = new Credentials(options);
  }

  get tools() {
    return this.#told;
  }

  /** Whether the server was told of other tools than there are now. */
  get isOutdated() {
    return declarationsOf(this.#told) !== declarationsOf(this.#options.tools());
  }

  /** Sees to it that what lets it in does not end; as Credentials.watch(). */
  watch(onNew: (endsInMs: number) => void) {
    this.#pass.watch(onNew);
  }

  /**
   * Opens a socket.
   * @param handle of the conversation to go on with
   * @param hasHistory whether one that begins will be told of something that was said before
   * @throws as openSocket does, and when the conversation may not open now
   */
  async dial(
    handle: string | undefined,
    hasHistory: () => boolean,
    handlers: SocketHandlers,
    signal: AbortSignal,
  ): Promise<LiveSocket> {
    const { settings, continuity, connectTimeoutMs, clock, admit } = this.#options;
    admit();
    const server = await this.#pass.show(handle !== undefined);
    this.#told = this.#options.tools();
    const setup = buildSetup(
      { ...settings, ...(this.instruction && { instruction: this.instruction }) },
      continuity,
      {
        handle,
        history: !handle && hasHistory(),
        tools: this.#told.map(({ declaration }) => declaration),
      },
    );
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

  /** A token whose time is over, or that was used too often, is no reason to fail: the next try has a new one. */
  #learn(error: unknown) {
    if (error instanceof ConnectionError && error.verdict === "token") this.#pass.drop();
  }
}

function declarationsOf(tools: readonly ServedTool[]) {
  return JSON.stringify(tools.map(({ declaration }) => declaration));
}
