// The tables of the bench in Markdown.

import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { version } from "../package.json";
import { PACKAGE, SDK } from "./middles";
import type { Figures } from "./round";
import type { disturbances, Limit } from "./scenes";
import { type StoreFigures, storeReport } from "./shared-store";
import { markdown, median } from "./tables";

/** All that a run has measured. */
export interface Results {
  /** Percentages and delays of each program, in the order of the rounds; `memory`: bytes of each conversation. */
  rounds: Record<string, { figures: Figures[]; memory: number }>;
  playback: Figures;
  disturbances: Record<string, Awaited<ReturnType<typeof disturbances>>>;
  ramp: { steps: Figures[]; limit: Limit };
  /** Bytes of the heap. */
  comeAndGo: { conversations: number; before: number; after: number } | undefined;
  /** Of each kind of conversation; undefined: not measured. */
  store: Record<string, StoreFigures> | undefined;
  /** Lines of bench/audio.ts. */
  audio: string[];
}

/** A core of a Raspberry Pi 4 (Cortex-A72, 1.8 GHz) does about a fifth of the work of a present server core. */
const PI_RATIO = 5;

const round = (value: number, digits = 1) => (Number.isFinite(value) ? value.toFixed(digits) : "–");

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(__dirname, "../node_modules", name, "package.json"), "utf8")).version;

export const machine = () => {
  const [{ model } = { model: "unknown" }] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores of ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release().split("-")[0]}`,
    versions: `version ${version} on Node.js ${process.versions.node}, Node-RED ${versionOf("node-red")}, @google/genai ${versionOf("@google/genai")}`,
  };
};

/** The medians of all programs, and their CPU relative to that of another in the same round. */
function comparison({ rounds }: Results): string {
  const ratio = (name: string, to: string) => {
    const [a, b] = [rounds[name]!.figures, rounds[to]?.figures];
    return b ? `${round(median(a.map(({ cpuEach }, n) => cpuEach / b[n]!.cpuEach)), 2)} ×` : "–";
  };
  const others = Object.keys(rounds).filter((name) => /Mastra|LiveKit/.test(name));
  const rows = Object.entries(rounds).map(([name, { figures, memory }]) => {
    const of = (pick: (figures: Figures) => number, digits?: number) =>
      round(median(figures.map(pick)), digits);
    const hasStamps = !name.includes("48 kHz");
    const delays = (...picks: ((figures: Figures) => number)[]) =>
      hasStamps ? picks.map((pick) => of(pick)).join(" / ") : "–";
    return [
      name,
      of(({ cpuEach }) => cpuEach, 2),
      ratio(name, SDK),
      ...others.map((other) => ratio(name, other)),
      delays(
        ({ upP50 }) => upP50,
        ({ upP99 }) => upP99,
      ),
      delays(
        ({ backP50 }) => backP50,
        ({ backP99 }) => backP99,
      ),
      of(({ flushP99 }) => flushP99),
      round(memory / 1e6, 2),
    ];
  });
  return markdown(
    [
      "in the middle",
      "% of a core per conversation",
      "× the SDK",
      ...others.map((name) => `× ${name.split(" ")[0]}`),
      "to the Live socket, p50 / p99 (ms)",
      "back, p50 / p99 (ms)",
      "barge-in, p99 (ms)",
      "memory per conversation (MB)",
    ],
    rows,
  );
}

const LIMITS: Record<Limit, string> = {
  "a core": "Node-RED's process has used up its core: JavaScript runs on one.",
  "all cores": "all cores of the machine are used up, of which the bench itself takes a part.",
  "the bench": "a process of the bench itself, not Node-RED.",
  "not reached": "nothing yet: the ramp ended before.",
};

function capacity({ ramp: { steps, limit } }: Results): string {
  const fine = steps.filter(({ lateShare }) => lateShare < 0.01);
  const most = fine.at(-1);
  if (!most) return "Even the first step of the ramp had 1 % of its frames 100 ms late.";
  const onPi = 80 / (most.cpuEach * PI_RATIO);
  return [
    `**${most.conversations} conversations** in one process keep more than 99 % of their frames within 100 ms, with ${round(most.cpu, 0)} % of a core. ` +
      `What gives way first: ${LIMITS[limit]}`,
    `A Raspberry Pi 4 may be expected to hold about **${5 * Math.floor(onPi / 5)}**. This is an estimate and was not measured: ` +
      `one of its cores does about a fifth of the work of a server core, and 80 % of it are used.`,
  ].join("\n\n");
}

function others(results: Results): string {
  const rows: string[][] = [
    [
      "way back of answers that come four times as fast as they play, p99",
      `${round(results.playback.backP99)} ms`,
    ],
  ];
  for (const [name, { calm, deploy, editor }] of Object.entries(results.disturbances)) {
    const worst = (times: Figures[]) =>
      round(median(times.map(({ upMax, backMax }) => Math.max(upMax || 0, backMax))), 0);
    rows.push([
      `latest frame without a disturbance / during a deploy of another flow / while the editor opens, ${name}`,
      `${worst(calm)} / ${worst(deploy)} / ${worst(editor)} ms`,
    ]);
  }
  const { comeAndGo } = results;
  if (comeAndGo)
    rows.push([
      `heap after 1,500 and after ${comeAndGo.conversations.toLocaleString("en-US")} conversations came and went`,
      `${round(comeAndGo.before / 1e6)} and ${round(comeAndGo.after / 1e6)} MB (${round(100 * (comeAndGo.after / comeAndGo.before - 1))} %)`,
    ]);
  return markdown(["this package", "measured"], rows);
}

/** All tables. */
export function report(results: Results, conversations: number): string {
  const { date, machine: where, versions } = machine();
  const pairs = results.rounds[PACKAGE]!.figures.length;
  return [
    `${date}, ${where}; ${versions}. ${conversations} conversations, medians of ${pairs} rounds.`,
    comparison(results),
    others(results),
    ...(results.store ? [storeReport(results.store)] : []),
    capacity(results),
    ["Sound on its own (bench/audio.ts):", "", "```", ...results.audio, "```"].join("\n"),
  ].join("\n\n");
}
