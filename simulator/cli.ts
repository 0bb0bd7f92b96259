#!/usr/bin/env node
// The command-line program: npx gemini-live-simulator --port 8765

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkScript } from "./faults/fault-validation";
import { type Fault, startSimulator } from "./server";

const usage = `Usage: gemini-live-simulator [--port N] [--key K] [--script FILE] [--seed N]

Simulates the Gemini Live API on 127.0.0.1. It echoes speech and text; it has no model.
It also issues ephemeral tokens: POST /v1beta/auth_tokens with the key.

  --port N       TCP port (default 8765; 0: any free port)
  --key K        the only API key to accept (default: any)
  --script FILE  faults to inject: a JSON list such as
                 [{ "at": "modelSpeaking", "do": "cut" },
                  { "at": "setup", "resumed": true, "do": "close", "code": 1011 },
                  { "at": "ready", "afterMs": 5000, "do": "goAway", "timeLeftMs": 10000, "times": 3 }]
  --seed N       make the sizes of audio chunks the same in every run (default: they vary)
  --help         print this help

at: handshake, setup, ready, userSpeaking, thinking, modelSpeaking, toolCall, turnComplete
do: cut, close {code, reason}, freeze, slow {forMs}, garbage, goAway {timeLeftMs}, silence, refuseHandshake {status}
    call {calls: [{name, args}]}, cancel, reissue
optional for each fault: connection (counted from 1), resumed (true or false), afterMs, times
`;

/** Exits with a message on stderr. @param code 2 for invalid options, 1 for other errors */
function fail(message: string, code: number): never {
  process.stderr.write(`gemini-live-simulator: ${message}\n`);
  process.exit(code);
}

/** @throws Error if the file cannot be read or is not a valid script */
function readScript(file: string): Fault[] {
  try {
    return checkScript(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new Error(`--script ${file}: ${(error as Error).message}`);
  }
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8765" },
        key: { type: "string" },
        script: { type: "string" },
        seed: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65535)
      throw new Error(`--port ${values.port}: invalid port. Use a number from 0 to 65535.`);
    if (values.key === "") throw new Error("--key: the key is empty.");
    const script = values.script === undefined ? [] : readScript(values.script);
    const seed = values.seed === undefined ? undefined : Number(values.seed);
    if (seed !== undefined && !Number.isSafeInteger(seed))
      throw new Error(`--seed ${values.seed}: invalid seed. Use a whole number.`);
    return { ...values, port, script, seed };
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${usage}`, 2);
  }
}

async function main() {
  const { port, key, script, seed, help } = readOptions();
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const simulator = await startSimulator({ port, key, script, seed });
  process.stdout.write(
    `Gemini Live simulator (an echo, not a model) on ${simulator.url}\n` +
      `Connect a client: new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: "${simulator.url}", apiVersion: "v1beta" } })\n`,
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => simulator.close());
}

main().catch((error: NodeJS.ErrnoException) =>
  fail(
    error.code === "EADDRINUSE"
      ? "The port is in use. Choose another one with --port, or 0 for any free port."
      : error.message,
    1,
  ),
);
