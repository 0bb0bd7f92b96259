// Fills the dialogs from the tables of settings: rows, defaults, what is valid, the ranges of fields and the choices of lists.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { accept, acceptTyped, versionOf } = require("../dist/nodes/settings/table.js");
const { name: packageName } = require("../package.json");

/** What the editor loads for all dialogs. */
const EDITOR_SCRIPTS = ["fields", "dialog"]
  .map((name) => `<script src="resources/${packageName}/${name}.js"></script>\n`)
  .join("");
/** Every node has a name. */
const NAME = { kind: "text", default: "", icon: "tag" };
/** In pixels: a label, a field for a number, and one that says something while it is empty. */
const LABEL_WIDTH = 240;
const NUMBER_WIDTH = 140;
const HINTED_WIDTH = 200;

/** @returns the html of the node `set`, with what its table says at the places that are left for it */
export function fillDialog(set, html, { settings, rules, migrations, retired }) {
  const isConfig = /category: "config"/.test(html);
  const prefix = isConfig ? "node-config-input-" : "node-input-";
  const version = versionOf({ migrations });
  const [firstTab] = Object.values(settings).map(({ tab }) => tab);
  const table = { name: { ...NAME, ...(firstTab && { tab: firstTab }) }, ...settings };
  const filled = html
    .replace(/(<script type="text\/html"[^>]*>\n)(.*?)(?=<\/script>)/s, (_, start, extras) => {
      return start + indent(fillTemplate(set, prefix, table, extras), "    ");
    })
    .replace(/^ *\/\* settings \*\/$/m, (line) => {
      const functions = Object.entries(rules).map(([name, { allows }]) => `  ${name}: ${allows},`);
      const lines = [
        `${accept}`,
        `${acceptTyped}`,
        "const table = {",
        ...Object.entries(table).map(([name, setting]) => `  ${name}: ${JSON.stringify(setting)},`),
        "};",
        "const rules = {",
        ...functions,
        "};",
        `const settings = GeminiLive.dialog("${packageName}", "${set}", "${prefix}", table, rules, (setting, value, type) => acceptTyped(setting, value, type, accept));`,
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
  return EDITOR_SCRIPTS + filled;
}

/** @returns what the help of a node says about each setting, by its name, in plain text */
export function hintsOf(help, labels) {
  const names = Object.fromEntries(Object.entries(labels).map(([name, label]) => [label, name]));
  const lines = [...help.matchAll(/^: (.*) \([^()]+\) : (.*)$/gm)];
  const hints = lines.map(([, label, text]) => [
    names[label.replace("&#58;", ":")],
    text.replace(/[*`]/g, ""),
  ]);
  return Object.fromEntries(hints.filter(([name]) => name));
}

/** @returns the help with a section about the errors with these codes, before the references */
export function explainErrors(help, codes, texts) {
  if (!codes) return help;
  const entries = codes.map((code) => `- \`${code}\`: ${texts[code]}\n`);
  const section = `\n### ${texts.heading}\n\n${texts.intro}\n\n${entries.join("")}`;
  return help.replace(/(?=\n### .*\n\n(- \[.*\n)+<\/script>)|(?=<\/script>)/, () => section);
}

/** Text in the place of a line, as far to the right as that. */
const indent = (text, line) => text.replace(/^(?=.)/gm, /^ */.exec(line)[0]);

/**
 * The rows of all settings, in tabs if the table has some.
 * @param extras what the node's file adds: `<template data-row="name">` replaces the row of a setting, and
 * `<template data-after="name">` follows it
 */
function fillTemplate(set, prefix, table, extras) {
  const extra = (kind, name) =>
    new RegExp(`<template data-${kind}="${name}">\\n(.*?)</template>`, "s").exec(extras)?.[1] ?? "";
  const rows = Object.entries(table).map(([name, setting]) => ({
    tab: setting.tab,
    html: `${extra("row", name) || row(set, prefix, name, setting)}${extra("after", name)}`,
  }));
  const tabs = [...new Set(rows.map(({ tab }) => tab))];
  if (tabs.length === 1) return rows.map(({ html }) => html).join("");
  const list = `<div class="form-row"><ul id="${prefix}tabs" class="gemini-live-tabs" style="min-width: 780px; margin-bottom: 16px"></ul></div>\n`;
  const pages = tabs.map((tab) => {
    const content = rows.filter((each) => each.tab === tab).map(({ html }) => html);
    return `<div id="${prefix}tab-${tab}" data-tab="${tab}">\n${content.join("")}</div>\n`;
  });
  return list + pages.join("");
}

/** The row of one setting: label, field and unit. */
function row(set, prefix, name, setting) {
  const id = prefix + name;
  const text = name === "name" ? "node-red:common.label.name" : `${set}.label.${name}`;
  const words = `<span data-i18n="${text}"></span>`;
  const start = `<div class="form-row" data-row="${name}">`;
  // The field of its setting shows it.
  if (setting.kind === "type") return `<input type="hidden" id="${id}">\n`;
  if (setting.kind === "flag")
    return `${start}<label for="${id}" style="width: auto"><input type="checkbox" id="${id}" style="width: auto; margin: 0 4px 2px 0"> ${words}</label></div>\n`;
  const width = setting.lines && !setting.typed ? "100%" : `${LABEL_WIDTH}px`;
  const label = `<label for="${id}" id="${id}-label" style="width: ${width}"><i class="fa fa-fw fa-${setting.icon}"></i> ${words}</label>`;
  const unit = setting.unit ? ` <span data-i18n="${set}.unit.${setting.unit}"></span>` : "";
  return `${start}${label} ${field(set, id, name, setting)}${unit}</div>\n`;
}

function field(set, id, name, setting) {
  const key = name === "name" ? "node-red:common.label.name" : `${set}.placeholder.${setting.placeholder}`;
  const whenEmpty = setting.placeholder || name === "name" ? ` data-i18n="[placeholder]${key}"` : "";
  // The editor makes a dialog as wide as its widest row: with the margin, the longest choice of a list fits into that. The rest is
  // for the space behind the label.
  const wide = `style="width: calc(100% - ${LABEL_WIDTH + 10}px); margin-right: 4px"`;
  switch (setting.kind) {
    case "number": {
      const { min, max, step, whole } = setting;
      return `<input type="number" id="${id}" min="${min}" max="${max}" step="${step ?? (whole ? 1 : "any")}" style="width: ${setting.placeholder ? HINTED_WIDTH : NUMBER_WIDTH}px"${whenEmpty}>`;
    }
    case "choice":
      return `<select id="${id}" ${wide}>${options(set, name, setting)}</select>`;
    default:
      // The editor's own fields for texts and lists replace this one, and take its label over.
      return setting.lines
        ? `<textarea id="${id}" rows="${setting.lines}" style="width: 100%; resize: vertical"${whenEmpty}></textarea>`
        : `<input type="text" id="${id}" aria-labelledby="${id}-label" ${wide}${whenEmpty}>`;
  }
}

const options = (set, name, { choices }) =>
  choices
    .map((word) => `<option value="${word}" data-i18n="${set}.${name}.${word || "default"}"></option>`)
    .join("");

function defaultOf(name, setting) {
  const value = JSON.stringify(setting.default);
  if (setting.kind !== "node") return `{ value: ${value}, validate: settings.validator("${name}") }`;
  return `{ value: "", type: "${setting.type}", required: ${setting.required === true} }`;
}

/** The editor forgets properties that it does not know, so it migrates each node when it is loaded. */
const migration = (set, version, migrations, retired) => `const migrations = [${migrations.join(", ")}];
RED.events.on("nodes:add", (node) => {
  if (node.type !== "gemini-${set}" || !((node.version ?? 1) < ${version})) return;
  const migrated = migrations.slice((node.version ?? 1) - 1).reduce((older, migrate) => migrate(older), Object.assign({}, node));
  for (const name in settings.table) if (name in migrated) node[name] = migrated[name];
  for (const name of ${JSON.stringify(retired)}) delete node[name];
  node.version = ${version};
});`;
