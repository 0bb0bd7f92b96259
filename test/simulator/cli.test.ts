// The command-line program.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { moments } from "../../simulator/faults/fault-types";
import { actions } from "../../simulator/faults/fault-validation";
import { selfSignedPair } from "../../simulator/http/certificate";
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
  return /https?:\/\/127\.0\.0\.1:\d+/.exec(output.stdout)![0];
}

/** Resolves when the output has a line that matches. */
async function line(child: ChildProcess, output: { stdout: string }, wanted: RegExp) {
  for (;;) {
    const found = wanted.exec(output.stdout);
    if (found) return found;
    await once(child.stdout!, "data");
  }
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
  assert.match(output.stdout, /^Usage: gemini-live-simulator \[options\]/);
  for (const name of [...moments.filter((moment) => moment !== "now"), ...Object.keys(actions)])
    assert.match(output.stdout, new RegExp(`\\b${name}\\b`));
});

it("--help lists the options of docs/simulator.md, each with the same value", async () => {
  const { output, exited } = run("--help");
  await exited;
  const table = readFileSync("docs/simulator.md", "utf8").split("\n## Options")[1]!.split("\n## ")[0]!;
  const documented = [...table.matchAll(/^\| `(--[^`]+)` \|/gm)].map(([, option]) => option);
  const helped = [...output.stdout.matchAll(/^ {2}(--[a-z-]+(?: [A-Z]+)?) /gm)].map(([, option]) => option);
  assert.ok(helped.length > 8);
  assert.deepEqual(documented, helped);
});

it("prints a line with the time for each connection, setup and turn", async () => {
  const { child, output } = run("--port", "0", "--strict");
  const address = (await url(child, output)).replace("http", "ws");
  const client = await new Client(`${address}${PATH}?key=any`, new TestClock()).opened();
  client.send({ setup: { model: MODEL } });
  client.send({ realtimeInput: { text: "hello" } });
  await line(child, output, /turn complete/);
  client.socket.close(1000);
  await line(child, output, /closed/);
  assert.deepEqual(
    output.stdout
      .split("\n")
      .slice(2, -1)
      .map((each) => each.replace(/^\d\d:\d\d:\d\d\.\d{3} /, "T ")),
    [
      "T #1 connection on v1beta",
      "T #1 setup models/gemini-3.8-live",
      "T #1 turn complete after 0.7 s of audio",
      "T #1 closed by the client with 1000",
    ],
  );
});

it("--quiet prints only the address and how to connect", async () => {
  const { child, output, exited } = run("--port", "0", "--quiet");
  const address = (await url(child, output)).replace("http", "ws");
  const client = await new Client(`${address}${PATH}?key=any`, new TestClock()).opened();
  client.socket.close(1000);
  await client.closed;
  child.kill("SIGTERM");
  await exited;
  assert.match(output.stdout, /^Gemini Live simulator .*\nConnect a client: .*\n$/);
});

it("--seed repeats the frames of a connection in another run", async () => {
  const runs = [];
  for (let n = 0; n < 2; n++) {
    const { child, output } = run("--port", "0", "--seed", "5");
    const address = (await url(child, output)).replace("http", "ws");
    const client = await new Client(`${address}${PATH}?key=any`, new TestClock()).opened();
    client.send({ setup: { model: MODEL, outputAudioTranscription: {} } });
    client.send({ realtimeInput: { text: "one two three four five" } });
    await line(child, output, /turn complete/);
    await client.settled();
    runs.push(client.frames.map(({ frame }) => frame));
  }
  assert.ok(runs[0]!.length > 5);
  assert.deepEqual(runs[1], runs[0]);
});

it("--tls serves wss with a certificate of its own, prints its fingerprint, and deletes its file at the end", async () => {
  const { child, output, exited } = run("--port", "0", "--tls");
  const [, fingerprint] = await line(child, output, /^Certificate \(SHA-256\): ([\dA-F:]+)$/m);
  const [, file] = await line(child, output, /NODE_EXTRA_CA_CERTS=(.+)\n/);
  const address = await url(child, output);
  assert.match(address, /^https:/);
  assert.equal(new X509Certificate(readFileSync(file!)).fingerprint256, fingerprint);
  // A client without any option of its own.
  const program = `new WebSocket(process.argv[1]).onopen = () => process.exit(0)`;
  const target = `${address.replace("https", "wss")}${PATH}?key=any`;
  const args = ["-e", `const { WebSocket } = require("ws"); ${program}`, target];
  const codeWith = async (env: object) => {
    const client = spawn(process.execPath, args, { env: { ...process.env, ...env } });
    cleanUp(() => client.kill("SIGKILL"));
    return (await once(client, "close"))[0];
  };
  assert.equal(await codeWith({ NODE_EXTRA_CA_CERTS: file }), 0);
  assert.notEqual(await codeWith({}), 0);
  child.kill("SIGTERM");
  await exited;
  assert.equal(existsSync(file!), false);
});

it("--tls-cert and --tls-key serve wss with a certificate from files", async () => {
  const { cert, key } = selfSignedPair();
  const [certFile, keyFile] = [temporaryFile(cert), temporaryFile(key)];
  const { child, output } = run("--port", "0", "--tls-cert", certFile, "--tls-key", keyFile);
  await line(child, output, new RegExp(`NODE_EXTRA_CA_CERTS=${certFile}`));
  const address = (await url(child, output)).replace("https", "wss");
  const socket = new WebSocket(`${address}${PATH}?key=any`, { ca: cert });
  await once(socket, "open");
  socket.terminate();
  assert.doesNotMatch(output.stdout, /PRIVATE/);
});

it("exits with code 2 and a message if the certificate and the key do not fit", async () => {
  const { output, exited } = run(
    "--tls-cert",
    temporaryFile(selfSignedPair().cert),
    "--tls-key",
    temporaryFile(selfSignedPair().key),
  );
  assert.equal((await exited).code, 2);
  assert.match(output.stderr, /--tls-key .*: .*key values mismatch/);
});

for (const [args, message] of [
  [["--prot", "1"], /Unknown option '--prot'/],
  [["--port", "many"], /--port many: invalid port/],
  [["--port", "65536"], /--port 65536: invalid port/],
  [["--port"], /argument missing/],
  [["8765"], /Unexpected argument '8765'/],
  [["--key", ""], /--key: the key is empty/],
  [["--seed", "x"], /--seed x: invalid seed\. Use a whole number\./],
  [["--seed", ""], /--seed : invalid seed\. Use a whole number\./],
  [["--tls-cert", "c.pem"], /--tls-cert and --tls-key need each other/],
  [["--tls-key", "k.pem"], /--tls-cert and --tls-key need each other/],
  [["--tls", "--tls-cert", "c.pem", "--tls-key", "k.pem"], /Use either --tls, or --tls-cert with --tls-key/],
  [["--tls-cert", "nowhere.pem", "--tls-key", "nowhere.pem"], /--tls-cert nowhere\.pem: ENOENT/],
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

function temporaryFile(text: string, name = "file.pem") {
  const folder = mkdtempSync(join(tmpdir(), "simulator-"));
  cleanUp(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

it("--script injects the faults of the file", async () => {
  const script = [{ at: "setup", do: "close", code: 1011, reason: "Internal error encountered." }];
  const { child, output } = run("--port", "0", "--script", temporaryFile(JSON.stringify(script)));
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
    const { output, exited } = run("--script", temporaryFile(text, "script.json"));
    assert.equal((await exited).code, 2);
    assert.match(output.stderr, message);
  });

it("exits with code 2 and a message if the script is missing", async () => {
  const { output, exited } = run("--script", "nowhere.json");
  assert.equal((await exited).code, 2);
  assert.match(output.stderr, /--script nowhere\.json: ENOENT/);
});
