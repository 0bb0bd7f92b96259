#!/usr/bin/env node
// The simulator as a program: npx gemini-live-simulator --port 8765

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkScript } from "./faults/fault-types";
import { type Fault, startSimulator } from "./server";

const usage = `Usage: gemini-live-simulator [--port N] [--key K] [--script FILE]

A simulator of the Gemini Live API on 127.0.0.1. It says back what it hears; no model is behind it.
It makes ephemeral tokens too: POST /v1beta/auth_tokens, with the key.

  --port N       TCP port (default 8765; 0: any free one)
  --key K        the only API key to accept (default: any)
  --script FILE  what goes wrong, and when: a JSON list of faults, such as
                 [{ "at": "modelSpeaking", "do": "cut" },
                  { "at": "setup", "resumed": true, "do": "close", "code": 1011 },
                  { "at": "ready", "afterMs": 5000, "do": "goAway", "timeLeftMs": 10000, "times": 3 }]
  --help         this text

at: handshake, setup, ready, userSpeaking, thinking, modelSpeaking, toolCall, turnComplete
do: cut, close {code, reason}, freeze, slow {forMs}, garbage, goAway {timeLeftMs}, silence, refuseHandshake {status}
    call {calls: [{name, args}]}, cancel, reissue
for each fault, if wanted: connection (counted from 1), resumed (true or false), afterMs, times
`;

/** Ends with a message on stderr. @param code 2 for wrong options, 1 for everything else */
function fail(message: string, code: number): never {
  process.stderr.write(`gemini-live-simulator: ${message}\n`);
  process.exit(code);
}

/** @throws Error when the file is no script */
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
        help: { type: "boolean", default: false },
      },
    });
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65535)
      throw new Error(`--port ${values.port}: not a port. Use a number from 0 to 65535.`);
    if (values.key === "") throw new Error("--key: must not be empty.");
    const script = values.script === undefined ? [] : readScript(values.script);
    return { ...values, port, script };
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${usage}`, 2);
  }
}

async function main() {
  const { port, key, script, help } = readOptions();
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const simulator = await startSimulator({ port, key, script });
  process.stdout.write(
    `Gemini Live simulator (an echo, not a model) on ${simulator.url}\n` +
      `Point a client at it: new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: "${simulator.url}", apiVersion: "v1beta" } })\n`,
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => simulator.close());
}

main().catch((error: NodeJS.ErrnoException) =>
  fail(
    error.code === "EADDRINUSE"
      ? "the port is in use. Choose another one with --port, or 0 for any."
      : error.message,
    1,
  ),
);
