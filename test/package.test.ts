// What users get: the package is built and packed in a fresh clone, installed by npm into a fresh user folder, and loaded by a real Node-RED.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { homedir, tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { TABLES } from "../nodes/settings/catalog";
import { dialogs, languages, read } from "./dialogs";
import { exampleFiles, exampleName } from "./example-path";
import { collect, printed } from "./node-red";
import { installPackage } from "./packed";
import { freePort } from "./plain-node-red";
import { inNode, writeProgram } from "./sound-programs";

const ROOT = resolve(__dirname, "..");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  name: string;
  version: string;
  "node-red": { nodes: Record<string, string> };
  bin: Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
};
const sets = manifest["node-red"].nodes;

/** Puts an arecord that records nothing in front of PATH. */
function silentMicrophone(folder: string): string {
  const programs = join(folder, "programs");
  mkdirSync(programs);
  writeProgram(join(programs, "arecord"), inNode("setInterval(() => {}, 1_000);"));
  return [programs, process.env.PATH].join(delimiter);
}

const credentialsOf = (set: string) => dialogs.find((dialog) => dialog.set === set)!.credentials;

describe("the packed package", () => {
  let userDir: string;
  /** Where npm has put the package. */
  let installed: string;
  /** The files in it, relative to `installed`. */
  let files: string[];

  before(async function () {
    this.timeout(300_000);
    userDir = await installPackage();
    installed = join(userDir, "node_modules", manifest.name);
    files = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter(
      (file) => !file.startsWith("node_modules") && statSync(join(installed, file)).isFile(),
    );
  });
  after(() => rmSync(userDir, { recursive: true, force: true }));
  const content = (file: string) => readFileSync(join(installed, file), "utf8");

  it("contains every node with its dialog, texts and help, and every program", () => {
    for (const [set, file] of Object.entries(sets)) {
      assert.ok(files.includes(file), file);
      assert.ok(files.includes(file.replace(".js", ".html")), set);
      for (const language of languages)
        for (const ending of ["json", "html"])
          assert.ok(files.includes(join("dist/nodes/locales", language, `${set}.${ending}`)), set);
    }
    for (const file of Object.values(manifest.bin)) {
      assert.ok(files.includes(file), file);
      assert.ok(statSync(join(installed, file)).mode & 0o111, `${file} cannot be run`);
      assert.match(content(file), /^#!\/usr\/bin\/env node\n/);
    }
    for (const file of ["README.md", "LICENSE", "package.json"]) assert.ok(files.includes(file), file);
    for (const file of exampleFiles) assert.ok(files.includes(join("examples", file)), file);
  });

  it("contains no tests, no sources, and nothing else that only developers need", () => {
    const allowed =
      /^(dist\/.*\.(js|html|json|svg)|dist\/(audio|nodes\/[^/]*|simulator)(\/.*)?\.d\.ts|dist\/browser\/app\.css|dist\/browser\/genai\.js\.LICENSES\.txt|examples\/[^/]*\/[^/]*\.json|examples\/cluster\/[A-Za-z.]+|resources\/[a-z-]+\.js|README\.md|CHANGELOG\.md|LICENSE|package\.json)$/;
    assert.deepEqual(
      files.filter((file) => !allowed.test(file)),
      [],
    );
    assert.deepEqual(
      files.filter((file) => /test|bench/i.test(file)),
      [],
    );
  });

  it("needs no more than six other packages, names all that it loads, and runs nothing when it is installed", () => {
    const needed = Object.keys(manifest.dependencies);
    assert.ok(needed.length <= 6, needed.join());
    const optional = Object.keys(manifest.peerDependencies);
    for (const name of optional) assert.ok(manifest.peerDependenciesMeta[name]?.optional, name);
    const dependencies = [...needed, ...optional];
    for (const script of ["preinstall", "install", "postinstall"]) assert.ok(!(script in manifest.scripts));
    for (const file of files.filter((file) => file.endsWith(".js")))
      for (const [, loaded = ""] of content(file).matchAll(/\b(?:require|import)\("([^".][^"]*)"\)/g)) {
        const name = loaded
          .split("/")
          .slice(0, loaded.startsWith("@") ? 2 : 1)
          .join("/");
        const known =
          loaded.startsWith("node:") || builtinModules.includes(name) || dependencies.includes(name);
        assert.ok(known, `${file} loads ${loaded}`);
      }
  });

  it("contains no path of the machine that built it", () => {
    for (const file of files) {
      // Examples write files into the folder for temporary files.
      const isExample = file.startsWith("examples");
      for (const path of [ROOT, homedir(), ...(isExample ? [] : [tmpdir()])])
        assert.ok(!content(file).includes(`${path}/`), `${path} in ${file}`);
    }
  });

  it("contains the simulator as a program that prints its address and ends on a signal", async () => {
    const program = spawn(join(userDir, "node_modules/.bin/gemini-live-simulator"), ["--port", "0"]);
    try {
      const url = await printed(program, collect(program), /on (http:\/\/127\.0\.0\.1:\d+)/);
      assert.equal((await fetch(url)).status, 404);
    } finally {
      program.kill("SIGTERM");
    }
    assert.deepEqual(await once(program, "exit"), [0, null]);
  });

  describe("in a Node-RED of its own", () => {
    let url: string;
    let output: () => string;
    let stop: () => Promise<void>;
    /** Waits until the flows that were deployed last have started. */
    let deployed: () => Promise<void>;
    let starts = 0;
    const get = async <T>(path: string, accept = "application/json") => {
      const response = await fetch(url + path, { headers: { accept } });
      assert.equal(response.status, 200, path);
      return (accept === "application/json" ? response.json() : response.text()) as Promise<T>;
    };

    before(async () => {
      const port = await freePort();
      const settings = {
        uiPort: port,
        flowFile: "flows.json",
        credentialSecret: "a secret of this test",
        uiHost: "127.0.0.1",
        telemetry: { enabled: false },
        editorTheme: { tours: false, projects: { enabled: false } },
        logging: { console: { level: "info" } },
      };
      const settingsFile = join(userDir, "settings.js");
      writeFileSync(settingsFile, `module.exports = ${JSON.stringify(settings)};`);
      const program = spawn(
        process.execPath,
        [require.resolve("node-red/red.js"), "-u", userDir, "-s", settingsFile],
        {
          // A microphone that is silent, because this machine may have none.
          env: { ...process.env, GEMINI_API_KEY: undefined, PATH: silentMicrophone(userDir) },
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      output = collect(program);
      stop = async () => {
        if (program.exitCode !== null) return;
        program.kill("SIGTERM");
        await once(program, "exit");
      };
      url = await printed(program, output, /Server now running at (http:\/\/127\.0\.0\.1:\d+)/);
      deployed = async () => {
        starts += 1;
        await printed(program, output, new RegExp(`(?:Started flows[^]*?){${starts}}`));
      };
      await deployed();
    });
    after(() => stop());

    it("is loaded from the tarball, every node of it, without an error", async () => {
      interface NodeSet {
        module: string;
        version: string;
        name: string;
        types: string[];
        enabled: boolean;
        err?: unknown;
      }
      const ours = (await get<NodeSet[]>("/nodes")).filter(({ module }) => module === manifest.name);
      for (const { err, enabled, version } of ours)
        assert.deepEqual(
          { err, enabled, version },
          { err: undefined, enabled: true, version: manifest.version },
        );
      assert.deepEqual(
        ours.map(({ name, types }) => [name, types]).sort(),
        Object.keys(sets)
          .map((set) => [set, [`gemini-${set}`]])
          .sort(),
      );
    });

    it("has its dialogs, help texts, icons and labels in the editor", async () => {
      const html = await get<string>("/nodes", "text/html");
      for (const set of Object.keys(sets)) {
        assert.match(html, new RegExp(`data-template-name="gemini-${set}"`));
        assert.match(html, new RegExp(`data-help-name="gemini-${set}"`));
        for (const language of languages) {
          const words = await get<Record<string, { hint?: object }>>(
            `/locales/${manifest.name}/${set}?lng=${language}`,
          );
          // The build adds what the help says about each setting.
          assert.deepEqual(
            Object.keys(words[set]!.hint!).sort(),
            [...Object.keys(TABLES[set]!.settings), ...credentialsOf(set)]
              // The parameters of a tool are a part of the row "view", and the type of a variable of the row of its value.
              .filter((name) => name !== "parameters" && !name.endsWith("Type"))
              .sort(),
          );
          delete words[set]!.hint;
          assert.deepEqual(words, JSON.parse(read("locales", language, `${set}.json`)));
        }
      }
      const icons = (await get<Record<string, string[]>>("/icons"))[manifest.name];
      assert.deepEqual(icons?.sort(), readdirSync(join(ROOT, "icons")).sort());
    });

    it("shows the help texts in the language of the browser", async () => {
      for (const language of languages) {
        const response = await fetch(`${url}/nodes`, {
          headers: { accept: "text/html", "accept-language": language },
        });
        const html = await response.text();
        for (const set of Object.keys(sets))
          assert.ok(
            html.includes(read("dist/nodes/locales", language, `${set}.html`).trim()),
            `${set} in ${language}`,
          );
      }
    });

    it("offers its examples in the import menu", async () => {
      const library = `/library/examples/flows/${manifest.name}`;
      const folders = await get<string[]>(library);
      const entries = await Promise.all(
        folders.map(async (folder) => {
          const files = await get<{ fn: string }[]>(`${library}/${encodeURIComponent(folder)}`);
          return files.map(({ fn }) => `${folder}/${fn}.json`);
        }),
      );
      assert.deepEqual(entries.flat().sort(), exampleFiles);
    });

    for (const file of exampleFiles)
      it(`runs the example ${file} as it is imported`, async () => {
        const place = file.replace(".json", "").split("/").map(encodeURIComponent).join("/");
        const path = `/library/examples/flows/${manifest.name}/${place}`;
        const flow = await get<object[]>(path);
        const response = await fetch(`${url}/flows`, {
          method: "POST",
          headers: { "content-type": "application/json", "node-red-deployment-type": "full" },
          body: JSON.stringify(flow),
        });
        assert.equal(response.status, 204);
        await deployed();
        if (exampleName(file) === "talk in the browser")
          assert.match(await get<string>("/talk", "text/html"), /data-ticket="[\w.-]+"/);
        const running = output().slice(output().indexOf("Started flows"));
        assert.doesNotMatch(running, /\[(?:error|warn)\]|Error:|missing/i);
      });
  });
});
