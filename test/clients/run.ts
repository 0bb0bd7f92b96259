// npm run test:clients: installs foreign clients, lets each of them talk with the simulator, and prints what works.
// Arguments: words of client names (absent: all clients), and --folder DIR to keep what is installed.

import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { clients, type ForeignClient, untried } from "./clients";
import { folderOf, newerNode, notInstallable, prepare } from "./install";
import { type Result, type Scenario, scenarioNames } from "./scenarios";

/** A line of the table: a word for each scenario, and the reasons. */
interface Line {
  name: string;
  cells: Partial<Record<Scenario, string>>;
  reasons: string[];
  failed: boolean;
}

const CLIENT_DEADLINE_MS = 2 * 60_000;
/** How many clients run at a time. They mostly wait for audio in real time. */
const AT_A_TIME = 2;

/** Runs scenarios in a process of their own. @returns their results, fewer if the process ended early, and the end of stderr */
function runScenarios(node: string, folder: string, { driver, model }: ForeignClient, wanted: Scenario[]) {
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

async function tryClient(client: ForeignClient, home: string): Promise<Line> {
  const { name, packages, unsupported = {}, faults = {}, note } = client;
  const line: Line = { name, cells: {}, reasons: note ? [note] : [], failed: false };
  const folder = folderOf(client, home);
  let node: string;
  try {
    node = await newerNode(home);
    await prepare(folder, packages);
  } catch (error) {
    return { ...line, cells: { "text turn": "not installable" }, reasons: [notInstallable(error)] };
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
  console.log(`\nNot tried, as ${untried.reason}: ${untried.names.join(", ")}`);
}

/** Tries the clients, some at a time. @returns their lines in the same order */
async function tryAll(wanted: readonly ForeignClient[], home: string) {
  const lines: Line[] = [];
  const waiting = [...wanted.entries()];
  async function work() {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, client] = next;
      console.log(`${client.name}: ${client.packages.join(", ")}, ${client.model}`);
      lines[index] = await tryClient(client, home);
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return lines;
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
    const lines = await tryAll(wanted, home);
    print(lines);
    if (lines.some(({ failed }) => failed)) process.exitCode = 1;
  } finally {
    if (!values.folder) rmSync(home, { recursive: true, force: true });
  }
}

main();
