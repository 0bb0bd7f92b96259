// A Redis for one test: Debian's server, on a free port of this machine, with nothing on disk.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cleanUp } from "./clean-up";
import { collect, printed } from "./node-red";
import { freePort } from "./plain-node-red";

export interface RedisServer {
  /** `redis://127.0.0.1:port` */
  url: string;
  /** It answers nothing until it is continued, as a network that is cut. */
  pause(): void;
  continue(): void;
  /** Ends it with all that it holds. */
  stop(): Promise<void>;
}

/** @param options of redis-server @param port absent: a free one */
export async function startRedis(options: string[] = [], port?: number): Promise<RedisServer> {
  const chosen = port ?? (await freePort());
  const program = spawn(
    "redis-server",
    ["--port", String(chosen), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...options],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const stop = async () => {
    if (program.exitCode !== null || program.signalCode !== null) return;
    program.kill("SIGKILL");
    await once(program, "exit");
  };
  cleanUp(stop);
  await printed(program, collect(program), /Ready to accept connections/);
  return {
    url: `redis://127.0.0.1:${chosen}`,
    pause: () => program.kill("SIGSTOP"),
    continue: () => program.kill("SIGCONT"),
    stop,
  };
}
