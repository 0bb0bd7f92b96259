// A connection to Redis, with its official client: an optional package that is loaded when a connection names a shared store.

import { createHash } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import type { Clock } from "../../audio/clock";
import { LiveError } from "../../live/server/errors";

export interface RedisAddress {
  /** `redis://` or `rediss://` */
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  /** Options of Node.js's tls.connect. */
  tls?: SecureContextOptions | undefined;
}

/** What is used of the package's client. */
interface Client {
  readonly isReady: boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "ready", listener: () => void): unknown;
  connect(): Promise<unknown>;
  eval(script: string, of: { keys: string[]; arguments: (string | Buffer)[] }): Promise<unknown>;
  evalSha: Client["eval"];
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  close(): Promise<void>;
  destroy(): void;
}

/** Milliseconds in which Redis must answer. */
const ANSWER_MS = 1_000;
/** Milliseconds between two signs of life, and without one until the connection is made anew. */
const PING_MS = 2_000;
const SILENCE_MS = 5_000;
/** Milliseconds before the first and further attempts to connect; the wait doubles up to the longest, and is scattered by up to as much. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 500;

/** Characters from which on a value is written as bytes, which the client sends faster than a long text. */
const LONG = 1_000;

const digests = new Map<string, string>();

/** Redis knows a script by this once it has run it. */
function digestOf(script: string): string {
  const digest = digests.get(script) ?? createHash("sha1").update(script).digest("hex");
  digests.set(script, digest);
  return digest;
}

const importPackage = () => import("redis");

/** A client that is not connected yet. Rejects with an error that says how to install the package when it is missing. */
export async function makeClient(
  { url, username, password, tls }: RedisAddress,
  importIt = importPackage,
): Promise<Client> {
  const { createClient } = await importIt().catch((error: Error) => {
    throw new LiveError(
      "GEMINI_MODULE",
      "the shared store needs the package redis, which cannot be loaded. Go to the user directory of Node-RED (usually ~/.node-red), " +
        `run "npm install redis", and restart Node-RED. The cause: ${error.message.split("\n")[0]}`,
      { cause: error },
    );
  });
  const wait = (retries: number) =>
    Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retries) * (1 + Math.random());
  const reach = { connectTimeout: SILENCE_MS, socketTimeout: SILENCE_MS, reconnectStrategy: wait };
  return createClient({
    url,
    ...(username && { username }),
    ...(password && { password }),
    socket: /^rediss:/i.test(url) ? { ...tls, ...reach, tls: true } : reach,
    pingInterval: PING_MS,
    disableOfflineQueue: true,
    // Each command has a limit of time here: one of the client's own would make an AbortSignal for each.
    commandOptions: { timeout: 0 },
  }) as unknown as Client;
}

export class Redis {
  readonly #clock: Clock;
  #client: Client | undefined;
  /** Resolves when the first attempt to connect has succeeded or failed, or takes too long. */
  readonly #begun: Promise<void>;
  #error: Error = new LiveError("GEMINI_UNREACHABLE", "Redis does not answer");
  /** It hears the channels, also after each new connection: the client sees to that. */
  #isListening = false;
  #isClosed = false;
  #endWait = () => {};
  /** Ends of the waits for the next connection. */
  readonly #waiting = new Set<() => void>();

  /**
   * @param channels receive the messages on them, by their names
   * @param onReady is called with each connection that listens to the channels
   */
  constructor(
    address: RedisAddress,
    clock: Clock,
    channels: Record<string, (message: string) => void>,
    onReady: () => void,
  ) {
    this.#clock = clock;
    this.#begun = new Promise((resolve) => {
      const failed = (error: Error) => {
        this.#error = error;
        resolve();
      };
      const listen = async (client: Client) => {
        if (this.#isListening) return;
        for (const [channel, receive] of Object.entries(channels)) await client.subscribe(channel, receive);
        this.#isListening = true;
      };
      const begin = async () => {
        const client = await makeClient(address);
        if (this.#isClosed) return;
        this.#client = client;
        client.on("error", failed);
        client.on("ready", () => {
          listen(client).then(() => {
            resolve();
            for (const end of this.#waiting) end();
            onReady();
          }, failed);
        });
        await client.connect();
      };
      begin().catch(failed);
      const cancel = clock.after(SILENCE_MS, resolve);
      this.#endWait = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Without its channels it is of no use: other instances could not ask for a conversation. */
  get isConnected() {
    return this.#client?.isReady === true && this.#isListening;
  }

  /** Runs a script. Rejects if Redis cannot be reached or does not answer in time. */
  eval(
    script: string,
    { keys, arguments: values }: { keys: string[]; arguments: string[] },
  ): Promise<unknown> {
    const args = values.map((value) => (value.length < LONG ? value : Buffer.from(value)));
    const of = { keys, arguments: args };
    return this.#ask((client) =>
      client.evalSha(digestOf(script), of).catch((error: Error) => {
        if (!error.message.startsWith("NOSCRIPT")) throw error;
        return client.eval(script, of);
      }),
    );
  }

  /** Sends a message to the channel of another instance. Rejects as eval(). */
  async publish(channel: string, message: string) {
    await this.#ask((client) => client.publish(channel, message));
  }

  async close() {
    this.#isClosed = true;
    this.#endWait();
    if (!this.#client?.isReady) return this.#client?.destroy();
    await this.#inTime(this.#client.close()).catch(() => this.#client?.destroy());
  }

  async #ask<T>(command: (client: Client) => Promise<T>): Promise<T> {
    await this.#begun;
    const client = this.#client;
    if (client && !client.isReady) await this.#connected();
    if (!client || !this.isConnected) throw this.#error;
    return this.#inTime(command(client));
  }

  /** Resolves with the next connection, which may be near, or when that takes too long. */
  #connected(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const cancel = this.#clock.after(ANSWER_MS, end);
      this.#waiting.add(end);
    });
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = () =>
        reject(new LiveError("GEMINI_UNREACHABLE", `Redis has not answered for ${ANSWER_MS} ms`));
      // When this process was busy, the answer may be there already, and is read after the timers.
      const cancel = this.#clock.after(ANSWER_MS, () => setImmediate(fail));
      answer.then(resolve, reject).finally(cancel);
    });
  }
}
