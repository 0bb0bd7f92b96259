// Builds the page of browser in from browser/ to dist/browser/: app.js, worklets.js, app.css, and the template page.html. Also its
// microphone and loudspeaker as sound.js, for pages that connect with a token.

import { readFileSync, writeFileSync } from "node:fs";
import { buildSync } from "esbuild";

buildSync({
  entryPoints: ["browser/app.ts", "browser/sound.ts", "browser/worklets.ts", "browser/app.css"],
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "esm",
  target: ["chrome119", "firefox125", "safari17"],
  outdir: "dist/browser",
});
const css = readFileSync("dist/browser/app.css", "utf8");
writeFileSync("dist/browser/app.css", css.replace(/(--[\w-]+): /g, "$1:"));
const html = readFileSync("browser/page.html", "utf8");
const short = [/<!-- .* -->/, /\n\s*/g].reduce((text, what) => text.replace(what, ""), html);
// Without the quotes that HTML does not need.
writeFileSync("dist/browser/page.html", short.replace(/="([\w-]+)"(?=[ >])/g, "=$1"));
