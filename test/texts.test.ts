// Dialogs as the build fills them, texts, icons and examples: they fit the code and each other.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { TABLES } from "../nodes/settings/catalog";
import { accept, type Table } from "../nodes/settings/table";

const ROOT = resolve(__dirname, "..");
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), "utf8");
const filesOf = (folder: string, ending: string) =>
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
const coreTexts = createRequire(require.resolve("node-red"))("@node-red/nodes/locales/en-US/messages.json");

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
    definition,
    defaults: namesIn("defaults"),
    credentials: namesIn("credentials"),
    isConfig: definition.get("category")?.value === "config",
  };
}

/** The texts that a key is built for while the program runs, by the beginning of the key. */
const BUILT: Record<string, string[]> = {
  "live-session.output.": ["audio", "text", "tools", "events"],
  "live-session.badge.": ["disconnected", "connecting", "connected", "interrupted", "closing", "closed"],
  "live-config.node.": ["simulator", "gemini", "vertex", "custom"],
};

/** The keys of the texts that code asks for. */
function keysInCode(code: string): string[] {
  return [...code.matchAll(/\b_\(\s*["'`]([\w.:-]+)/g)].flatMap(([, key = ""]) => {
    if (!key.endsWith(".")) return [key];
    // `lockedFields` names its choices as a list of options would.
    const [set = "", name = ""] = key.split(".");
    const setting = TABLES[set]?.settings[name];
    const ends = BUILT[key] ?? (setting?.kind === "list" ? setting.choices : undefined);
    assert.ok(ends, `${key} is not among the keys that are built`);
    return ends.map((end) => key + end);
  });
}

function keysInTemplate(template: string): string[] {
  return [...template.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, keys = ""]) =>
    keys.split(";").map((key) => key.replace(/^\[\w+\]/, "")),
  );
}

function flatten(texts: object, prefix = ""): string[] {
  return Object.entries(texts).flatMap(([name, text]) =>
    typeof text === "string" ? [prefix + name] : flatten(text, `${prefix}${name}.`),
  );
}

/** The files with code below a folder. */
const filesUnder = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file}`);

const tableOf = (set: string): Table => {
  const table = TABLES[set];
  assert.ok(table, `${set} has no table of settings`);
  return table;
};

type Default = { value?: unknown; validate?: (this: object, value: unknown) => unknown };

/** The defaults that a dialog registers, without an editor around it. */
function defaultsOf(script: string): Record<string, Default> {
  let defaults: Record<string, Default> = {};
  const RED = {
    _: String,
    nodes: {
      registerType: (_type: string, definition: { defaults: Record<string, Default> }) => {
        ({ defaults } = definition);
      },
    },
  };
  const noFields = () => ({ length: 0 });
  new Function("RED", "$", script)(RED, noFields);
  return defaults;
}

/** Whether a rule of the table or of the dialog decides about a setting, too. */
const hasRule = (set: string, name: string, script: string) =>
  name in tableOf(set).rules || script.includes(`settings.rules.${name} =`);

/** The keys of the texts with which a dialog says what a setting may be. */
const keysOfChecks = (set: string, script: string) =>
  Object.entries(tableOf(set).settings).flatMap(([name, setting]) => [
    ...(hasRule(set, name, script) ? [`${set}.error.${name}`] : []),
    `live-config.invalid.${setting.kind === "number" && setting.whole ? "whole" : setting.kind}`,
  ]);

const dialogs = filesOf("nodes", ".html").map(readDialog);
const { name, "node-red": nodeRed } = JSON.parse(read("package.json"));
const examples = filesOf("examples", ".json").map((file) => ({
  file,
  flow: JSON.parse(read("examples", file)) as ExampleNode[],
}));
const starter = examples.find(({ file }) => file === "talk in the browser.json")!;

type ExampleNode = { id: string; type: string; wires?: string[][]; func?: string; initialize?: string };

/** What stands next to the sockets of an example, behind those that receive and before those that send: functions, with their code. */
function guardsOf(flow: ExampleNode[]) {
  const receivers = flow.filter(({ type }) => type === "websocket in").flatMap(({ wires }) => wires!.flat());
  const senders = flow.filter(({ type }) => type === "websocket out").map(({ id }) => id);
  return flow
    .filter(({ id, wires }) => receivers.includes(id) || wires?.flat().some((to) => senders.includes(to)))
    .map(({ type, func, initialize }) => ({ type, func, initialize }));
}

/** Settings that only remember how the dialog shows the others: a preset that fills fields, rows or a schema. */
const ONLY_FOR_THE_DIALOG = ["preset", "view"];

describe("the files of every node", () => {
  it("are in package.json, and every node that is there has a dialog, a catalogue and a help text", () => {
    const sets = dialogs.map(({ set }) => set).sort();
    assert.deepEqual(Object.keys(nodeRed.nodes).sort(), sets);
    for (const ending of [".json", ".html"])
      assert.deepEqual(
        filesOf("locales/en-US", ending)
          .map((file) => file.replace(ending, ""))
          .sort(),
        sets,
      );
    for (const set of sets) assert.equal(nodeRed.nodes[set], `dist/nodes/${set}.js`);
  });

  for (const { set, type, definition, isConfig, template, script, defaults, credentials } of dialogs)
    describe(type, () => {
      it("is defined by literals, as the flow library reads it, and shown in the palette without its prefix", () => {
        assert.equal(type, `gemini-${set}`);
        const literals = isConfig
          ? ["category"]
          : ["category", "color", "icon", "inputs", "outputs", "paletteLabel"];
        for (const property of literals) assert.equal(definition.get(property)?.type, "Literal", property);
        if (isConfig) return;
        assert.equal(definition.get("category")!.value, "Gemini Live");
        assert.equal(definition.get("paletteLabel")!.value, set.replaceAll("-", " "));
        assert.ok(existsSync(join(ROOT, "icons", String(definition.get("icon")!.value))));
      });

      it("has a field in its dialog for each of its settings, and a setting for each field and label", () => {
        const prefix = isConfig ? "node-config-input-" : "node-input-";
        const fields = [...template.matchAll(/<(?:input|select|textarea)\b[^>]*\bid="([^"]+)"/g)].map(
          ([, id]) => id!,
        );
        const shown = defaults.filter((name) => name !== "version");
        assert.deepEqual(fields.sort(), [...shown, ...credentials].map((name) => prefix + name).sort());
        for (const [, id] of template.matchAll(/<label\b[^>]*\bfor="([^"]+)"/g))
          assert.ok(fields.includes(id!), id);
      });

      it("has the defaults of its table, and a version", () => {
        const { settings } = tableOf(set);
        const values = Object.fromEntries(
          Object.entries(defaultsOf(script)).map(([name, { value }]) => [name, value]),
        );
        const wanted = Object.entries(settings).map(([name, setting]) => [name, setting.default]);
        assert.deepEqual(values, { name: "", version: 1, ...Object.fromEntries(wanted) });
      });

      it("has the ranges and the choices of its table in its fields", () => {
        const prefix = isConfig ? "node-config-input-" : "node-input-";
        for (const [name, setting] of Object.entries(tableOf(set).settings)) {
          const field = new RegExp(`<(\\w+)[^>]* id="${prefix}${name}"[^>]*>(?:(.*?)</select>)?`, "s");
          const [tag = "", element, content = ""] = field.exec(template) ?? [];
          const attribute = (key: string) => new RegExp(` ${key}="([^"]*)"`).exec(tag)?.[1];
          if (setting.kind === "number")
            assert.deepEqual(
              [attribute("type"), Number(attribute("min")), Number(attribute("max"))],
              ["number", setting.min, setting.max],
              name,
            );
          if (setting.kind === "choice" && element === "select")
            assert.deepEqual(
              [...content.matchAll(/<option value="([^"]*)"/g)].map(([, value]) => value),
              setting.choices,
              name,
            );
          if (setting.kind === "flag") assert.equal(attribute("type"), "checkbox", name);
        }
      });

      it("takes in its dialog what the runtime takes, and nothing else", () => {
        const { settings } = tableOf(set);
        const defaults = defaultsOf(script);
        for (const [name, setting] of Object.entries(settings)) {
          const { validate } = defaults[name]!;
          if (setting.kind === "node") continue;
          const node = { _: String };
          for (const value of [
            undefined,
            setting.default,
            "",
            " ",
            null,
            -1,
            0.5,
            1e12,
            "7",
            "no",
            true,
            {},
          ]) {
            const taken = value === undefined || accept(setting, value) !== undefined;
            // What is taken by itself may still not fit the other settings.
            if (!taken) assert.notEqual(validate!.call(node, value), true, `${name} ${value}`);
            else if (!hasRule(set, name, script))
              assert.equal(validate!.call(node, value), true, `${name} ${value}`);
          }
        }
      });

      it("names every setting in errors as its dialog does", () => {
        const { label, error = {} } = JSON.parse(read("locales/en-US", `${set}.json`))[set];
        const { settings, rules } = tableOf(set);
        for (const [name, setting] of Object.entries(settings))
          if (!ONLY_FOR_THE_DIALOG.includes(name)) assert.equal(label[name], setting.label, name);
        for (const [name, rule] of Object.entries(rules)) assert.equal(error[name], rule!.error, name);
      });

      it("uses every setting", () => {
        const users = ["nodes", "live", "audio"]
          .flatMap(filesUnder)
          .filter((file) => !file.startsWith("nodes/settings/"));
        const rules = Object.values(tableOf(set).rules).map((rule) => String(rule!.allows));
        const code = [...users.map((file) => read(file)), ...rules].join("\n");
        for (const name of Object.keys(tableOf(set).settings))
          if (!ONLY_FOR_THE_DIALOG.includes(name)) assert.ok(new RegExp(`\\b${name}\\b`).test(code), name);
        for (const name of credentials) assert.ok(code.includes(`credentials.${name}`), name);
      });

      it("asks only for texts that there are", () => {
        const catalogue = flatten(JSON.parse(read("locales/en-US", `${set}.json`)));
        const core = flatten(coreTexts).map((key) => `node-red:${key}`);
        const asked = [...keysInTemplate(template), ...keysInCode(script)];
        assert.ok(asked.length > 0);
        for (const key of asked)
          assert.ok([...catalogue, ...core].includes(key), `${key} is not in the catalogue`);
      });

      it("says nothing in its dialog that is not in the catalogue, but names and numbers", () => {
        const words = template.replace(/<[^>]*>/g, " ").match(/[^\s]+/g) ?? [];
        for (const word of words) assert.match(word, /^([\d.]+|kHz)$/);
      });

      it("has a help text in the form of Node-RED's own nodes", () => {
        const help = read("locales/en-US", `${set}.html`);
        assert.match(help, new RegExp(`^<script type="text/markdown" data-help-name="${type}">\n\\S`));
        const sections = [...help.matchAll(/^### (.*)$/gm)].map(([, title]) => title!);
        const hasOutputs = definition.get("outputs")?.value !== 0;
        if (!isConfig)
          assert.deepEqual(sections.slice(0, 2), ["Inputs", hasOutputs ? "Outputs" : "Settings"]);
        assert.ok(sections.includes("Details"));
        // The editor shows a property only when it is one line with two colons, and with its type in parentheses.
        for (const [line] of help.matchAll(/^: .*\n.?.?/gm))
          assert.match(line, /^: [^:\n]+ \([^:\n]+\) : [^:\n]+\n(: |\n|$)/);
      });

      it("explains every setting in its help, under its label and in the order of the dialog", () => {
        const { label } = JSON.parse(read("locales/en-US", `${set}.json`))[set];
        const labels = [...template.matchAll(/data-i18n="[\w-]+\.label\.(\w+)"/g)]
          .map(([, key]) => label[key!])
          .filter((text) => !text.endsWith("."));
        const help = read("locales/en-US", `${set}.html`);
        const explained = [...help.matchAll(/^: (.*) \([^()]+\) : ./gm)].map(([, text]) =>
          text!.replace("&#58;", ":"),
        );
        assert.deepEqual(
          explained.filter((text) => labels.includes(text)),
          labels,
        );
      });

      it("gives the defaults of numbers and check boxes in its help", () => {
        const help = read("locales/en-US", `${set}.html`).replace("&#58;", ":");
        for (const setting of Object.values(tableOf(set).settings)) {
          const ending =
            setting.kind === "flag"
              ? ` Default ${setting.default ? "on" : "off"}.`
              : setting.default === ""
                ? " default."
                : ` Default ${setting.default}.`;
          const line = help.split("\n").find((text) => text.startsWith(`: ${setting.label} (`));
          if (setting.kind === "number" || setting.kind === "flag")
            assert.ok(line?.endsWith(ending), `${setting.label}:${ending}`);
        }
      });

      it("takes its colors from the theme", () => {
        const styled = template + script.replace(/\n\s*color: "#[0-9A-F]{6}",/, "");
        assert.doesNotMatch(styled, /#[0-9a-f]{3}(?:[0-9a-f]{3})?\b|\brgba?\(|\bhsla?\(/i);
        for (const [declaration, value] of styled.matchAll(/(?:color|background|border)[\w-]*:\s*([^;"]+)/g))
          assert.match(value!, /^var\(--red-ui-/, declaration);
      });

      it("is in an example", () => {
        assert.ok(examples.some(({ flow }) => flow.some((node) => node.type === type)));
      });
    });

  it("have no text that is not used, and the code uses none that is missing", () => {
    const catalogues = dialogs.flatMap(({ set }) =>
      flatten(JSON.parse(read("locales/en-US", `${set}.json`))),
    );
    const inDialogs = dialogs.flatMap(({ template, script }) => [
      ...keysInTemplate(template),
      ...keysInCode(script),
    ]);
    const inCode = filesUnder("nodes").flatMap((file) => keysInCode(read(file)));
    for (const key of inCode) assert.ok(catalogues.includes(key), `${key} is in no catalogue`);
    const byDialogs = dialogs.flatMap(({ set, script }) => keysOfChecks(set, script));
    const asked = new Set([...inDialogs, ...inCode, ...byDialogs]);
    assert.deepEqual(
      catalogues.filter((key) => !asked.has(key)),
      [],
    );
  });

  it("have no icon that is not used", () => {
    const shown = dialogs.flatMap(({ definition }) => definition.get("icon")?.value ?? []);
    assert.deepEqual(filesOf("icons", "").sort(), shown.sort());
  });
});

for (const { file, flow } of examples)
  describe(`the example ${file}`, () => {
    it("says what it is in a comment, and needs no other package", () => {
      assert.ok(flow.some(({ type }) => type === "comment"));
      for (const node of flow.filter(({ type }) => type === "global-config"))
        assert.deepEqual(Object.keys((node as { modules?: object }).modules ?? {}), [name]);
    });

    it("leads every wire to a node that is there, and has every id once", () => {
      const ids = flow.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const id of flow.flatMap(({ wires = [] }) => wires.flat())) assert.ok(ids.includes(id), id);
    });

    it("has the guards of the starter flow at its sockets, if it has any: pages of other sites stay out", () => {
      const [guards, ofTheStarter] = [guardsOf(flow), guardsOf(starter.flow)];
      if (guards.length) assert.deepEqual(guards, ofTheStarter);
      else assert.ok(!flow.some(({ type }) => type.startsWith("websocket")));
    });

    it("sets every setting of our nodes, and none that they do not have", () => {
      for (const { defaults, type } of dialogs)
        for (const { id, type: _, z, x, y, wires, ...settings } of flow.filter(
          (node) => node.type === type,
        ) as {
          [property: string]: unknown;
        }[])
          assert.deepEqual(Object.keys(settings).sort(), [...defaults].sort(), String(id));
    });

    it("needs no key and holds none", () => {
      for (const node of flow.filter(({ type }) => type === "gemini-live-config"))
        assert.equal((node as { server?: string }).server, "simulator");
      assert.doesNotMatch(JSON.stringify(flow), /AIza|"credentials"/);
    });
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
