// Fills the dialogs from the tables of settings: defaults, what is valid, the ranges of fields and the choices of lists.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { accept, versionOf } = require("../dist/nodes/settings/table.js");
const { name: packageName } = require("../package.json");
const dialogSettings = readFileSync("nodes/settings/dialog.js", "utf8").replace(/^.*?export /s, "");

/** The texts of live-config about what settings allow are for all dialogs. */
const CATALOGUE = `${packageName}/live-config:live-config`;
/** Every node has a name. */
const NAME = { kind: "text", default: "" };

/** @returns the html of the node `set`, with what its table says at the places that are left for it */
export function fillDialog(set, html, { settings, rules, migrations, retired }) {
  const prefix = html.includes('id="node-config-input-name"') ? "node-config-input-" : "node-input-";
  const version = versionOf({ migrations });
  let filled = html
    .replace(/^ *\/\* settings \*\/$/m, (line) => {
      const table = Object.entries({ name: NAME, ...settings }).map(
        ([name, setting]) => `  ${name}: ${JSON.stringify(setting)},`,
      );
      const functions = Object.entries(rules).map(([name, { allows }]) => `  ${name}: ${allows},`);
      const lines = [
        dialogSettings.trim(),
        `${accept}`,
        "const table = {",
        ...table,
        "};",
        "const rules = {",
        ...functions,
        "};",
        `const settings = dialogSettings("${set}", "${prefix}", "${CATALOGUE}", table, rules, accept);`,
        ...(migrations.length ? [migration(set, version, migrations, retired)] : []),
      ];
      return indent(lines.join("\n"), line);
    })
    .replace(/^ *\/\* defaults \*\/$/m, (line) => {
      const lines = [
        'name: { value: "" },',
        `version: { value: ${version} },`,
        ...Object.entries(settings).map(([name, setting]) => `${name}: ${defaultOf(name, setting)},`),
        ...retired.map((name) => `${name}: {},`),
      ];
      return indent(lines.join("\n"), line);
    });
  for (const [name, setting] of Object.entries(settings)) {
    const field = new RegExp(`(<(?:input|select)\\b)([^>]*\\bid="${prefix}${name}"[^>]*>)`);
    if (setting.kind === "number")
      filled = filled.replace(
        field,
        `$1 type="number" min="${setting.min}" max="${setting.max}" step="${setting.step ?? (setting.whole ? 1 : "any")}"$2`,
      );
    if (setting.kind === "choice")
      filled = filled.replace(field, (all, tag) =>
        tag === "<select" ? all + options(set, name, setting) : all,
      );
  }
  return filled;
}

/** Text in the place of a line, as far to the right as that. */
const indent = (text, line) => text.replace(/^(?=.)/gm, /^ */.exec(line)[0]);

function defaultOf(name, setting) {
  const value = JSON.stringify(setting.default);
  if (setting.kind !== "node") return `{ value: ${value}, validate: settings.validator("${name}") }`;
  return `{ value: "", type: "${setting.type}", required: ${setting.required === true} }`;
}

const options = (set, name, { choices }) =>
  choices
    .map((word) => `<option value="${word}" data-i18n="${set}.${name}.${word || "default"}"></option>`)
    .join("");

/** The editor forgets properties that it does not know, so it migrates each node when it is loaded. */
const migration = (set, version, migrations, retired) => `const migrations = [${migrations.join(", ")}];
RED.events.on("nodes:add", (node) => {
  if (node.type !== "gemini-${set}" || !((node.version ?? 1) < ${version})) return;
  const migrated = migrations.slice((node.version ?? 1) - 1).reduce((older, migrate) => migrate(older), Object.assign({}, node));
  for (const name in settings.table) if (name in migrated) node[name] = migrated[name];
  for (const name of ${JSON.stringify(retired)}) delete node[name];
  node.version = ${version};
});`;
