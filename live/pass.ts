// What lets one conversation in: the key of its connection, or short-lived tokens that are made from it.

import type { Clock } from "../audio/clock";
import type { Server } from "./server";
import { mintToken, type Token, type TokenTerms } from "./tokens";

/** Tokens for connections of our own. */
export interface OwnTokens extends TokenTerms {
  /** Milliseconds before its end at which a token is replaced by a new one. */
  marginMs: number;
}

export interface PassOptions {
  /** Finds the server; may start it first. */
  server(): Promise<Server>;
  /** Absent: connections show the key itself. */
  tokens?: OwnTokens | undefined;
  /** Milliseconds that the server has to make a token. */
  setupTimeoutMs: number;
  clock: Clock;
}

export class Pass {
  readonly #options: PassOptions;
  #token: Token | undefined;
  /** How many conversations the token has begun. */
  #starts = 0;

  constructor(options: PassOptions) {
    this.#options = options;
  }

  /**
   * The server, with what it must be shown now: to resume, the same token while it lives; to begin, one that may still begin.
   * @throws InputError or ConnectionError when there is none
   */
  async show(resuming: boolean): Promise<Server> {
    const { tokens, setupTimeoutMs, clock } = this.#options;
    const server = await this.#options.server();
    if (!tokens) return server;
    let token = this.#token;
    if (!token || !this.#serves(token, tokens, resuming)) {
      token = await mintToken(server, tokens, { timeoutMs: setupTimeoutMs, clock });
      this.#token = token;
      this.#starts = 0;
    }
    if (!resuming) this.#starts += 1;
    return { ...server, access: { by: "token", token: token.name } };
  }

  #serves(token: Token, { uses, marginMs }: OwnTokens, resuming: boolean) {
    const now = this.#options.clock.date();
    if (token.expiresAt - now <= marginMs) return false;
    return resuming || (now < token.startBefore && (uses === 0 || this.#starts < uses));
  }

  /** The server takes the token no longer: the next one is new. */
  drop() {
    this.#token = undefined;
  }

  /** Milliseconds to the end of the token, once it is time to replace it; else undefined. */
  get endsInMs(): number | undefined {
    const { tokens, clock } = this.#options;
    if (!tokens || !this.#token) return undefined;
    const ms = this.#token.expiresAt - clock.date();
    return ms <= tokens.marginMs ? ms : undefined;
  }
}
