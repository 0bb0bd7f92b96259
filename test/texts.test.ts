// The texts of the nodes: labels, errors and help fit the dialogs, the tables of settings and the code.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { TABLES } from "../nodes/settings/catalog";
import { dialogs, filesUnder, hasRule, languages, ONLY_FOR_THE_DIALOG, read, tableOf } from "./dialogs";

const coreTexts = createRequire(require.resolve("node-red"))("@node-red/nodes/locales/en-US/messages.json");
const editorTexts = createRequire(require.resolve("node-red"))(
  "@node-red/editor-client/locales/en-US/editor.json",
);

/** The nodes that flows in help texts consist of: ours, and some of Node-RED's own. */
const OF_FLOWS = [
  ...dialogs.filter(({ isConfig }) => !isConfig).map(({ set }) => set.replace("-", " ")),
  ...["debug", "http in", "http request", "http response", "inject", "websocket in", "websocket out"],
];

/** The texts that a key is built for while the program runs, by the beginning of the key. */
const BUILT: Record<string, string[]> = {
  "live-session.output.": ["audio", "text", "tools", "events"],
  "live-session.badge.": [
    "disconnected",
    "connecting",
    "connected",
    "interrupted",
    "thinking",
    "closing",
    "closed",
  ],
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

/** The keys of the texts that the editor script (resources/dialog.js) shows in a dialog. */
const keysOfTable = (set: string, script: string) => [
  ...(script.includes("label: settings.label,") ? [`${set}.label.node`] : []),
  ...Object.entries(tableOf(set).settings).flatMap(([name, setting]) => [
    ...(hasRule(set, name, script) ? [`${set}.error.${name}`] : []),
    ...(setting.tab ? [`${set}.tab.${setting.tab}`, "live-config.changed"] : []),
    ...("unused" in setting
      ? [
          "live-config.unused",
          ...Object.keys(setting.unused ?? {}).map(
            (family) => `${set}.${name}.${family.replaceAll(".", "-")}`,
          ),
        ]
      : []),
    ...(setting.typed ? ["live-config.invalid.variable"] : []),
    ...(setting.kind === "node" || setting.kind === "type"
      ? []
      : [`live-config.invalid.${setting.kind === "number" && setting.whole ? "whole" : setting.kind}`]),
  ]),
];

describe("the texts of every node", () => {
  for (const { set, type, definition, isConfig, template, script, resources } of dialogs)
    describe(type, () => {
      it("names every setting in errors as its dialog does", () => {
        const { label, error = {} } = JSON.parse(read("locales/en-US", `${set}.json`))[set];
        const { settings, rules } = tableOf(set);
        for (const [name, setting] of Object.entries(settings))
          if (setting.kind !== "type" && !ONLY_FOR_THE_DIALOG.includes(name))
            assert.equal(label[name], setting.label, name);
        for (const [name, rule] of Object.entries(rules)) assert.equal(error[name], rule!.error, name);
      });

      it("uses only texts that the catalogue has", () => {
        const own = flatten(JSON.parse(read("locales/en-US", `${set}.json`)));
        const shared = flatten(JSON.parse(read("locales/en-US", "live-config.json")));
        const core = [...flatten(coreTexts).map((key) => `node-red:${key}`), ...flatten(editorTexts)];
        for (const key of [...keysInTemplate(template), ...keysInCode(script + resources)])
          assert.ok([...own, ...core].includes(key), `${key} is not in the catalogue`);
        // A dialog's own check may say itself what is wrong.
        for (const key of keysOfTable(set, script).filter((each) => !each.includes(".error.")))
          assert.ok([...own, ...shared].includes(key), `${key} is not in the catalogue`);
      });

      it("has every text of its dialog in the catalogue, except names and numbers", () => {
        const words = template.replace(/<[^>]*>/g, " ").match(/[^\s]+/g) ?? [];
        for (const word of words) assert.match(word, /^([\d.]+|kHz)$/);
      });

      it("has a help text in the form of Node-RED's own nodes", () => {
        const help = read("locales/en-US", `${set}.html`);
        assert.match(help, new RegExp(`^<script type="text/markdown" data-help-name="${type}">\n\\S`));
        const sections = [...help.matchAll(/^### (.*)$/gm)].map(([, title]) => title!);
        const has = (ports: string) => definition.get(ports)?.value !== 0;
        const ports = [...(has("inputs") ? ["Inputs"] : []), ...(has("outputs") ? ["Outputs"] : [])];
        const hasProperties = Object.keys(tableOf(set).settings).length > 0;
        const first = [...(hasProperties ? ["Properties"] : []), ...(isConfig ? [] : ports)];
        assert.deepEqual(sections.slice(0, first.length), first);
        assert.ok(sections.includes("Details"));
        // The editor shows a property only when it is one line with two colons, and with its type in parentheses.
        for (const [line] of help.matchAll(/^: .*\n.?.?/gm))
          assert.match(line, /^: [^:\n]+ \([^:\n]+\) : [^:\n]+\n(: |\n|$)/);
      });

      for (const language of languages)
        it(`opens its help with one sentence and one small flow, before all sections: ${language}`, () => {
          const [, sentence = "", flow = "", next] =
            /^<script .*>\n(.+)\n\n(.+)\n\n(.)/.exec(read("locales", language, `${set}.html`)) ?? [];
          assert.match(sentence, /^[^.。]+(?:\.\S[^.。]*)*[.。]$/);
          assert.match(flow, /^`[a-z ]+`(?: → `[a-z ]+`)+$/);
          assert.equal(next, "#");
          const nodes = flow.slice(1, -1).split("` → `");
          // What uses a connection has it in its settings, not as a node of its own.
          assert.ok(nodes.includes(isConfig ? "live session" : set.replace("-", " ")), flow);
          for (const node of nodes) assert.ok(OF_FLOWS.includes(node), `${node} is in no palette`);
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
    });

  it("give the ranges of numbers in the help as the tables have them", () => {
    let ranges = 0;
    for (const { set } of dialogs) {
      const help = read("locales/en-US", `${set}.html`).replaceAll("&#58;", ":").split("\n");
      for (const setting of Object.values(tableOf(set).settings)) {
        if (setting.kind !== "number") continue;
        const line = help.find((text) => text.startsWith(`: ${setting.label} (`)) ?? "";
        const [, min, max] = /(?:,|: from) (-?\d+) to (\d+)[.,]/.exec(line) ?? [];
        if (max === undefined) continue;
        ranges += 1;
        assert.deepEqual([Number(min), Number(max)], [setting.min, setting.max], setting.label);
      }
    }
    assert.ok(ranges > 20, String(ranges));
  });

  it("have no unused text, and no text that the code uses is missing", () => {
    const catalogues = dialogs.flatMap(({ set }) =>
      flatten(JSON.parse(read("locales/en-US", `${set}.json`))),
    );
    const inDialogs = dialogs.flatMap(({ template, script, resources }) => [
      ...keysInTemplate(template),
      ...keysInCode(script + resources),
    ]);
    const inCode = filesUnder("nodes").flatMap((file) => keysInCode(read(file)));
    for (const key of inCode) assert.ok(catalogues.includes(key), `${key} is in no catalogue`);
    const ofRequests = ["live-config.request.forbidden", "live-config.request.failed"];
    const byTables = dialogs.flatMap(({ set, script }) => keysOfTable(set, script));
    const asked = new Set([...inDialogs, ...inCode, ...byTables, ...ofRequests]);
    assert.deepEqual(
      catalogues.filter((key) => !asked.has(key)),
      [],
    );
  });
});
