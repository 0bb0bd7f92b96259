// Measures what a shared store costs: the same conversations at the same time through a Node-RED that keeps them in a Redis, and through one
// that does not.

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "redis";
import { startRedis } from "../test/redis-server";
import { Child } from "./child";
import type { Devices } from "./devices";
import type { FarEnd } from "./far-end";
import { nodeRed, PACKAGE } from "./middles";
import { markdown, median } from "./tables";

/** How conversations go on: usually, and with as long a history as is kept and a handle every 1.2 s (docs/live-api.md 1.5). */
export const TALKS = {
  usual: { about: "with 2,000 characters of history", firstCharacters: 2_000, handles: 1 },
  worst: { about: "with 16,000 characters, and a handle every 1.2 s", firstCharacters: 16_000, handles: 6 },
};

/** What one round has measured, for each conversation. */
export interface StoreRound {
  /** % of a core: Node-RED with and without the store, and Redis. */
  cpuWith: number;
  cpuWithout: number;
  cpuRedis: number;
  /** Runs of the ownership script a second, the steps for a conversation in them, and those of them that store what was said. */
  scripts: number;
  steps: number;
  writes: number;
  /** Bytes that Redis gets a second. */
  bytes: number;
}

export interface StoreFigures {
  rounds: StoreRound[];
  /** Growth of both processes and size of what is stored, in bytes for each conversation. */
  memoryWith: number;
  memoryWithout: number;
  stored: number;
}

/** Milliseconds of an answer, from one to the next, and of a round. */
const ANSWER_MS = 4_000;
const TURN_MS = 7_000;
const ROUND_MS = 2 * TURN_MS;

type Client = Awaited<ReturnType<typeof connect>>;
const connect = (url: string) => createClient({ url }).connect();

/** What Redis has done so far. */
async function readRedis(client: Client) {
  const info = (await Promise.all(["commandstats", "stats", "cpu"].map((part) => client.info(part)))).join();
  const number = (pattern: RegExp) => Number(pattern.exec(info)?.[1] ?? 0);
  const calls = (command: string) => number(new RegExp(`cmdstat_${command}:calls=(\\d+)`));
  // In each step the script reads who owns the conversation, sets the owner, and then what was said.
  const steps = calls("hmget");
  return {
    cpuRedis: 100_000 * (number(/used_cpu_user:([\d.]+)/) + number(/used_cpu_sys:([\d.]+)/)),
    scripts: 1_000 * (calls("eval") + calls("evalsha")),
    steps: 1_000 * steps,
    writes: 1_000 * (calls("hset") - steps),
    bytes: 1_000 * number(/total_net_input_bytes:(\d+)/),
  };
}

/** Bytes of what is stored of one conversation. */
async function storedBytes(client: Client) {
  const keys = await client.keys("gemini-live:conversation:*");
  const lengths: number[] = await Promise.all(keys.map((key) => client.hStrLen(key, "data").then(Number)));
  return lengths.reduce((sum, length) => sum + length, 0) / keys.length;
}

/** @param count of conversations through each Node-RED */
export async function sharedStore(
  farEnd: Child<FarEnd>,
  talk: keyof typeof TALKS,
  count: number,
  pairs: number,
): Promise<StoreFigures> {
  const redis = await startRedis();
  const client = await connect(redis.url);
  const children: Child<object>[] = [];
  const rounds: StoreRound[] = [];
  try {
    const liveUrl = `http://127.0.0.1:${await farEnd.ask("port")}`;
    const { about: _, ...texts } = TALKS[talk];
    await farEnd.ask("speak", ANSWER_MS, texts);
    const start = async (store?: string) => {
      const { child, kind } = (await nodeRed(PACKAGE, "websocket", undefined, store)(liveUrl))!;
      const devices = new Child<Devices>(join(__dirname, "devices.ts"));
      children.push(child, devices);
      await devices.ready();
      await devices.ask("open", kind, 5);
      const { rss } = await child.collected();
      await devices.ask("open", kind, count);
      return { child, rss };
    };
    const both = [await start(redis.url), await start()] as const;
    const read = async () => {
      const [kept, plain] = await Promise.all(both.map(({ child }) => child.usage()));
      return { ...(await readRedis(client)), cpuWith: 100 * kept!.cpuMs, cpuWithout: 100 * plain!.cpuMs };
    };
    await delay(TURN_MS);
    for (let round = 0; round < pairs; round++) {
      const before = await read();
      const started = performance.now();
      await delay(ROUND_MS);
      const after = await read();
      const took = performance.now() - started;
      const names = Object.keys(before) as (keyof typeof before)[];
      const figures = names.map((name) => [name, (after[name] - before[name]) / took / count]);
      rounds.push(Object.fromEntries(figures) as StoreRound);
      const { cpuWith, cpuWithout } = rounds.at(-1)!;
      console.log(
        `${talk} conversations with a shared store: ${(cpuWith / cpuWithout).toFixed(2)} × the CPU`,
      );
    }
    const [memoryWith, memoryWithout] = await Promise.all(
      both.map(async ({ child, rss }) => ((await child.collected()).rss - rss) / (count - 5)),
    );
    return {
      rounds,
      memoryWith: memoryWith!,
      memoryWithout: memoryWithout!,
      stored: await storedBytes(client),
    };
  } finally {
    await farEnd.ask("speak", 0);
    await Promise.all(children.map((child) => child.stop()));
    client.destroy();
    await redis.stop();
  }
}

/** The table of what a store costs, of both kinds of conversations. */
export function storeReport(talks: Record<string, StoreFigures>): string {
  const rows = Object.entries(talks).map(([talk, { rounds, memoryWith, memoryWithout, stored }]) => {
    const of = (pick: (round: StoreRound) => number, digits: number) =>
      median(rounds.map(pick)).toFixed(digits);
    return [
      talk,
      `${of(({ cpuWith, cpuWithout }) => cpuWith / cpuWithout, 2)} ×`,
      `${of(({ cpuWith }) => cpuWith, 2)} / ${of(({ cpuWithout }) => cpuWithout, 2)}`,
      of(({ cpuRedis }) => cpuRedis, 3),
      `${of(({ steps }) => steps, 2)}, ${of(({ writes }) => writes, 2)} with data, in ${of(({ scripts }) => scripts, 2)} scripts`,
      of(({ bytes }) => bytes / 1e3, 1),
      (stored / 1e3).toFixed(1),
      `${(memoryWith / 1e6).toFixed(2)} / ${(memoryWithout / 1e6).toFixed(2)}`,
    ];
  });
  return markdown(
    [
      "conversations",
      "CPU with a shared store, × without",
      "% of a core with / without",
      "% of a core of Redis",
      "steps at Redis a second",
      "kB a second to Redis",
      "kB stored",
      "memory with / without (MB)",
    ],
    rows,
  );
}
