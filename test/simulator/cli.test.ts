// The command-line program.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanUp } from "../clean-up";
import { TestClock } from "../clock";
import { Client, MODEL, PATH, simulate } from "./client";

function run(...args: string[]) {
  const child = spawn(process.execPath, ["--import", "tsx", "simulator/cli.ts", ...args]);
  cleanUp(() => child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => {
    output.stdout += data;
  });
  child.stderr.on("data", (data) => {
    output.stderr += data;
  });
  return { child, output, exited: once(child, "close").then(([code, signal]) => ({ code, signal })) };
}

async function url(child: ChildProcess, output: { stdout: string }) {
  while (!/https?:\/\/\S+/.test(output.stdout)) await once(child.stdout!, "data");
  return /http:\/\/127\.0\.0\.1:\d+/.exec(output.stdout)![0];
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  it(`prints its address, serves, and exits cleanly on ${signal}`, async () => {
    const { child, output, exited } = run("--port", "0", "--key", "secret");
    const address = (await url(child, output)).replace("http", "ws");
    const wrong = new Client(`${address}${PATH}?key=wrong`, new TestClock());
    assert.equal((await wrong.closed).code, 1007);
    const client = await new Client(`${address}${PATH}?key=secret`, new TestClock()).opened();
    client.send({ setup: { model: MODEL } });
    const message = once(client.socket, "message");
    await message;
    assert.deepEqual(client.kinds, ["setupComplete"]);
    child.kill(signal);
    assert.deepEqual(await exited, { code: 0, signal: null });
    assert.match(output.stdout, /baseUrl/);
    assert.doesNotMatch(output.stdout, /secret/);
    assert.equal(output.stderr, "");
  });

it("--help prints the usage", async () => {
  const { output, exited } = run("--help");
  assert.equal((await exited).code, 0);
  assert.match(output.stdout, /^Usage: gemini-live-simulator \[--port N\] \[--key K\] \[--script FILE\]/);
});

for (const [args, message] of [
  [["--prot", "1"], /Unknown option '--prot'/],
  [["--port", "many"], /--port many: invalid port/],
  [["--port", "65536"], /--port 65536: invalid port/],
  [["--port"], /argument missing/],
  [["8765"], /Unexpected argument '8765'/],
  [["--key", ""], /--key: the key is empty/],
] as const)
  it(`exits with code 2 and a message on ${args.join(" ")}`, async () => {
    const { output, exited } = run(...args);
    assert.equal((await exited).code, 2);
    assert.match(output.stderr, message);
  });

it("exits with code 1 and a message if the port is in use", async () => {
  const { simulator } = await simulate();
  const { output, exited } = run("--port", String(simulator.port));
  assert.equal((await exited).code, 1);
  assert.match(output.stderr, /port is in use/);
});

function scriptFile(text: string) {
  const folder = mkdtempSync(join(tmpdir(), "simulator-"));
  cleanUp(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "script.json");
  writeFileSync(file, text);
  return file;
}

it("--script injects the faults of the file", async () => {
  const script = [{ at: "setup", do: "close", code: 1011, reason: "Internal error encountered." }];
  const { child, output } = run("--port", "0", "--script", scriptFile(JSON.stringify(script)));
  const address = (await url(child, output)).replace("http", "ws");
  const client = await new Client(`${address}${PATH}?key=any`, new TestClock()).opened();
  client.send({ setup: { model: MODEL } });
  assert.deepEqual(await client.closed, { code: 1011, reason: "Internal error encountered." });
});

for (const [what, text, message] of [
  ["no JSON", "[{", /--script .*script\.json: .*JSON/],
  [
    "no script",
    '[{ "at": "ready", "do": "cot" }]',
    /--script .*script\.json: Fault 1: "do" must be one of cut, .*; it is "cot"\./,
  ],
] as const)
  it(`exits with code 2 and a message on a file with ${what}`, async () => {
    const { output, exited } = run("--script", scriptFile(text));
    assert.equal((await exited).code, 2);
    assert.match(output.stderr, message);
  });

it("exits with code 2 and a message if the script is missing", async () => {
  const { output, exited } = run("--script", "nowhere.json");
  assert.equal((await exited).code, 2);
  assert.match(output.stderr, /--script nowhere\.json: ENOENT/);
});
