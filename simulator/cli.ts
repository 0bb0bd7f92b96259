#!/usr/bin/env node
// The command-line program: npx gemini-live-simulator --port 8765

import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { parseArgs } from "node:util";
import { moments } from "./faults/fault-types";
import { actions, checkScript } from "./faults/fault-validation";
import { type Fault, selfSignedPair, startSimulator, type TlsPair } from "./server";

const listOfActions = Object.entries(actions)
  .map(([name, fields]) => (fields.length ? `${name} {${fields.join(", ")}}` : name))
  .join(", ");

const usage = `Usage: gemini-live-simulator [options]

Simulates the Gemini Live API on 127.0.0.1. It echoes speech and text; it has no model.
It also issues ephemeral tokens: POST /v1beta/auth_tokens with the key.
It prints one line for each connection, setup, turn, tool call and fault.

  --port N         TCP port (default 8765; 0: any free port)
  --key K          the only API key to accept (default: any)
  --script FILE    faults to inject: a JSON list such as
                   [{ "at": "modelSpeaking", "do": "cut" },
                    { "at": "setup", "resumed": true, "do": "close", "code": 1011 },
                    { "at": "ready", "resumed": true, "afterMs": 5000, "do": "goAway", "timeLeftMs": 10000 }]
  --seed N         repeat all sizes, gaps and ids (default: they differ in every run)
  --strict         use fixed sizes and gaps, and repeat all ids
  --tls            serve https and wss with a self-signed certificate made at start
  --tls-cert FILE  serve https and wss with this certificate (PEM); needs --tls-key
  --tls-key FILE   the private key of the certificate (PEM)
  --quiet          print only the address
  --help           print this help

at: ${moments.filter((moment) => moment !== "now").join(", ")}
do: ${listOfActions}
optional for each fault: connection (counted from 1), resumed (true or false), afterMs, times
What they do: https://github.com/live-flows/node-red-gemini-live/blob/main/docs/simulator.md
`;

/** Exits with a message on stderr. @param code 2 for invalid options, 1 for other errors */
function fail(message: string, code: number): never {
  process.stderr.write(`gemini-live-simulator: ${message}\n`);
  process.exit(code);
}

/** @throws Error that names the option, if the file cannot be read or `read` refuses its text */
function readFile<T>(option: string, file: string, read: (text: string) => T): T {
  try {
    return read(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${option} ${file}: ${(error as Error).message}`);
  }
}

/** @throws Error for a file that is missing, or a certificate that does not fit its key */
function readPair(certFile: string, keyFile: string): TlsPair {
  const cert = readFile("--tls-cert", certFile, (text) => {
    new X509Certificate(text);
    return text;
  });
  const key = readFile("--tls-key", keyFile, (text) => {
    createSecureContext({ cert, key: text });
    return text;
  });
  return { cert, key };
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8765" },
        key: { type: "string" },
        script: { type: "string" },
        seed: { type: "string" },
        strict: { type: "boolean", default: false },
        tls: { type: "boolean", default: false },
        "tls-cert": { type: "string" },
        "tls-key": { type: "string" },
        quiet: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const { "tls-cert": certFile, "tls-key": keyFile } = values;
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65535)
      throw new Error(`--port ${values.port}: invalid port. Use a number from 0 to 65535.`);
    if (values.key === "") throw new Error("--key: the key is empty.");
    const script: Fault[] =
      values.script === undefined
        ? []
        : readFile("--script", values.script, (text) => checkScript(JSON.parse(text)));
    const seed = values.seed === undefined ? undefined : Number(values.seed);
    if (seed !== undefined && (!/^-?\d+$/.test(values.seed!) || !Number.isSafeInteger(seed)))
      throw new Error(`--seed ${values.seed}: invalid seed. Use a whole number.`);
    if ((certFile === undefined) !== (keyFile === undefined))
      throw new Error("--tls-cert and --tls-key need each other.");
    if (values.tls && certFile !== undefined)
      throw new Error(
        "--tls makes a certificate of its own. Use either --tls, or --tls-cert with --tls-key.",
      );
    const pair = certFile !== undefined && keyFile !== undefined ? readPair(certFile, keyFile) : undefined;
    return { ...values, port, script, seed, pair, certFile };
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${usage}`, 2);
  }
}

/** Writes a certificate where clients can read it. Node.js takes additional authorities from a file only. */
function publish(cert: string) {
  const folder = mkdtempSync(join(tmpdir(), "gemini-live-simulator-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "certificate.pem");
  writeFileSync(file, cert);
  return file;
}

/** The local time of a line, such as 18:05:09.123. */
const time = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

async function main() {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const { quiet, pair, ...rest } = options;
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const tls = options.tls ? selfSignedPair() : pair;
  const log = quiet ? undefined : (line: string) => print(`${time.format()} ${line}`);
  const simulator = await startSimulator({ ...rest, tls, log });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => simulator.close());
  print(`Gemini Live simulator (an echo, not a model) on ${simulator.url}`);
  if (tls) {
    print(`Certificate (SHA-256): ${new X509Certificate(tls.cert).fingerprint256}`);
    print(`Trust it in a client with Node.js: NODE_EXTRA_CA_CERTS=${options.certFile ?? publish(tls.cert)}`);
  }
  print(
    `Connect a client: new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: "${simulator.url}", apiVersion: "v1beta" } })`,
  );
}

main().catch((error: NodeJS.ErrnoException) =>
  fail(
    error.code === "EADDRINUSE"
      ? "The port is in use. Choose another one with --port, or 0 for any free port."
      : error.message,
    1,
  ),
);
