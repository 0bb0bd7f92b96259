// `npm run chaos`: runs chaos with a seed, and reports what happened and what was broken. Exit code 1: something was.
//   --seed 7 repeats the faults of that run, --minutes 60 and --devices 50 say for how long and with how many,
//   --trace FILE writes everything that was seen, one JSON value a line.

import { createWriteStream } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { version as nodeRed } from "node-red/package.json";
import { type ChaosReport, runChaos } from "./chaos";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    minutes: { type: "string", default: "1" },
    devices: { type: "string", default: "50" },
    trace: { type: "string" },
  },
});
const trace = values.trace ? createWriteStream(values.trace) : undefined;
const [seed, minutes, devices] = [Number(values.seed), Number(values.minutes), Number(values.devices)];

function print({ faults, counts, heapMb, broken, ...report }: ChaosReport) {
  const [before, after] = heapMb.map((mb) => mb.toFixed(0));
  const rows = [
    ["texts", `${report.texts}`],
    ["… sent again, because the first time had no answer", `${counts.twice}`],
    ["… not sent, with an error", `${counts.rejected}`],
    ["… named as lost in an event", `${counts.named}`],
    ["… lost while another answer came", `${counts.unconfirmed}`],
    ["tool responses at the far end", `${counts.responses}`],
    ["… late or second ones, with an error", `${counts.late}`],
    ["connections to the far end", `${report.connections}`],
    ["gaps compared", `${counts.gaps}`],
    ["… lost sound in them", `${(counts.lostSoundMs / 1_000).toFixed(1)} s`],
    ["… largest difference", `${Math.round(counts.worstGapMs)} ms`],
    ["frames of sound at the devices", `${report.frames}`],
    ["last device back after the last fault", `${(report.backAfterMs / 1_000).toFixed(1)} s`],
    ["longest delay of an event loop", `${Math.round(report.longestDelayMs)} ms`],
    ["heap before and after", `${before} MB, ${after} MB`],
    ["invariants broken", `${broken.length}`],
  ];
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, Node.js ${process.versions.node}, Node-RED ${nodeRed}`;
  console.log(`Seed ${seed}, ${devices} devices, ${minutes} min of faults, ${date}, ${machine}\n`);
  printTable(["fault", "times"], Object.entries(faults).sort());
  printTable(["measured", ""], rows);
  for (const line of broken.slice(0, 50)) console.log(`BROKEN: ${line}`);
}

function printTable(head: string[], rows: (string | number)[][]) {
  for (const row of [head, ["---", "---"], ...rows]) console.log(`| ${row.join(" | ")} |`);
  console.log();
}

runChaos({
  seed,
  devices,
  faultsMs: 60_000 * minutes,
  onProgress: (line) => process.stderr.write(`\r${line}   `),
  ...(trace && { onFact: (fact) => trace.write(`${JSON.stringify(fact)}\n`) }),
}).then(
  (report) => {
    print(report);
    process.exitCode = report.broken.length ? 1 : 0;
  },
  (error) => {
    console.log(`Seed ${seed}: BROKEN: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
  },
);
