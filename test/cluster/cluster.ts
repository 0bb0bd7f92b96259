// The example cluster on the loopback interface: its own flow, settings and configurations, with three real Node-REDs, Debian's
// programs, and one simulator of the Live server.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { name as packageName } from "../../package.json";
import { type Simulator, startSimulator } from "../../simulator/server";
import { cleanUp, opened } from "../clean-up";
import { startMosquitto } from "../examples/esp32/mosquitto";
import { collect, hasEnded, printed } from "../node-red";
import { freePort } from "../plain-node-red";
import { type RedisServer, startRedis } from "../redis-server";
import { describeWithPrograms, temporaryFolder } from "../sound-programs";
import { Link } from "./link";

const EXAMPLE = resolve(__dirname, "../../examples/cluster");
const NAMES = ["one", "two", "three"] as const;

/** How many devices talk: a machine with two cores that runs other tests as well has no sound left for more. */
export const DEVICES = Number(process.env.CLUSTER_DEVICES ?? 12);
/** Decides what the devices say and when, and which instance ends. */
export const SEED = Number(process.env.CLUSTER_SEED ?? 7);

/** Like `describe`, for tests of the cluster. */
export const describeCluster = (title: string, body: () => void) =>
  describeWithPrograms(["redis-server", "mosquitto", "haproxy"], title, body);

/** One Node-RED, which may be ended and started again. */
export class Instance {
  readonly name: string;
  readonly port: number;
  /** Between it and Redis, where the test asks for one. */
  readonly redis: Link | undefined;
  readonly #env: NodeJS.ProcessEnv;
  #program: ReturnType<typeof spawn> | undefined;
  output = () => "";

  constructor(name: string, port: number, redis: Link | undefined, env: NodeJS.ProcessEnv) {
    this.name = name;
    this.port = port;
    this.redis = redis;
    this.#env = { ...env, INSTANCE: name, PORT: String(port), ...(redis && { REDIS_URL: redis.url }) };
    cleanUp(() => this.kill());
  }

  /** Starts it, in a folder of its own, as a container does. Resolves when it takes devices. */
  async start() {
    const folder = temporaryFolder();
    const link = join(folder, "node_modules", packageName);
    mkdirSync(join(link, ".."), { recursive: true });
    symlinkSync(resolve(__dirname, "../.."), link, "junction");
    writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies: { [packageName]: "*" } }));
    for (const file of ["settings.js", "cluster.json"]) cpSync(join(EXAMPLE, file), join(folder, file));
    const program = spawn(
      process.execPath,
      [require.resolve("node-red/red.js"), "-u", folder, "-s", join(folder, "settings.js")],
      { cwd: folder, env: this.#env, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#program = program;
    this.output = collect(program);
    await printed(program, this.output, /Started flows/);
    await printed(program, this.output, /Connected to broker/);
  }

  /** Ends it as a crash does. */
  kill() {
    return this.#end("SIGKILL");
  }

  /** Ends it as an update does. */
  stop() {
    return this.#end("SIGTERM");
  }

  pause() {
    this.#program!.kill("SIGSTOP");
  }

  continue() {
    this.#program!.kill("SIGCONT");
  }

  async #end(signal: NodeJS.Signals) {
    const program = this.#program;
    if (!program || hasEnded(program)) return;
    const ended = once(program, "exit");
    program.kill(signal);
    await ended;
  }
}

export interface Cluster {
  simulator: Simulator;
  redis: RedisServer;
  instances: Instance[];
  /** Of the broker. */
  mqttPort: number;
  /** Of HAProxy. */
  port: number;
  /** Sends a command to HAProxy, and returns its answer. */
  command(line: string): Promise<string>;
  /** Waits until HAProxy sends sockets to an instance. */
  isUp(instance: Instance): Promise<void>;
}

/**
 * Starts all of it, until the end of the test.
 * @param hasLinks whether the connections to Redis can be slow or cut
 */
export async function startCluster(hasLinks = false): Promise<Cluster> {
  const simulator = await opened(startSimulator());
  const redis = await startRedis();
  const config = readFileSync(join(EXAMPLE, "mosquitto.conf"), "utf8");
  const mqttPort = await startMosquitto((port) =>
    config.replace(/^listener 1883$/m, `listener ${port} 127.0.0.1`),
  );
  const env = {
    ...process.env,
    GEMINI_API_KEY: undefined,
    GEMINI_URL: simulator.url,
    REDIS_URL: redis.url,
    MQTT_URL: `mqtt://127.0.0.1:${mqttPort}`,
    CREDENTIAL_SECRET: "a secret of this test",
    HOST: "127.0.0.1",
  };
  const instances: Instance[] = [];
  for (const name of NAMES) {
    const link = hasLinks ? await opened(Link.to(redis.url)) : undefined;
    instances.push(new Instance(name, await freePort(), link, env));
  }
  await Promise.all(instances.map((instance) => instance.start()));
  return { simulator, redis, instances, mqttPort, ...(await startHaproxy(instances)) };
}

async function startHaproxy(instances: readonly Instance[]) {
  const port = await freePort();
  const statsPort = await freePort();
  const addresses = Object.fromEntries(
    instances.map(({ name, port }) => [name.toUpperCase(), `127.0.0.1:${port}`]),
  );
  const program = spawn("haproxy", ["-db", "-f", join(EXAMPLE, "haproxy.cfg")], {
    env: {
      ...process.env,
      ...addresses,
      BIND: `127.0.0.1:${port}`,
      STATS: `ipv4@127.0.0.1:${statsPort}`,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collect(program);
  const ended = once(program, "exit");
  cleanUp(() => {
    program.kill("SIGKILL");
    return ended;
  });
  const command = async (line: string) => {
    const socket = connect(statsPort, "127.0.0.1");
    socket.end(`${line}\n`);
    let answer = "";
    for await (const data of socket) answer += data;
    return answer;
  };
  const isUp = async ({ name }: Instance) => {
    // After its first checks.
    const up = new RegExp(`^instances,${name},.*,UP,.*,L7OK,`, "m");
    while (!up.test(await command("show stat").catch(() => ""))) {
      if (hasEnded(program)) throw new Error(`haproxy has ended:\n${output()}`);
      await sleep(50);
    }
  };
  for (const instance of instances) await isUp(instance);
  return { port, command, isUp };
}
