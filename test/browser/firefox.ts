// A real Firefox for the tests, over WebDriver BiDi, with a microphone that it makes up: a tone.

import { launch } from "puppeteer-core";
import { findFirefox, findSoundServer, HOW_TO_GET_FIREFOX } from "../../scripts/browser.mjs";
import { cleanUp } from "../clean-up";
import { Loudspeakers } from "./loudspeakers";

const executablePath = findFirefox();
const soundServer = findSoundServer();
const isComplete = executablePath && (soundServer || process.platform !== "linux");

/** Like `describe`, for tests that need Firefox: skipped where there is none, but not in CI. */
export const describeInFirefox = (title: string, body: () => void) =>
  (isComplete || process.env.CI ? describe : describe.skip)(title, body);

/** Opens a headless Firefox until the end of the test. */
export async function openFirefox() {
  if (!isComplete) throw new Error(HOW_TO_GET_FIREFOX);
  // Firefox runs no audio graph on a machine without a loudspeaker.
  const env = soundServer ? (await Loudspeakers.start(soundServer, "kitchen")).env : process.env;
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
