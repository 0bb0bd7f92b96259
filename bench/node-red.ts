// Starts a Node-RED for the bench, with this package and a flow between the devices and the Live server.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { name } from "../package.json";
import { type FlowNode, node, tab } from "../test/flow-node";
import { freePort } from "../test/plain-node-red";
import { Child } from "./child";

/** What the flow leads from and to. */
export type Ends = "websocket" | "browser" | "alone" | "bare";

/** @param rate of the devices in Hz; undefined: what the Live server takes and sends @param store the Redis that keeps conversations */
export function flowOf(ends: Ends, liveUrl: string, rate?: number, store?: string): FlowNode[] {
  const listener = { id: "listener", type: "websocket-listener", path: "/device", wholemsg: "false" };
  const page = { path: "/talk", maxPages: 1_000 };
  const input = (...to: string[]) =>
    ends === "browser"
      ? node("in", "gemini-browser-in", page, [to])
      : node("in", "websocket in", { server: "listener" }, [to]);
  const output =
    ends === "browser"
      ? node("out", "gemini-browser-out")
      : node("out", "websocket out", { server: "listener", client: "" });
  const listeners = ends === "browser" ? [] : [listener];
  if (ends === "alone") return [tab(), ...listeners, input("out"), output];
  const gone = node("gone", "status", { scope: ["in"] }, [["session"]]);
  if (ends === "bare")
    return [
      tab(),
      ...listeners,
      input("session"),
      gone,
      node("session", "bare-live", { url: liveUrl }, [["out"]]),
      output,
    ];
  const sampleRate = rate && { format: "pcm", sampleRate: String(rate) };
  return [
    tab(),
    ...listeners,
    {
      id: "connection",
      type: "gemini-live-config",
      server: "custom",
      url: liveUrl,
      allowHttp: true,
      maxConversations: 10_000,
      ...(store && { store }),
    },
    input("audio-in"),
    gone,
    node("audio-in", "gemini-audio-in", { ...sampleRate }, [["session"], []]),
    node("session", "gemini-live-session", { connection: "connection", keepConversations: Boolean(store) }, [
      ["audio-out"],
      [],
      [],
      [],
    ]),
    node("audio-out", "gemini-audio-out", { version: 2, ...sampleRate }, [["out"], ["out"]]),
    output,
  ];
}

/** @param packageDir this package @returns the process, where the devices connect to, and its address */
export async function startNodeRed(flow: FlowNode[], packageDir = resolve(__dirname, "..")) {
  const userDir = mkdtempSync(join(tmpdir(), "bench-node-red-"));
  const link = join(userDir, "node_modules", name);
  mkdirSync(join(link, ".."), { recursive: true });
  symlinkSync(packageDir, link, "junction");
  writeFileSync(join(userDir, "package.json"), JSON.stringify({ dependencies: { [name]: "*" } }));
  writeFileSync(join(userDir, "flows.json"), JSON.stringify(flow));
  writeFileSync(join(userDir, "flows_cred.json"), JSON.stringify({ connection: { apiKey: "any" } }));
  const port = await freePort();
  const settings = join(userDir, "settings.js");
  writeFileSync(
    settings,
    `module.exports = { uiPort: ${port}, uiHost: "127.0.0.1", flowFile: "flows.json", credentialSecret: "a secret of the bench",
      nodesDir: ${JSON.stringify(__dirname)}, telemetry: { enabled: false }, editorTheme: { tours: false } };`,
  );
  const child = new Child(require.resolve("node-red/red.js"), ["-u", userDir, "-s", settings]);
  child.process.once("exit", () => rmSync(userDir, { recursive: true, force: true }));
  await child.printed(/Started flows/);
  return { child, url: `http://127.0.0.1:${port}` };
}
