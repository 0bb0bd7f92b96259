// Finds a Chromium for the browser tests. Run as a program (npm test does it first), it installs one where there is none:
// Playwright's download or, where that fails, Debian's package.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const HOW_TO_GET_A_BROWSER =
  "The browser tests need Chromium, Chrome or Edge: install one, or set CHROMIUM to the path of its program.";

const { env, platform } = process;

/** The programs to try, in this order; some may not exist. @returns {string[]} */
function candidates() {
  if (env.CHROMIUM) return [env.CHROMIUM];
  const playwrights = chromium.executablePath();
  if (platform === "darwin")
    return [
      ...["Google Chrome", "Chromium", "Microsoft Edge"].map(
        (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
      ),
      playwrights,
    ];
  if (platform === "win32") {
    const folders = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA].filter(Boolean);
    const programs = ["Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe"];
    return [...folders.flatMap((folder) => programs.map((program) => join(folder, program))), playwrights];
  }
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
  const folders = (env.PATH ?? "").split(delimiter);
  return [...names.flatMap((name) => folders.map((folder) => join(folder, name))), playwrights];
}

/** Whether it starts: a download may lack libraries, and Ubuntu's chromium-browser may only say where to get the real one. */
const starts = (program) =>
  platform !== "linux" || spawnSync(program, ["--version"], { timeout: 30_000 }).status === 0;

/** @returns {string | undefined} the path of a browser that can be used */
export const findBrowser = () => candidates().find((program) => existsSync(program) && starts(program));

/** Runs a program to its end; what it prints is only shown when it fails. @returns {boolean} whether it succeeded */
function run(program, ...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, error, stderr } = spawnSync(program, args, { env, encoding: "utf8", timeout: 600_000 });
  if (status === 0) return true;
  console.log(error?.message ?? /^E(rror)?: .*/m.exec(stderr)?.[0] ?? stderr);
  return false;
}

function installBrowser() {
  if (env.CHROMIUM) return;
  const playwright = dirname(createRequire(import.meta.url).resolve("playwright-core"));
  console.log("There is no browser for the browser tests. Installing Chromium with Playwright…");
  run(process.execPath, join(playwright, "cli.js"), "install", "chromium");
  if (findBrowser() || !existsSync("/usr/bin/apt-get") || process.getuid() !== 0) return;
  console.log("Playwright's Chromium is not usable. Installing Debian's package…");
  const install = ["install", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends", "chromium"];
  if (run("apt-get", "update")) run("apt-get", ...install);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!findBrowser()) installBrowser();
  const browser = findBrowser();
  console.log(browser ? `Browser tests use ${browser}` : HOW_TO_GET_A_BROWSER);
  if (!browser && env.CI) process.exitCode = 1;
}
