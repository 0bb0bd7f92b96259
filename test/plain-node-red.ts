// A real Node-RED in a process of its own with settings of the test, run by its own program, with this package as npm links it.

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { name } from "../package.json";
import { collect, hasEnded, type NodeRed, printed } from "./node-red";
import "./environment";

export interface PlainNodeRed extends NodeRed {
  /** It does nothing until it is continued, as a machine that hangs. */
  pause(): void;
  continue(): void;
}

/** A port that was free a moment ago, and that no system gives to a client: those are above. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + randomInt(12_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").catch(() => undefined);
    if (!isFree) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}

/**
 * Starts it with these flows.
 * @param settings the source of properties for settings.js, such as `httpNodeRoot: "/red",`
 */
export async function startPlainNodeRed(settings: string, flows: object[]): Promise<PlainNodeRed> {
  const userDir = mkdtempSync(join(tmpdir(), "plain-node-red-"));
  const link = join(userDir, "node_modules", name);
  mkdirSync(join(link, ".."), { recursive: true });
  symlinkSync(resolve(__dirname, ".."), link, "junction");
  writeFileSync(join(userDir, "package.json"), JSON.stringify({ dependencies: { [name]: "*" } }));
  writeFileSync(join(userDir, "flows.json"), JSON.stringify(flows));
  const port = await freePort();
  writeFileSync(
    join(userDir, "settings.js"),
    `module.exports = { uiPort: ${port}, uiHost: "127.0.0.1", flowFile: "flows.json", credentialSecret: "a secret of this test",
      telemetry: { enabled: false }, editorTheme: { tours: false }, logging: { console: { level: "info" } }, ${settings} };`,
  );
  const program = spawn(
    process.execPath,
    [require.resolve("node-red/red.js"), "-u", userDir, "-s", join(userDir, "settings.js")],
    { env: { ...process.env, GEMINI_API_KEY: undefined }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const output = collect(program);
  const stop = async () => {
    if (!hasEnded(program)) {
      program.kill("SIGTERM");
      await once(program, "exit");
    }
    rmSync(userDir, { recursive: true, force: true });
  };
  await printed(program, output, /Started flows/).catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    output,
    stop,
    kill: () => program.kill("SIGKILL"),
    hasEnded: () => hasEnded(program),
    pause: () => program.kill("SIGSTOP"),
    continue: () => program.kill("SIGCONT"),
  };
}
