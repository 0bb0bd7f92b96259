// The simulator as a program of its own.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { TestClock } from "../clock";
import { Client, MODEL, PATH, simulate } from "./client";

function run(t: TestContext, ...args: string[]) {
  const child = spawn(process.execPath, ["--import", "tsx", "simulator/cli.ts", ...args]);
  t.after(() => child.kill("SIGKILL"));
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
  test(`it tells its address, serves, and ends cleanly on ${signal}`, async (t) => {
    const { child, output, exited } = run(t, "--port", "0", "--key", "secret");
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

test("--help shows how it is used", async (t) => {
  const { output, exited } = run(t, "--help");
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
  test(`it refuses ${args.join(" ")} with a message and code 2`, async (t) => {
    const { output, exited } = run(t, ...args);
    assert.equal((await exited).code, 2);
    assert.match(output.stderr, message);
  });

test("a port that is in use is a clear error with code 1", async (t) => {
  const { simulator } = await simulate(t);
  const { output, exited } = run(t, "--port", String(simulator.port));
  assert.equal((await exited).code, 1);
  assert.match(output.stderr, /port is in use/);
});

function scriptFile(t: TestContext, text: string) {
  const folder = mkdtempSync(join(tmpdir(), "simulator-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "script.json");
  writeFileSync(file, text);
  return file;
}

test("--script lets things go wrong as the file says", async (t) => {
  const script = [{ at: "setup", do: "close", code: 1011, reason: "Internal error encountered." }];
  const { child, output } = run(t, "--port", "0", "--script", scriptFile(t, JSON.stringify(script)));
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
  test(`a file with ${what} is a clear error with code 2`, async (t) => {
    const { output, exited } = run(t, "--script", scriptFile(t, text));
    assert.equal((await exited).code, 2);
    assert.match(output.stderr, message);
  });

test("a script that is not there is a clear error with code 2", async (t) => {
  const { output, exited } = run(t, "--script", "nowhere.json");
  assert.equal((await exited).code, 2);
  assert.match(output.stderr, /--script nowhere\.json: ENOENT/);
});
