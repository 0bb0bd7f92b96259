// npm runs this after an installation in this folder and before it packs: builds the package.

import { execSync } from "node:child_process";
import { existsSync } from "node:fs";

// Standard output belongs to npm, which may print JSON there.
const run = (command) => execSync(command, { stdio: ["ignore", 2, 2] });
const compiler = "node_modules/typescript/package.json";

if (!existsSync(compiler) && ["pack", "publish"].includes(process.env.npm_command))
  run("npm ci --ignore-scripts --include=dev --prefer-offline --no-audit --no-fund");
if (existsSync(compiler)) run("npm run build");
else console.error("The package is not built, since the development dependencies are not installed.");
