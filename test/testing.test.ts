// What the package offers for tests of other people's flows: the test that docs/testing.md shows, the paths, and the types.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import manifest from "../package.json";
import { installPackage } from "./packed";

const ROOT = resolve(__dirname, "..");
const { name } = manifest;
const sets = Object.keys(manifest["node-red"].nodes);
const run = promisify(execFile);

describe("a test of a flow with the packed package", () => {
  let folder: string;
  /** A project that has the package in the folder above, and what its own tests need. */
  let project: string;
  before(async function () {
    this.timeout(300_000);
    folder = await installPackage();
    project = join(folder, "project");
    const link = (needed: string, to: string) => {
      const path = join(to, "node_modules", needed);
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", needed), path, "junction");
    };
    for (const needed of ["mocha", "node-red", "node-red-node-test-helper", "@node-red", "@types/node"])
      link(needed, project);
    // The package's own types need those of Node-RED too.
    link("@types/node-red", folder);
    writeFileSync(join(project, "package.json"), "{}");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const runsIn = (program: string, ...args: string[]) =>
    run(process.execPath, [program, ...args], { cwd: project }).catch(({ stdout, stderr }) =>
      assert.fail(`${stdout}${stderr}`),
    );

  it("runs the test of docs/testing.md", async () => {
    const text = readFileSync(join(ROOT, "docs/testing.md"), "utf8");
    for (const [language, file] of Object.entries({ json: "weather.json", js: "weather.test.js" }))
      writeFileSync(join(project, file), new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(text)![1]!);
    const { stdout } = await runsIn(require.resolve("mocha/bin/mocha.js"), "weather.test.js");
    assert.match(stdout, /^ *[1-9]\d* passing/m);
  });

  for (const [load, node] of [
    ["require", "loaded"],
    ["import", "loaded.default"],
  ])
    it(`gives its simulator and every node to ${load}`, async () => {
      const script = `(async () => {
        const { startSimulator } = await ${load}("${name}/simulator");
        await (await startSimulator()).close();
        for (const set of ${JSON.stringify(sets)}) {
          const loaded = await ${load}("${name}/nodes/" + set);
          console.log(set + " is a " + typeof ${node});
        }
      })();`;
      const { stdout } = await runsIn("--eval", script);
      assert.equal(stdout, sets.map((set) => `${set} is a function\n`).join(""));
    });

  it("exports no other files", () =>
    assert.rejects(
      runsIn("--eval", `require("${name}/dist/simulator/server.js")`),
      /ERR_PACKAGE_PATH_NOT_EXPORTED/,
    ));

  /** Compiles a source as a CommonJS module, as an ES module and for a bundler. */
  const compile = async (source: string, ...options: string[]) => {
    for (const ending of ["ts", "cts", "mts"]) writeFileSync(join(project, `flow.${ending}`), source);
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const check = (...more: string[]) =>
      runsIn(compiler, "--noEmit", "--strict", "--types", "node", ...options, ...more);
    await check("--module", "node16", "flow.cts", "flow.mts");
    await check("--module", "esnext", "--moduleResolution", "bundler", "flow.ts");
  };

  it("has complete types for the simulator, in CommonJS, in ES modules and for bundlers", () =>
    compile(`
      import { type Fault, type Simulator, startSimulator } from "${name}/simulator";
      const cut: Fault = { at: "thinking", do: "cut" };
      export const simulator: Promise<Simulator> = startSimulator({ script: [cut] });
      export const called = async () => (await simulator).conversations[0]?.calls[0]?.name.length;
      // @ts-expect-error: a port is a number
      startSimulator({ port: "8765" });`));

  it("has types for the nodes, in CommonJS, in ES modules and for bundlers", () =>
    compile(
      `import liveSession from "${name}/nodes/live-session";
      import type { NodeAPI } from "node-red";
      export const node: (RED: NodeAPI) => void = liveSession;
      // @ts-expect-error: a node is given Node-RED
      liveSession({});`,
      // The types of Node-RED do not pass the check.
      "--skipLibCheck",
    ));
});
