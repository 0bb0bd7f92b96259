// The processes of the bench: starts one, asks it, and answers in it.

import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What a process has used so far, as usage.cjs says. */
export interface Usage {
  cpuMs: number;
  rss: number;
  heap: number;
}

const READY = "answers";

interface Reply {
  id: number;
  answer?: unknown;
  error?: string;
}

/** A process that answers. `A`: what it answers, besides what usage.cjs does. */
export class Child<A> {
  readonly process: ChildProcess;
  #asked = 0;
  #output = "";

  /** @param options `execArgv`: besides those of every process of the bench */
  constructor(file: string, args: readonly string[] = [], options: ForkOptions = {}) {
    const loader = file.endsWith(".ts") ? ["--import", pathToFileURL(require.resolve("tsx")).href] : [];
    this.process = fork(file, args, {
      ...options,
      execArgv: ["--expose-gc", "--require", join(__dirname, "usage.cjs"), ...loader],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.process.setMaxListeners(0);
    for (const stream of [this.process.stdout!, this.process.stderr!])
      stream.setEncoding("utf8").on("data", (text) => {
        this.#output = (this.#output + text).slice(-5_000);
      });
  }

  /** Calls an answer of the process. Rejects when it throws, or when the process ends. */
  ask<K extends keyof A & string>(
    name: K,
    ...args: A[K] extends (...args: infer P) => unknown ? P : never
  ): Promise<A[K] extends (...args: never[]) => infer R ? Awaited<R> : never> {
    return this.#ask(name, args) as never;
  }

  /** Resolves when a process that calls answer() answers. */
  ready = () => this.printed(new RegExp(READY));
  usage = () => this.#ask("usage") as Promise<Usage>;
  collected = () => this.#ask("collected") as Promise<Usage>;
  profile = () => this.#ask("profile") as Promise<void>;
  profiled = (file: string) => this.#ask("profiled", [file]) as Promise<void>;

  /** Resolves when it has printed this, with the first group. Rejects when it ends before. */
  async printed(pattern: RegExp): Promise<string | undefined> {
    for (;;) {
      const found = pattern.exec(this.#output);
      if (found) return found[1];
      if (this.process.exitCode !== null) throw new Error(`A process of the bench ended: ${this.#output}`);
      await Promise.race([once(this.process.stdout!, "data"), once(this.process, "exit")]);
    }
  }

  async stop() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill("SIGKILL");
    await once(this.process, "exit");
  }

  #ask(ask: string, args: unknown[] = []): Promise<unknown> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      const leave = () => this.process.off("message", onReply).off("exit", onExit);
      const onReply = (reply: Reply) => {
        if (reply.id !== id) return;
        leave();
        if (reply.error) reject(new Error(reply.error));
        else resolve(reply.answer);
      };
      const onExit = () => {
        leave();
        reject(new Error(`A process of the bench ended: ${this.#output}`));
      };
      this.process.on("message", onReply).on("exit", onExit);
      this.process.send({ id, ask, args });
    });
  }
}

/** In a process: answers what the bench asks. */
export function answer(answers: object) {
  const known = answers as Record<string, (...args: unknown[]) => unknown>;
  process.on("message", async ({ id, ask, args }: { id: number; ask: string; args: unknown[] }) => {
    if (!Object.hasOwn(known, ask)) return;
    try {
      process.send!({ id, answer: await known[ask]!(...args) });
    } catch (error) {
      process.send!({ id, error: String((error as Error).stack) });
    }
  });
  console.log(READY);
}
