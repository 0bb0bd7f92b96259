// Puts what the compiler does not copy next to the compiled nodes, where Node-RED's loader looks: dialogs, icons and texts.

import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { buildSync } from "esbuild";
import { explainErrors, fillDialog, hintsOf } from "./dialogs.mjs";

const require = createRequire(import.meta.url);
const { TABLES } = require("../dist/nodes/settings/catalog.js");
const { ERRORS } = require("../dist/nodes/settings/node-errors.js");
for (const [set, table] of Object.entries(TABLES))
  writeFileSync(`dist/nodes/${set}.html`, fillDialog(set, readFileSync(`nodes/${set}.html`, "utf8"), table));
cpSync("icons", "dist/nodes/icons", { recursive: true });
for (const language of readdirSync("locales")) {
  mkdirSync(`dist/nodes/locales/${language}`, { recursive: true });
  const errors = JSON.parse(readFileSync(`locales/${language}/errors.json`, "utf8"));
  for (const set of Object.keys(TABLES)) {
    const catalogue = JSON.parse(readFileSync(`locales/${language}/${set}.json`, "utf8"));
    const help = readFileSync(`locales/${language}/${set}.html`, "utf8");
    catalogue[set].hint = hintsOf(help, catalogue[set].label);
    writeFileSync(`dist/nodes/locales/${language}/${set}.json`, JSON.stringify(catalogue));
    writeFileSync(`dist/nodes/locales/${language}/${set}.html`, explainErrors(help, ERRORS[set], errors));
  }
}
chmodSync("dist/simulator/cli.js", 0o755);

// The compiler makes files of the types that nodes and page share.
for (const ending of ["js", "d.ts"]) rmSync(`dist/browser/protocol.${ending}`, { force: true });

// Google's SDK for browsers in one file, for pages that connect with a token: browsers find no packages.
const { metafile } = buildSync({
  metafile: true,
  stdin: { contents: 'export * from "@google/genai/web";', resolveDir: "." },
  bundle: true,
  minify: true,
  format: "esm",
  legalComments: "eof",
  outfile: "dist/browser/genai.js",
});
// What it is made of has licenses that want to go with it.
const bundled = Object.keys(metafile.inputs).map(
  (file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0],
);
const licenses = [...new Set(bundled)].filter(Boolean).map((folder) => {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  return `${folder.replace(/^.*node_modules\//, "")}\n\n${readFileSync(`${folder}/${file}`, "utf8")}`;
});
writeFileSync("dist/browser/genai.js.LICENSES.txt", licenses.join("\n\n"));
