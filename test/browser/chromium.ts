// A real Chromium for the tests, or another browser of its family.

import { type Browser, chromium, type Page } from "playwright-core";
import { findBrowser, HOW_TO_GET_A_BROWSER } from "../../scripts/browser.mjs";

const executablePath = findBrowser();
const skip = !executablePath && !process.env.CI;

/** Like `describe` and `it`, for tests that need a browser: skipped where there is none, but not in CI. */
export const describeInBrowser = (title: string, body: () => void) =>
  (skip ? describe.skip : describe)(title, body);
export const itInBrowser = (title: string, body: () => Promise<void>) => (skip ? it.skip : it)(title, body);

export interface ChromiumOptions {
  /** Whether it plays sound before the user has done anything. Default: true */
  autoplay?: boolean;
  /** Where it finds its loudspeakers. */
  env?: NodeJS.ProcessEnv;
}

/** Opens a headless Chromium; `wav` is played into its microphone, over and over. */
export async function openChromium(
  wav?: string,
  { autoplay = true, env = process.env }: ChromiumOptions = {},
): Promise<Browser> {
  if (!executablePath) throw new Error(HOW_TO_GET_A_BROWSER);
  const microphone = wav
    ? [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${wav}`,
      ]
    : [];
  return chromium.launch({
    executablePath,
    env,
    ignoreDefaultArgs: ["--mute-audio"],
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      `--autoplay-policy=${autoplay ? "no-user-gesture-required" : "document-user-activation-required"}`,
      ...microphone,
    ],
  });
}

/**
 * Collects what goes wrong in a page: uncaught errors but for expected ones, and what it logs as one but for the internet, which may not be
 * there.
 */
export function problemsOf(page: Page, expected?: RegExp): string[] {
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => expected?.test(message) || problems.push(message));
  page.on("console", (message) => {
    const { url } = message.location();
    if (message.type() === "error" && (!url || new URL(url).hostname === "127.0.0.1"))
      problems.push(message.text());
  });
  return problems;
}
