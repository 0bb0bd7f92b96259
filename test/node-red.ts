// A real Node-RED in a process of its own, as `npm start` runs it, with a user folder that goes away with it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { WebSocket } from "ws";
import { Inbox } from "./inbox";
import "./environment";

export interface NodeRed {
  /** `http://127.0.0.1:port` */
  url: string;
  /** What it has printed so far. */
  output(): string;
  stop(): Promise<void>;
  /** Ends it as a crash does. */
  kill(): void;
  hasEnded(): boolean;
}

/**
 * Runs `npm start`'s program on a free port, with the variables of `env` besides (undefined takes one out).
 * @param home a user folder that stays; absent: one that goes away with it
 */
export async function startNodeRed(
  env: Record<string, string | undefined> = {},
  home?: string,
): Promise<NodeRed> {
  const userDir = home ?? mkdtempSync(join(tmpdir(), "node-red-"));
  const program = spawn(process.execPath, [resolve(__dirname, "../scripts/start.mjs")], {
    cwd: resolve(__dirname, ".."),
    env: { ...process.env, GEMINI_API_KEY: undefined, PORT: "0", NODE_RED_HOME: userDir, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collect(program);
  const stop = async () => {
    if (!hasEnded(program)) {
      program.kill("SIGTERM");
      await once(program, "exit");
    }
    if (!home) rmSync(userDir, { recursive: true, force: true });
  };
  const url = await printed(program, output, /Talk to it:\s+(\S+)\/talk/).catch(async (error) => {
    await stop();
    throw error;
  });
  return { url, output, stop, kill: () => program.kill("SIGKILL"), hasEnded: () => hasEnded(program) };
}

export const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

export function collect(program: ChildProcess): () => string {
  let output = "";
  for (const stream of [program.stdout, program.stderr])
    stream?.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  return () => output;
}

/** Waits until the program prints what `pattern` matches, and returns its first group. Rejects when the program ends before. */
export async function printed(program: ChildProcess, output: () => string, pattern: RegExp): Promise<string> {
  for (;;) {
    const found = pattern.exec(output());
    if (found) return found[1] ?? found[0];
    if (program.exitCode !== null) throw new Error(`It ended with ${program.exitCode}:\n${output()}`);
    const round = new AbortController();
    const { signal } = round;
    await Promise.race([once(program.stdout!, "data", { signal }), once(program, "exit", { signal })]);
    round.abort();
  }
}

/**
 * What a Node-RED tells its editor: the badges of its nodes, from the first that each shows, what debug nodes show, and which
 * deploys are done.
 */
export interface EditorNews {
  badges: Inbox<{ node: string; text?: string; fill?: string }>;
  debug: Inbox<{ id: string; msg: string }>;
  deploys: Inbox<{ revision: string }>;
  close(): void;
}

const DEPLOYED = "notification/runtime-deploy";

/** Listens to a Node-RED as the editor does. */
export async function listenAsEditor(url: string): Promise<EditorNews> {
  const comms = new WebSocket(`${url.replace("http", "ws")}/comms`);
  const news: EditorNews = {
    badges: new Inbox(),
    debug: new Inbox(),
    deploys: new Inbox(),
    close: () => comms.close(),
  };
  comms.on("message", (data) => {
    for (const { topic = "", data: told } of [JSON.parse(data.toString())].flat())
      if (topic.startsWith("status/")) news.badges.push({ node: topic.slice(7), ...told });
      else if (topic === "debug") news.debug.push(told);
      else if (topic === DEPLOYED) news.deploys.push(told);
  });
  await once(comms, "open");
  for (const topic of ["status/#", "debug", DEPLOYED]) comms.send(JSON.stringify({ subscribe: topic }));
  return news;
}

/** Posts to a Node-RED's admin API, with `more` headers, and returns what it says; rejects when it does not say yes. */
export async function post({ url }: NodeRed, path: string, body: unknown = {}, more: object = {}) {
  const headers = { "content-type": "application/json", ...more };
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  const said = await response.text();
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${said}`);
  return said;
}

/** Deploys flows as the editor does, and waits until they run. `kind` is what is restarted. */
export async function deploy(
  nodeRed: NodeRed,
  news: EditorNews,
  flows: object[],
  kind: "full" | "flows" | "nodes",
) {
  const headers = { "node-red-api-version": "v2", "node-red-deployment-type": kind };
  const { rev } = JSON.parse(await post(nodeRed, "/flows", { flows }, headers));
  await news.deploys.next(({ revision }) => revision === rev);
}
