// The dialogs of the nodes as the build fills them, and what stands next to them: tables of settings, texts, examples.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { TABLES } from "../nodes/settings/catalog";
import type { Table } from "../nodes/settings/table";
import { exampleFiles, exampleName } from "./example-path";

export const ROOT = resolve(__dirname, "..");
export const read = (...path: string[]) => readFileSync(join(ROOT, ...path), "utf8");
export const filesOf = (folder: string, ending: string) =>
  readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(ending));

/** A node of the syntax tree, as ESTree has it; what it holds depends on its type. */
interface Syntax {
  type: string;
  [property: string]: unknown;
}

/** The parser that the flow library's scorecard reads nodes with; Node-RED's own nodes bring it. */
const acorn = createRequire(
  createRequire(require.resolve("node-red")).resolve("@node-red/nodes/package.json"),
)("acorn") as { parse(code: string, options: { ecmaVersion: number; sourceType: "script" }): Syntax };

function* walk(syntax: unknown): Generator<Syntax> {
  if (typeof syntax !== "object" || syntax === null) return;
  if ("type" in syntax && typeof syntax.type === "string") yield syntax as Syntax;
  for (const child of Object.values(syntax)) yield* walk(child);
}

/** The properties of an object that is written out; fails when it is not. */
function propertiesOf(syntax: unknown, what: string): Map<string, Syntax> {
  const { type, properties } = syntax as Syntax;
  assert.equal(type, "ObjectExpression", `${what} is not written out in place`);
  return new Map(
    (properties as Syntax[]).map((property) => {
      assert.equal(property.type, "Property", `${what} has a spread in it`);
      const { name, value } = property.key as Syntax;
      return [String(name ?? value), property.value as Syntax];
    }),
  );
}

interface Dialog {
  set: string;
  type: string;
  template: string;
  script: string;
  /** The editor scripts that this dialog has besides the one of all dialogs. */
  resources: string;
  definition: Map<string, Syntax>;
  defaults: string[];
  credentials: string[];
  isConfig: boolean;
}

function readDialog(file: string): Dialog {
  const set = file.replace(".html", "");
  const html = read("dist/nodes", file);
  const template = /<script type="text\/html" data-template-name="([^"]+)">(.*?)<\/script>/s.exec(html)!;
  const script = /<script type="text\/javascript">(.*?)<\/script>/s.exec(html)![1]!;
  const calls = [...walk(acorn.parse(script, { ecmaVersion: 2022, sourceType: "script" }))].filter(
    ({ type, callee }) =>
      type === "CallExpression" &&
      ((callee as Syntax).property as { name?: string } | undefined)?.name === "registerType",
  );
  assert.equal(calls.length, 1, `${file} does not register one type`);
  const [name, object] = calls[0]!.arguments as Syntax[];
  assert.equal(name!.type, "Literal", `${file}: the type is no literal`);
  assert.equal(name!.value, template[1], `${file}: the dialog is of another type`);
  const definition = propertiesOf(object, `${file}: the definition`);
  const namesIn = (property: string) => {
    const value = definition.get(property);
    return value ? [...propertiesOf(value, `${file}: ${property}`).keys()] : [];
  };
  return {
    set,
    type: template[1]!,
    template: template[2]!,
    script,
    resources: [...html.matchAll(/<script src="resources\/.*\/([\w-]+\.js)">/g)]
      .map(([, file]) => file!)
      .filter((file) => file !== "dialog.js")
      .map((file) => read("resources", file))
      .join("\n"),
    definition,
    defaults: namesIn("defaults"),
    credentials: namesIn("credentials"),
    isConfig: definition.get("category")?.value === "config",
  };
}

/** The files with code below a folder. */
export const filesUnder = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file}`);

export const tableOf = (set: string): Table => {
  const table = TABLES[set];
  assert.ok(table, `${set} has no table of settings`);
  return table;
};

/** Whether a rule of the table or of the dialog decides about a setting, too. */
export const hasRule = (set: string, name: string, script: string) =>
  name in tableOf(set).rules || script.includes(`settings.rules.${name} =`);

export const dialogs = filesOf("nodes", ".html").map(readDialog);

/** The languages that the nodes have texts in. */
export const languages = readdirSync(join(ROOT, "locales"));

export type ExampleNode = {
  id: string;
  type: string;
  wires?: string[][];
  func?: string;
  initialize?: string;
};

export const examples = exampleFiles.map((file) => ({
  name: exampleName(file),
  flow: JSON.parse(read("examples", file)) as ExampleNode[],
}));

/** Settings that only remember how the dialog shows the others: a preset that fills fields, rows or a schema. */
export const ONLY_FOR_THE_DIALOG = ["preset", "view"];
