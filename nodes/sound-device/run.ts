// Runs a program that records or plays: without a shell, and with what it prints kept for the error.

import { spawn } from "node:child_process";
import { explainEnding } from "./failures";
import type { Command, DeviceError, Kind } from "./programs";

/** A running program. */
export interface Running {
  /** Writes sound to it. Returns false when it takes no more for now; `onDrain` then reports when it does. */
  write(pcm: Buffer): boolean;
  /** Ends its input: it plays what it has, and ends. */
  end(): void;
  /** Ends it at once, with all that it has started. It then ends without an error. */
  kill(): void;
  /** Takes no more of its sound until `resume`: it waits when its pipe is full. */
  pause(): void;
  resume(): void;
  /** Resolves when it has ended: with an error if it did so without kill(), and not after end() with success. Never rejects. */
  ended: Promise<DeviceError | undefined>;
}

export interface Handlers {
  onSound?: (chunk: Buffer) => void;
  onDrain?: () => void;
}

/** Characters of what a program has printed that are kept. */
const KEPT = 2_000;
/** Milliseconds after its exit for what it has printed last: something that it has started may hold the pipe for ever. */
const LAST_MS = 1_000;
/** A process group of its own ends as a whole, such as a script with the program that it has started. Windows has none. */
const detached = process.platform !== "win32";

/** Starts a program. `device` is named in the error. */
export function run(kind: Kind, command: Command, device: string, { onSound, onDrain }: Handlers): Running {
  // In the C locale, because the cause is read from what it prints.
  const child = spawn(command.file, command.args, {
    env: { ...process.env, LC_ALL: "C" },
    stdio: onSound ? ["ignore", "pipe", "pipe"] : ["pipe", "ignore", "pipe"],
    windowsHide: true,
    detached,
  });
  const killAll = () => {
    try {
      // Not SIGTERM, after which some programs play what they have.
      if (detached && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      else child.kill("SIGKILL");
    } catch {
      // All of it has ended.
    }
  };
  let printed = "";
  let wasEnded = false;
  let wasKilled = false;
  const ended = new Promise<DeviceError | undefined>((resolve) => {
    const finish = (ending: Pick<Parameters<typeof explainEnding>[3], "code" | "signal" | "error">) => {
      const isExpected = wasKilled || (wasEnded && ending.code === 0);
      resolve(isExpected ? undefined : explainEnding(kind, command, device, { printed, ...ending }));
    };
    child.on("error", (error) => {
      if (child.pid === undefined) finish({ code: null, signal: null, error });
    });
    child.once("exit", (code, signal) => {
      killAll();
      if (wasKilled) return finish({ code, signal });
      // After "exit" comes what it printed last, and then "close".
      const late = setTimeout(() => finish({ code, signal }), LAST_MS);
      child.once("close", () => {
        clearTimeout(late);
        finish({ code, signal });
      });
    });
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    printed = (printed + text).slice(-KEPT);
  });
  if (onSound) child.stdout!.on("data", onSound);
  // Writing to a program that has ended fails; `ended` has the cause.
  child.stdin?.on("error", () => {});
  if (onDrain) child.stdin!.on("drain", onDrain);
  return {
    write: (pcm) => child.stdin!.write(pcm),
    end() {
      wasEnded = true;
      child.stdin!.end();
    },
    kill() {
      wasKilled = true;
      if (child.exitCode === null && child.signalCode === null) killAll();
    },
    pause: () => child.stdout!.pause(),
    resume: () => child.stdout!.resume(),
    ended,
  };
}
