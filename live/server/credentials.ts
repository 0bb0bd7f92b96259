// What lets one conversation in: the key of its connection, or short-lived tokens that are made from it.

import type { Clock } from "../../audio/clock";
import { mintToken, type Token, type TokenTerms } from "./ephemeral-token";
import type { Server } from "./server";

/** Tokens for connections of our own. */
export interface OwnTokens extends TokenTerms {
  /** Milliseconds before its end at which a token is replaced by a new one. */
  renewBeforeMs: number;
}

export interface CredentialsOptions {
  /** Finds the server; may start it first. */
  server(): Promise<Server>;
  /** Absent: connections show the key itself. */
  tokens?: OwnTokens | undefined;
  /** Milliseconds that the server has to make a token. */
  connectTimeoutMs: number;
  clock: Clock;
}

/** Milliseconds between two tries to replace a token in time. */
const RENEW_AGAIN_MS = 60_000;

export class Credentials {
  readonly #options: CredentialsOptions;
  #token: Token | undefined;
  /** How many conversations the token has begun. */
  #starts = 0;
  /** What the connection was let in by. */
  #shown: Token | undefined;
  /** Time of day from which the token may be replaced in advance. */
  #renewAt = 0;

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  /**
   * The server, with what it must be shown now: to resume, the same token while it lives; to begin, one that may still begin.
   * @throws InputError or ConnectionError when there is none
   */
  async show(resuming: boolean): Promise<Server> {
    const server = await this.#options.server();
    const { tokens, clock } = this.#options;
    if (!tokens || server.access.by !== "key") return server;
    let token = this.#token;
    if (!token || !this.#serves(token, tokens, resuming)) {
      const old = token;
      token = await this.#make(server, tokens).catch((error) => {
        // Until its very end it lets one resume.
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

  async #make(server: Server, tokens: OwnTokens): Promise<Token> {
    const { connectTimeoutMs, clock } = this.#options;
    this.#token = await mintToken(server, tokens, { timeoutMs: connectTimeoutMs, clock });
    this.#starts = 0;
    return this.#token;
  }

  /** The server takes the token that it was shown no longer: the next one is another. */
  drop() {
    if (this.#token === this.#shown) this.#token = undefined;
  }

  /**
   * Replaces a token that comes close to its end, while what it has let in goes on; to be called about once a second.
   * @param onNew told, when there is another, in how many milliseconds what the old one has let in will end
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
        () => {}, // The old one still serves. When it ends the server says so, and what that leads to says why.
      );
  }
}
