// The package as users get it: built and packed in a fresh clone, and installed by npm into a fresh folder.

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(__dirname, "..");
const run = promisify(execFile);

/** Packs and installs the package, without what is only needed for its development. Returns the folder, which the caller removes. */
export async function installPackage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "node-red-package-"));
  const clone = join(folder, "clone");
  const isSource = (path: string) => !/^(\.git|\.node-red|node_modules|dist)$/.test(basename(path));
  cpSync(ROOT, clone, { recursive: true, filter: isSource });
  await run("npm", ["pack", "--pack-destination", folder], { cwd: clone });
  rmSync(clone, { recursive: true });
  const filename = readdirSync(folder).find((file) => file.endsWith(".tgz"))!;
  writeFileSync(join(folder, "package.json"), "{}");
  const options = ["--prefix", folder, "--prefer-offline", "--no-audit", "--no-fund", "--omit=dev"];
  await run("npm", ["install", ...options, join(folder, filename)], { cwd: folder });
  return folder;
}
