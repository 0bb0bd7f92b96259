// Dialogs as the build fills them: they fit the tables of settings, the runtime and the package.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { declareTool } from "../live/tools/declaration";
import { accept, readSettings, versionOf } from "../nodes/settings/table";
import {
  dialogs,
  examples,
  filesOf,
  filesUnder,
  hasRule,
  languages,
  ONLY_FOR_THE_DIALOG,
  ROOT,
  read,
  tableOf,
} from "./dialogs";

type Default = {
  value?: unknown;
  required?: boolean;
  validate?: (this: object, value: unknown, options?: object) => unknown;
};

/** For each rule of the tables, settings that it refuses; by the node, and by the setting that has the rule. */
const MISFITS: Record<string, Record<string, Record<string, unknown>>> = {
  "live-config": {
    url: { server: "custom", url: "gateway" },
    allowHttp: { server: "custom", url: "http://gateway.example" },
    useEphemeralTokens: { server: "vertex", useEphemeralTokens: true },
    tokenRenewMinutes: { useEphemeralTokens: true, tokenRenewMinutes: 30, tokenLifetimeMinutes: 30 },
    store: { store: "redis://user:password@store.example" },
    targetTokens: { triggerTokens: 5_000, targetTokens: 5_000 },
  },
  "live-session": {
    speaksFirst: { speaksFirst: true, singleTurn: true },
    furtherSetup: { furtherSetup: '{"model": "other"}' },
  },
  "audio-in": { channel: { format: "pcm", channels: "1", channel: "2" } },
  "audio-out": {
    sampleRate: { format: "opus", sampleRate: "44100" },
    frameMs: { format: "opus", frameMs: 30 },
    pacing: { format: "opus", pacing: "whole" },
    flushTemplate: { flush: "bytes", flushTemplate: "zz" },
  },
  "browser-in": {
    path: { path: "/a b" },
    sites: { embedding: "sites", sites: "home" },
  },
};

/** A JSON Schema of an object with one property. */
const objectWith = (name: string, schema: object = { type: "string" }) => ({
  type: "object",
  properties: { [name]: schema },
});

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
          .filter((file) => file !== "errors.json")
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
        for (const [name, setting] of Object.entries(settings))
          if (setting.kind === "node")
            assert.equal(defaultsOf(dialog)[name]!.required, setting.required === true, name);
      });

      it("says at each field what the help says about its setting", () => {
        const { hint } = JSON.parse(read("dist/nodes/locales/en-US", `${set}.json`))[set];
        // `view`, which chooses how the dialog shows the parameters, is one field with them.
        for (const [name, { kind }] of Object.entries(tableOf(set).settings))
          if (kind !== "type" && `${set}.${name}` !== "tool-call.parameters") assert.ok(hint[name], name);
      });

      it("refuses in its dialog settings that do not fit together, as the runtime does", () => {
        const table = tableOf(set);
        const misfits = MISFITS[set] ?? {};
        assert.deepEqual(Object.keys(misfits).sort(), Object.keys(table.rules).sort());
        for (const [name, properties] of Object.entries(misfits)) {
          assert.throws(
            () => readSettings(table, properties),
            ({ message }: Error) => message.startsWith(table.rules[name]!.error),
          );
          const validate = defaultsOf(dialog)[name]!.validate!;
          const value: unknown = properties[name];
          assert.equal(validate.call({ ...properties, _: String }, value), false, name);
          const said = String(validate.call({ ...properties, _: String }, value, {}));
          assert.ok(said.startsWith(`${set}.error.${name}`), said);
          assert.equal(validate.call({ _: String }, table.settings[name]!.default, {}), true, name);
        }
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

  it("have presets of turn detection that the live session accepts, one for each choice", () => {
    const { script } = dialogs.find(({ set }) => set === "live-session")!;
    const [, written] = /const PRESETS = (\{.*?\n {8}\});/s.exec(script)!;
    const presets = new Function(`return ${written}`)() as Record<string, Record<string, unknown>>;
    const { settings } = tableOf("live-session");
    const { choices } = settings.preset as { choices: readonly string[] };
    assert.deepEqual(
      Object.keys(presets),
      choices.filter((choice) => choice !== "own"),
    );
    for (const [name, fields] of Object.entries(presets))
      for (const [setting, value] of Object.entries(fields))
        assert.ok(accept(settings[setting]!, value), `${name}: ${setting}`);
  });

  it("take the same names of functions and parameters as the runtime", () => {
    const { functionName, parameters } = defaultsOf(dialogs.find(({ set }) => set === "tool-call")!);
    const runtimeTakes = (name: string, schema: object) => {
      try {
        return !!declareTool({ name, description: "Does it.", parameters: schema, behavior: "" });
      } catch {
        return false;
      }
    };
    const takes = (check: Default | undefined, property: string, value: string) =>
      check!.validate!.call({ [property]: value, _: String }, value);
    const names = ["a", "_a1", "a.b:c-d", "2a", ".a", "", " ", "a b", "ä", "a".repeat(64), "a".repeat(65)];
    for (const name of names) {
      assert.equal(takes(functionName, "functionName", name), runtimeTakes(name, {}), name);
      // The dialog also wants a name for each row inside of a parameter.
      const nested = name.trim() ? [objectWith("a", objectWith(name))] : [];
      for (const schema of [objectWith(name), ...nested]) {
        const text = JSON.stringify(schema);
        assert.equal(takes(parameters, "parameters", text), runtimeTakes("a", schema), text);
      }
    }
  });

  for (const language of languages)
    it(`have sample rates as numbers are written in ${language}`, () => {
      const { format } = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
      for (const { set } of dialogs) {
        const rates: Record<string, string> =
          JSON.parse(read("locales", language, `${set}.json`))[set].sampleRate ?? {};
        for (const [rate, text] of Object.entries(rates))
          assert.equal(text, `${format(Number(rate) / 1_000)} kHz`);
      }
    });

  it("have no unused icon", () => {
    const shown = dialogs.flatMap(({ definition }) => definition.get("icon")?.value ?? []);
    assert.deepEqual(filesOf("icons", "").sort(), shown.sort());
  });
});
