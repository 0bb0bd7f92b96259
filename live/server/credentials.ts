// The credentials of one conversation: the key of its connection, or ephemeral tokens that are requested with it.

import type { Clock } from "../../audio/clock";
import { mintToken, type Token, type TokenTerms } from "./ephemeral-token";
import type { Server } from "./server";

/** Ephemeral tokens for the connections of this package. */
export interface OwnTokens extends TokenTerms {
  /** Milliseconds before its expiry at which a token is renewed. */
  renewBeforeMs: number;
}

export interface CredentialsOptions {
  /** Returns the server, and starts it if it is the simulator. */
  server(): Promise<Server>;
  /** Absent: connections use the key itself. */
  tokens?: OwnTokens | undefined;
  /** Milliseconds within which the server must issue a token. */
  connectTimeoutMs: number;
  clock: Clock;
}

/** Milliseconds between two attempts to renew a token. */
const RENEW_AGAIN_MS = 60_000;

export class Credentials {
  readonly #options: CredentialsOptions;
  #token: Token | undefined;
  /** Conversations that the token has started. */
  #starts = 0;
  /** The token of the current connection. */
  #shown: Token | undefined;
  /** Time of day from which the token may be renewed in advance. */
  #renewAt = 0;

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  /**
   * The server with the credentials for the next connection: a resume uses the same token while it is valid; a new conversation needs
   * one that may still start a conversation.
   * @param ended ends a request for a token
   * @throws InputError or ConnectionError when there is none, and the reason of `ended`
   */
  async show(resuming: boolean, ended?: AbortSignal): Promise<Server> {
    const server = await this.#options.server();
    const { tokens, clock } = this.#options;
    if (!tokens || server.access.by !== "key") return server;
    let token = this.#token;
    if (!token || !this.#serves(token, tokens, resuming)) {
      const old = token;
      token = await this.#make(server, tokens, ended).catch((error) => {
        // A token allows resuming until it expires.
        if (resuming && old && clock.date() < old.expiresAt) return old;
        throw error;
      });
    }
    this.#shown = token;
    if (!resuming) this.#starts += 1;
    return { ...server, access: { by: "token", token: token.name, madeFrom: server.access.key } };
  }

  #serves(token: Token, { uses, renewBeforeMs }: OwnTokens, resuming: boolean) {
    const now = this.#options.clock.date();
    if (token.expiresAt - now <= renewBeforeMs) return false;
    return resuming || (now < token.startBefore && (uses === 0 || this.#starts < uses));
  }

  async #make(server: Server, tokens: OwnTokens, ended?: AbortSignal): Promise<Token> {
    const { connectTimeoutMs, clock } = this.#options;
    this.#token = await mintToken(server, tokens, { timeoutMs: connectTimeoutMs, clock, ended });
    this.#starts = 0;
    return this.#token;
  }

  /** The server no longer accepts the token: the next connection gets a new one. */
  drop() {
    if (this.#token === this.#shown) this.#token = undefined;
  }

  /**
   * Renews a token that expires soon, while its connection stays open. Call it about once a second.
   * @param onNew called when there is a new one, with the milliseconds until the connection of the old one ends
   */
  watch(onNew: (endsInMs: number) => void) {
    const { tokens, clock } = this.#options;
    const old = this.#shown;
    const now = clock.date();
    if (!tokens || !old || old !== this.#token) return;
    if (old.expiresAt - now > tokens.renewBeforeMs || now < this.#renewAt) return;
    this.#renewAt = now + RENEW_AGAIN_MS;
    this.#options
      .server()
      .then((server) => this.#make(server, tokens))
      .then(
        () => {
          if (this.#shown === old) onNew(old.expiresAt - clock.date());
        },
        () => {}, // The old token is still valid. When it expires, the server closes, and the next attempt reports the error.
      );
  }
}
