// npm run bench: measures what this package costs in a real Node-RED, compared with bare clients of the Live API.
// --quick: fewer rounds and programs, in less than two minutes. --docs: writes the results into docs/.
// --store: only what a shared store costs. --storm: computes what happens after an instance has died (bench/storm.ts).
// --folder DIR: where clients of other people are installed. --profile: writes CPU profiles of the programs to the working directory.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { benchAudio } from "./audio";
import { Child } from "./child";
import type { Devices } from "./devices";
import type { FarEnd } from "./far-end";
import { ALONE, type Middle, PACKAGE, SDK, starts } from "./middles";
import { plot } from "./plot";
import { machine, type Results, report } from "./report";
import { type Ends, measure, open } from "./round";
import { comeAndGo, disturbances, playback, ramp } from "./scenes";
import { sharedStore, storeReport, TALKS } from "./shared-store";
import { stormReport } from "./storm";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    docs: { type: "boolean", default: false },
    store: { type: "boolean", default: false },
    storm: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    profile: { type: "boolean", default: false },
    folder: { type: "string", default: join(tmpdir(), "gemini-live-bench") },
  },
});

const PLAN = options.quick
  ? { conversations: 50, warmUpMs: 12_000, pairs: 2, ms: 3_000, times: 1, ramp: [1, 100], comeAndGo: 0 }
  : {
      conversations: 100,
      warmUpMs: 20_000,
      pairs: 5,
      ms: 4_000,
      times: 3,
      ramp: [1, 25, 50, 75, 100, 125, 150, 175, 200, 250, 300, 400, 500],
      comeAndGo: 5_000,
    };
const QUICK = [SDK, PACKAGE];

const DOCS = resolve(__dirname, "../docs");

async function startMiddles(liveUrl: string): Promise<Middle[]> {
  const middles: Middle[] = [];
  for (const [name, start] of Object.entries(starts(options.folder))) {
    if (options.quick && !QUICK.includes(name)) continue;
    const middle = await start(liveUrl);
    if (middle) middles.push(middle);
  }
  return middles;
}

/** Devices talk through each program in turn, `pairs` times, after a first time in which Node.js compiles what is used often. */
async function runRounds(ends: Ends, middles: readonly Middle[]): Promise<Results["rounds"]> {
  const { conversations, warmUpMs, pairs, ms } = PLAN;
  const rounds: Results["rounds"] = {};
  for (let round = 0; round <= pairs; round++)
    for (const middle of middles) {
      const { name, child } = middle;
      const isLast = round === pairs;
      if (round === 0) {
        await open(ends, middle, 5);
        await ends.devices.ask("close");
      }
      const { rss } = round === 0 ? await child.collected() : { rss: 0 };
      await open(ends, middle, conversations);
      if (options.profile && isLast) await child.profile();
      const figures = await measure(ends, middle, conversations, round === 0 ? warmUpMs : ms, {
        interrupts: true,
      });
      if (options.profile && isLast) await child.profiled(`${name.replace(/\W+/g, "-")}.cpuprofile`);
      if (round === 0)
        rounds[name] = { figures: [], memory: ((await child.collected()).rss - rss) / conversations };
      else {
        rounds[name]!.figures.push(figures);
        console.log(`round ${round}, ${name}: ${figures.cpuEach.toFixed(3)} % of a core per conversation`);
      }
      await ends.devices.ask("close");
      await delay(200);
    }
  return rounds;
}

async function run(ends: Ends, middles: readonly Middle[]): Promise<Results> {
  const { conversations, ms } = PLAN;
  const ours = middles.find(({ name }) => name === PACKAGE)!;
  const disturbed: Results["disturbances"] = {};
  const rounds = await runRounds(ends, middles);
  const onTime = await playback(ends, ours, conversations, 2 * ms);
  for (const middle of middles)
    if (middle.name === PACKAGE || middle.name === ALONE)
      disturbed[middle.name] = await disturbances(ends, middle, conversations, ms, PLAN.times);
  return {
    rounds,
    playback: onTime,
    disturbances: disturbed,
    comeAndGo: PLAN.comeAndGo ? await comeAndGo(ends, ours, PLAN.comeAndGo) : undefined,
    ramp: await ramp(ends, ours, PLAN.ramp, ms),
    store: options.quick ? undefined : await runStore(ends.farEnd),
    audio: await benchAudio(),
  };
}

/** What a shared store costs; undefined without the program redis-server. */
async function runStore(farEnd: Child<FarEnd>): Promise<Results["store"]> {
  if (spawnSync("redis-server", ["--version"]).error)
    return void console.log("No redis-server here: a shared store is not measured.");
  const measured: Results["store"] = {};
  for (const [talk, { about }] of Object.entries(TALKS))
    measured[about] = await sharedStore(
      farEnd,
      talk as keyof typeof TALKS,
      PLAN.conversations * 0.4,
      PLAN.pairs,
    );
  return measured;
}

function writeDocs(text: string, results: Results) {
  const page = join(DOCS, "performance.md");
  const [before, after] = readFileSync(page, "utf8").split(/<!-- bench -->.*<!-- \/bench -->/s);
  const image = "![CPU, delay and memory by the number of conversations](performance.svg)";
  writeFileSync(page, `${before}<!-- bench -->\n${text}\n\n${image}\n<!-- /bench -->${after}`);
  writeFileSync(join(DOCS, "performance.svg"), plot(results.ramp.steps));
  writeFileSync(join(DOCS, "performance.json"), `${JSON.stringify({ ...machine(), ...results }, null, 2)}\n`);
}

async function main() {
  if (options.storm) return console.log(stormReport(Number(options.seed)));
  const started = performance.now();
  const farEnd = new Child<FarEnd>(join(__dirname, "far-end.ts"));
  const devices = new Child<Devices>(join(__dirname, "devices.ts"));
  const children: Child<object>[] = [farEnd, devices];
  try {
    await Promise.all([farEnd.ready(), devices.ready()]);
    if (options.store) {
      const measured = await runStore(farEnd);
      return console.log(`\n${measured && storeReport(measured)}`);
    }
    const middles = await startMiddles(`http://127.0.0.1:${await farEnd.ask("port")}`);
    children.push(...middles.map(({ child }) => child));
    const results = await run({ farEnd, devices }, middles);
    const text = report(results, PLAN.conversations);
    console.log(`\n${text}\n`);
    const folder = options.docs ? DOCS : options.folder;
    if (options.docs) writeDocs(text, results);
    else {
      writeFileSync(join(folder, "performance.json"), JSON.stringify({ ...machine(), ...results }, null, 2));
      writeFileSync(join(folder, "performance.svg"), plot(results.ramp.steps));
    }
    console.log(
      `${join(folder, "performance.json")} and .svg; ${((performance.now() - started) / 60_000).toFixed(1)} minutes`,
    );
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
