// Dialogs as the build fills them: they fit the tables of settings, the runtime and the package.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { accept, versionOf } from "../nodes/settings/table";
import {
  dialogs,
  examples,
  filesOf,
  filesUnder,
  hasRule,
  ONLY_FOR_THE_DIALOG,
  ROOT,
  read,
  tableOf,
} from "./dialogs";

type Default = { value?: unknown; validate?: (this: object, value: unknown) => unknown };

/** What the editor loads for all dialogs. */
const EDITOR_SCRIPT = read("resources", "fields.js") + read("resources", "dialog.js");

/** The defaults that a dialog registers, without an editor around it. */
function defaultsOf({ script, resources }: { script: string; resources: string }): Record<string, Default> {
  let defaults: Record<string, Default> = {};
  const RED = {
    _: String,
    events: { on() {} },
    nodes: {
      registerType: (_type: string, definition: { defaults: Record<string, Default> }) => {
        ({ defaults } = definition);
      },
    },
  };
  const noFields = () => ({ length: 0, appendTo() {} });
  const window = {};
  new Function("window", "$", "RED", `${EDITOR_SCRIPT}\n${resources}`)(window, noFields, RED);
  new Function(...Object.keys(window), "RED", "$", script)(...Object.values(window), RED, noFields);
  return defaults;
}

const registered: Record<string, string> = JSON.parse(read("package.json"))["node-red"].nodes;

describe("the files of every node", () => {
  it("are in package.json, and each node has a dialog, a catalogue and a help text", () => {
    const sets = dialogs.map(({ set }) => set).sort();
    assert.deepEqual(Object.keys(registered).sort(), sets);
    for (const ending of [".json", ".html"])
      assert.deepEqual(
        filesOf("locales/en-US", ending)
          .map((file) => file.replace(ending, ""))
          .sort(),
        sets,
      );
    for (const set of sets) assert.equal(registered[set], `dist/nodes/${set}.js`);
  });

  for (const dialog of dialogs) {
    const { set, type, definition, isConfig, template, script, defaults, credentials } = dialog;
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
        const { settings, migrations } = tableOf(set);
        const values = Object.fromEntries(
          Object.entries(defaultsOf(dialog)).map(([name, { value }]) => [name, value]),
        );
        const wanted = Object.entries(settings).map(([name, setting]) => [name, setting.default]);
        assert.deepEqual(values, {
          name: "",
          version: versionOf({ migrations }),
          ...Object.fromEntries(wanted),
        });
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

      it("accepts in its dialog exactly what the runtime accepts", () => {
        const { settings } = tableOf(set);
        const defaults = defaultsOf(dialog);
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

      it("uses every setting", () => {
        const users = ["nodes", "live", "audio"]
          .flatMap(filesUnder)
          .filter((file) => !file.startsWith("nodes/settings/"));
        const rules = Object.values(tableOf(set).rules).map((rule) => String(rule!.allows));
        const code = [...users.map((file) => read(file)), ...rules].join("\n");
        for (const [name, { kind }] of Object.entries(tableOf(set).settings))
          if (kind !== "type" && !ONLY_FOR_THE_DIALOG.includes(name))
            assert.ok(new RegExp(`\\b${name}\\b`).test(code), name);
        for (const name of credentials) assert.ok(code.includes(`credentials.${name}`), name);
      });

      it("takes its colors from the theme", () => {
        const styled = template + script.replace(/\n\s*color: "#[0-9A-F]{6}",/, "");
        assert.doesNotMatch(styled, /#[0-9a-f]{3}(?:[0-9a-f]{3})?\b|\brgba?\(|\bhsla?\(/i);
        for (const [declaration, value] of styled.matchAll(/(?:color|background|border)[\w-]*:\s*([^;"]+)/g))
          assert.match(value!, /^var\(--red-ui-/, declaration);
      });

      it("ends what it has started however it closes: Done, Cancel and Delete", () => {
        const hasEditor = Object.values(tableOf(set).settings).some((each) => "markdown" in each);
        if (!hasEditor && !script.includes("settings.atEnd(")) return;
        const calls = (property: string) =>
          [...script.matchAll(new RegExp(`${property}: (.*)`, "g"))].map(([, value]) => value);
        assert.deepEqual(calls("oneditcancel"), ["settings.cancel,"]);
        assert.deepEqual(calls("oneditdelete"), ["settings.remove,"]);
        assert.match(script, /oneditsave: settings\.save,|settings\.save\.call\(this\)/);
      });

      it("is in an example", () => {
        assert.ok(examples.some(({ flow }) => flow.some((node) => node.type === type)));
      });
    });
  }

  it("have no unused icon", () => {
    const shown = dialogs.flatMap(({ definition }) => definition.get("icon")?.value ?? []);
    assert.deepEqual(filesOf("icons", "").sort(), shown.sort());
  });
});
