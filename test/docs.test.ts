// The README and the other documents fit the code: paths, labels, messages, and the fault script that they show.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { explainClose, explainStatus } from "../live/server/close-codes";
import { checkScript } from "../simulator/faults/fault-validation";
import { startSimulator } from "../simulator/server";
import { cleanUp } from "./clean-up";
import { TestClock } from "./clock";
import { exampleFiles, exampleName } from "./example-path";
import { continuity, Talk } from "./live/talk";

const ROOT = resolve(__dirname, "..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const filesIn = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file));
const readme = read("README.md");
const rowsOf = (heading: string) =>
  [
    ...readme
      .split(`\n### ${heading}\n`)[1]!
      .split("\n#")[0]!
      .matchAll(/^\| (.+?) \|/gm),
  ].map(([, first]) => first!);
const inCode = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

const inItalics = (text: string) => [...text.matchAll(/\*([^*]+)\*/g)].map(([, name]) => name!);

describe("the documents", () => {
  const documents = [
    ...readdirSync(ROOT).filter((file) => file.endsWith(".md")),
    ...filesIn("docs").filter((file) => file.endsWith(".md")),
  ];
  const folders = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const isPath = new RegExp(`^(${folders.map(({ name }) => name.replace(".", "\\.")).join("|")})/[^\\s…*]*$`);

  for (const document of documents)
    it(`${document} names only files and folders that exist`, () => {
      const text = read(document);
      const linked = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to]) =>
        join(dirname(document), to!),
      );
      for (const path of [...linked, ...inCode(text).filter((code) => isPath.test(code))])
        assert.ok(existsSync(join(ROOT, path)), path);
    });

  it("CONTRIBUTING.md shows the tree as it is", () => {
    const tree = read("CONTRIBUTING.md").split("```")[1]!;
    const shown = [...tree.matchAll(/^([a-z/-]+)\/ .*\n((?: {26}.*\n)+)/gm)].map(([, folder, names]) => [
      folder,
      names!.trim().split(/,\s+/),
    ]);
    const sources = ["nodes", "live", "audio", "simulator", "browser"]
      .flatMap(filesIn)
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));
    const real = [...new Set(sources.map(dirname))].map((folder) => [
      folder,
      sources.filter((file) => dirname(file) === folder).map((file) => basename(file, ".ts")),
    ]);
    const sorted = (rooms: unknown[][]) =>
      rooms.map(([folder, names]) => `${folder}: ${(names as string[]).sort()}`).sort();
    assert.deepEqual(sorted(shown), sorted(real));
  });

  it("CONTRIBUTING.md shows the ways of a sound frame, a tool call and a token, each in less than ten files and without turning back", () => {
    const ways = read("CONTRIBUTING.md")
      .split("\n## The way of ")
      .slice(1)
      .flatMap((section) => section.split("\n## ")[0]!.split("\n\n").slice(1))
      .map(inCode)
      .filter(({ length }) => length > 0);
    assert.equal(ways.length, 7);
    for (const way of ways) {
      assert.ok(way.length < 10, way.join(" → "));
      assert.equal(new Set(way).size, way.length, way.join(" → "));
    }
  });

  it("README.md quotes labels and choices of the dialogs as they are", () => {
    const texts = filesIn("locales/en-US")
      .filter((file) => file.endsWith(".json"))
      .map(read)
      .join();
    const page = read("browser/texts/en.ts") + read("examples/direct.html");
    for (const [, label] of readme.matchAll(/\*\*([^*]+)\*\*/g))
      assert.ok(texts.includes(`"${label}"`) || page.includes(`"${label}"`), label);
  });

  it("README.md lists every example", () => {
    const shown = inItalics(readme.split("\n## Examples\n")[1]!.split("\n## ")[0]!);
    for (const name of exampleFiles.map(exampleName)) assert.ok(shown.includes(name), name);
  });

  it("README.md quotes badges and errors as they are", () => {
    const code = ["nodes", "live", "audio", "locales"]
      .flatMap(filesIn)
      .filter((file) => /\.(ts|json)$/.test(file))
      .map(read)
      .join("\n");
    const quoted = rowsOf("Badges and errors").flatMap((row) => inCode(row).slice(0, 1));
    assert.ok(quoted.length > 5);
    for (const text of quoted) assert.ok(code.includes(text), text);
  });

  it("README.md explains closes by reasons that the nodes tell apart", () => {
    const rows = rowsOf("Close codes").map((row) => [...row.matchAll(/(1\d{3})((?: `[^`]+`,?)*)/g)]);
    assert.ok(rows.flat().length > 10);
    for (const [, code, reasons = ""] of rows.flat())
      for (const reason of inCode(reasons))
        assert.notDeepEqual(
          explainClose(Number(code), reason),
          explainClose(Number(code), ""),
          `${code} ${reason}`,
        );
  });

  it("README.md names the code of the error for each close and HTTP status", () => {
    const rows = [...readme.matchAll(/^\| (.+?) \| `(GEMINI_\w+)` \|/gm)];
    assert.equal(rows.length, rowsOf("Close codes").length - 1);
    for (const [row, closes = "", wanted] of rows) {
      for (const [status] of closes.matchAll(/\b[34]\d\d\b/g))
        assert.equal(explainStatus(Number(status)).code, wanted, row);
      for (const [, closeCode, reasons = ""] of closes.matchAll(/(1\d{3})((?: `[^`]+`,?)*)/g))
        for (const reason of reasons ? inCode(reasons) : [""])
          assert.equal(explainClose(Number(closeCode), reason).code, wanted, row);
    }
  });
});

it("every fault of the README's script happens, and the conversation continues after each", async () => {
  const script = /```json\n(.*?)```/s.exec(readme.split("\n## The simulator\n")[1]!)![1]!;
  const clock = new TestClock();
  const simulator = await startSimulator({ script: checkScript(JSON.parse(script)), clock });
  cleanUp(() => simulator.close());
  // The default of a connection. The first resume after the goAway is refused too, as right after every clean close.
  const talk = new Talk(simulator.url, { continuity: { ...continuity, reconnectAttempts: 8 } }, clock);
  cleanUp(() => talk.conversation.close());
  await talk.say("one");
  assert.equal((await talk.next("resumed")).attempts, 3, "one cut, and two attempts that were refused");
  await talk.next("goAway", ({ timeLeft }) => timeLeft === "10s");
  await talk.next("resumed");
  await talk.say("two");
  await talk.next("text", ({ final, role, text }) => final && role === "model" && text.includes("two"));
});

it("docs/security.md names, for each attack, a test that there is", () => {
  const rows = [...read("docs/security.md").matchAll(/^\|.*\| `([^`]+)`: (.*) \|$/gm)];
  assert.ok(rows.length > 10);
  for (const [row, file, name] of rows)
    if (name !== "all of it") {
      const pattern = name!.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      assert.match(read(file!), new RegExp(`it(?:InBrowser)?\\(\\s*["\x60]${pattern}`), row);
    }
});
