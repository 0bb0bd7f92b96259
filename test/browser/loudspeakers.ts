// Loudspeakers for browsers on a machine that has none: sinks of a pulseaudio of the test, which can be plugged in, unplugged and
// listened to.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cleanUp } from "../clean-up";
import { DEADLINE_MS } from "../inbox";

const sink = (name: string) => [
  "module-null-sink",
  `sink_name=${name}`,
  `sink_properties=device.description=${name}`,
];

export class Loudspeakers {
  /** Browsers that are started with it play there. */
  readonly env: NodeJS.ProcessEnv;
  readonly #names: Set<string>;

  private constructor(names: string[], env: NodeJS.ProcessEnv) {
    this.#names = new Set(names);
    this.env = env;
  }

  /** Runs until the end of the test. @param program pulseaudio @param names of the loudspeakers; the first is the system's */
  static async start(program: string, ...names: string[]): Promise<Loudspeakers> {
    const folder = mkdtempSync(join(tmpdir(), "sound-"));
    const socket = join(folder, "socket");
    const modules = [
      ...names.map((name) => sink(name).join(" ")),
      `module-native-protocol-unix socket=${socket} auth-anonymous=1`,
    ];
    const server = spawn(
      program,
      ["-n", "--daemonize=no", "--exit-idle-time=-1", ...modules.flatMap((module) => ["-L", module])],
      { env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder }, stdio: "ignore" },
    );
    cleanUp(async () => {
      server.kill();
      if (server.exitCode === null) await once(server, "exit");
      rmSync(folder, { recursive: true });
    });
    const deadline = Date.now() + DEADLINE_MS;
    while (!existsSync(socket)) {
      if (server.exitCode !== null || Date.now() > deadline) throw new Error("pulseaudio does not start.");
      await delay(50);
    }
    return new Loudspeakers(names, { ...process.env, PULSE_SERVER: `unix:${socket}` });
  }

  plugIn(name: string) {
    this.#control("load-module", ...sink(name));
    this.#names.add(name);
  }

  unplug(name: string) {
    const modules = this.#control("list", "short", "modules").split("\n");
    this.#control(
      "unload-module",
      modules.find((line) => line.includes(`sink_name=${name} `))!.split("\t")[0]!,
    );
    this.#names.delete(name);
  }

  /** Records each loudspeaker until the end of the test. @returns what they have played since, by their names: mono PCM16 of 24 kHz */
  async listen(): Promise<Record<string, () => Buffer>> {
    const entries = [...this.#names].map(async (name) => {
      const format = ["--raw", "--format=s16le", "--rate=24000", "--channels=1", "--latency-msec=20"];
      const recorder = spawn("parec", [...format, `--device=${name}.monitor`], { env: this.env });
      cleanUp(async () => {
        recorder.kill();
        if (recorder.exitCode === null && recorder.signalCode === null) await once(recorder, "exit");
      });
      const recorded: Buffer[] = [];
      recorder.stdout.on("data", (data) => recorded.push(data));
      await once(recorder.stdout, "data", { signal: AbortSignal.timeout(DEADLINE_MS) });
      return [name, () => Buffer.concat(recorded)] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  #control(...command: string[]): string {
    return execFileSync("pactl", command, { env: this.env, encoding: "utf8" });
  }
}
