// Finds a Chromium and a Firefox for the browser tests. Run as a program (npm test does it first), it installs those that are
// missing: Playwright's download of Chromium or, where that fails, Debian's packages.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const HOW_TO_GET_A_BROWSER =
  "The browser tests need Chromium, Chrome or Edge: install one, or set CHROMIUM to the path of its program.";
export const HOW_TO_GET_FIREFOX =
  "The tests in Firefox need Firefox, and on Linux pulseaudio: install them, or set FIREFOX to the path of its program.";

const { env, platform } = process;

/** The paths of programs with these names, in the order of the names; most do not exist. */
const inPath = (...names) =>
  names.flatMap((name) => (env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)));

/** The programs to try, in this order; some may not exist. @returns {string[]} */
function chromiums() {
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
  return [...inPath(...names), playwrights];
}

function firefoxes() {
  if (env.FIREFOX) return [env.FIREFOX];
  if (platform === "darwin") return ["/Applications/Firefox.app/Contents/MacOS/firefox"];
  if (platform === "win32") return [join(env.PROGRAMFILES ?? "", "Mozilla Firefox", "firefox.exe")];
  return inPath("firefox-esr", "firefox");
}

/** Whether it starts: a download may lack libraries, and Ubuntu's chromium-browser may only say where to get the real one. */
const starts = (program) =>
  platform !== "linux" || spawnSync(program, ["--version"], { timeout: 30_000 }).status === 0;

const find = (programs) => programs.find((program) => existsSync(program) && starts(program));

/** @returns {string | undefined} the path of a Chromium that can be used */
export const findBrowser = () => find(chromiums());

/** @returns {string | undefined} the path of a Firefox that can be used */
export const findFirefox = () => find(firefoxes());

/** @returns {string | undefined} the path of the sound server that Firefox needs where there is no loudspeaker */
export const findSoundServer = () => find(inPath("pulseaudio"));

/** Runs a program to its end; what it prints is only shown when it fails. @returns {boolean} whether it succeeded */
function run(program, ...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, error, stderr } = spawnSync(program, args, { env, encoding: "utf8", timeout: 600_000 });
  if (status === 0) return true;
  console.log(error?.message ?? /^E(rror)?: .*/m.exec(stderr)?.[0] ?? stderr);
  return false;
}

/** Installs Debian's packages, where there is apt-get and the user may. */
function installPackages(...names) {
  if (!existsSync("/usr/bin/apt-get") || process.getuid() !== 0) return;
  console.log(`Installing Debian's packages: ${names.join(", ")}…`);
  const install = ["install", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends", ...names];
  if (run("apt-get", "update")) run("apt-get", ...install);
}

function installBrowser() {
  if (env.CHROMIUM) return;
  const playwright = dirname(createRequire(import.meta.url).resolve("playwright-core"));
  console.log("There is no browser for the browser tests. Installing Chromium with Playwright…");
  run(process.execPath, join(playwright, "cli.js"), "install", "chromium");
  if (!findBrowser()) installPackages("chromium");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!findBrowser()) installBrowser();
  const hasFirefox = () => findFirefox() && (findSoundServer() || platform !== "linux");
  if (!hasFirefox()) installPackages("pulseaudio", ...(findFirefox() ? [] : ["firefox-esr"]));
  const browser = findBrowser();
  const firefox = hasFirefox() && findFirefox();
  console.log(browser ? `Browser tests use ${browser}` : HOW_TO_GET_A_BROWSER);
  console.log(firefox ? `Tests in Firefox use ${firefox}` : HOW_TO_GET_FIREFOX);
  if (env.CI && !(browser && firefox)) process.exitCode = 1;
}
