// docs/simulator.md names every moment, action and frame, and its scripts run as printed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { moments } from "../../simulator/faults/fault-types";
import { actions, checkScript } from "../../simulator/faults/fault-validation";
import { startSimulator } from "../../simulator/server";
import { TestClock } from "../clock";
import { geminiFrames } from "../frames/server";
import { endWithTest, Talk } from "../live/talk";

const text = readFileSync(join(__dirname, "../../docs/simulator.md"), "utf8");

/** The rows of the table under a heading, each as its cells. */
function tableUnder(heading: string) {
  const section = text.split(new RegExp(`\n#+ ${heading}\n`))[1]!.split("\n#")[0]!;
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
}
const firstOf = (rows: string[][]) => rows.map(([first]) => first!.replaceAll("`", ""));

it("docs/simulator.md lists every moment at which a fault can happen", () => {
  assert.deepEqual(firstOf(tableUnder("Moments")), [...moments]);
});

it("docs/simulator.md lists every action of a fault, with its fields", () => {
  const rows = tableUnder("Actions");
  assert.deepEqual(firstOf(rows), Object.keys(actions));
  for (const [name, what] of rows)
    for (const field of actions[name!.replaceAll("`", "") as keyof typeof actions])
      assert.ok(what!.includes(`\`${field}\``), `${name} lacks ${field}`);
});

it("docs/simulator.md lists every optional field of a fault", () => {
  const optional = { connection: 1, resumed: true, afterMs: 1, times: 1 };
  assert.deepEqual(firstOf(tableUnder("Optional fields")), Object.keys(optional));
  assert.doesNotThrow(() => checkScript([{ at: "ready", do: "cut", ...optional }]));
});

it("docs/simulator.md compares every kind of server frame, with the marks and dates of its sources", () => {
  const rows = tableUnder("Frames");
  const kinds = [...new Set(geminiFrames.map(({ kind }) => kind))];
  assert.deepEqual(
    firstOf(rows),
    kinds.map((kind) => (kind === "empty" ? "{}" : kind)),
  );
  for (const [index, kind] of kinds.entries()) {
    const entries = geminiFrames.filter((entry) => entry.kind === kind);
    const sources = new Set(entries.map(({ source, date }) => `${source[0]} ${date}`));
    assert.deepEqual(new Set(rows[index]![2]!.split(", ")), sources, kind);
  }
});

it("docs/simulator.md says of every behavior where it comes from, and whether the simulator does the same", () => {
  const rows = tableUnder("Behavior");
  assert.ok(rows.length > 20);
  for (const [behavior, real, source, same] of rows) {
    assert.match(source!, /^[dmr] 2026-\d\d(-\d\d)?(, [dmr] 2026-\d\d(-\d\d)?)*$/, behavior);
    assert.ok(real && same, behavior);
  }
});

for (const [index, [, json]] of [...text.matchAll(/```json\n(.*?)```/gs)].entries())
  it(`every fault of script ${index + 1} in docs/simulator.md happens`, async () => {
    const script = checkScript(JSON.parse(json!));
    const clock = new TestClock();
    const happened: string[] = [];
    const log = (line: string) => {
      const [, fault] = / fault (.*)$/.exec(line) ?? [];
      if (fault) happened.push(fault);
    };
    const simulator = await startSimulator({ script, clock, log });
    const talk = new Talk(simulator.url, {}, clock);
    endWithTest(talk, simulator);
    await talk.say("one");
    const wanted = script.map(({ at, do: what }) => `${what} at ${at}`);
    const all = async () => {
      while (happened.length < wanted.length) await new Promise(setImmediate);
    };
    await clock.during(all());
    assert.deepEqual(happened.sort(), wanted.sort());
  });
