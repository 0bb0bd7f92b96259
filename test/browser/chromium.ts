// A real Chromium for the tests: Debian's, or the one that CHROMIUM names.

import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

/** Opens a headless Chromium; `wav` is played into its microphone, over and over. */
export async function openChromium(wav?: string): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath))
    throw new Error(
      `There is no Chromium at ${executablePath}: install it (apt-get install chromium) or set CHROMIUM.`,
    );
  const microphone = wav
    ? [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${wav}`,
      ]
    : [];
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--autoplay-policy=no-user-gesture-required",
      ...microphone,
    ],
  });
}

/** Collects what goes wrong in a page: uncaught errors, and what it logs as one but for the internet, which may not be there. */
export function problemsOf(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    const { url } = message.location();
    if (message.type() === "error" && (!url || new URL(url).hostname === "127.0.0.1"))
      problems.push(message.text());
  });
  return problems;
}
