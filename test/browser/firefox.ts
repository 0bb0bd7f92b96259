// A real Firefox for the tests, over WebDriver BiDi, with a microphone that it makes up: a tone.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { launch } from "puppeteer-core";
import { findFirefox, findSoundServer, HOW_TO_GET_FIREFOX } from "../../scripts/browser.mjs";
import { cleanUp } from "../clean-up";

const executablePath = findFirefox();
const soundServer = findSoundServer();
const isComplete = executablePath && (soundServer || process.platform !== "linux");

/** Like `describe`, for tests that need Firefox: skipped where there is none, but not in CI. */
export const describeInFirefox = (title: string, body: () => void) =>
  (isComplete || process.env.CI ? describe : describe.skip)(title, body);

/** Opens a headless Firefox until the end of the test. */
export async function openFirefox() {
  if (!isComplete) throw new Error(HOW_TO_GET_FIREFOX);
  const env = { ...process.env, ...(soundServer && { PULSE_SERVER: await startSoundServer(soundServer) }) };
  const browser = await launch({
    browser: "firefox",
    executablePath,
    headless: true,
    env,
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
      "intl.accept_languages": "en-US",
    },
  });
  cleanUp(() => browser.close());
  return browser;
}

/** Plays for Firefox, which runs no audio graph on a machine without a loudspeaker. @returns its address */
async function startSoundServer(program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "sound-"));
  const socket = join(folder, "socket");
  const modules = ["module-null-sink", `module-native-protocol-unix socket=${socket} auth-anonymous=1`];
  const server = spawn(
    program,
    ["-n", "--daemonize=no", "--exit-idle-time=-1", ...modules.flatMap((module) => ["-L", module])],
    { env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder }, stdio: "ignore" },
  );
  cleanUp(async () => {
    server.kill();
    if (server.exitCode === null) await once(server, "exit");
    rmSync(folder, { recursive: true });
  });
  while (!existsSync(socket) && server.exitCode === null) await setTimeout(50);
  return `unix:${socket}`;
}
