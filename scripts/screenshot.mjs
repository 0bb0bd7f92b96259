// Takes the picture of the starter flow for the README from a running Node-RED: node scripts/screenshot.mjs [url] [file]

import { chromium } from "playwright-core";
import { findBrowser } from "./browser.mjs";

const [url = "http://127.0.0.1:1880", file = "docs/flow.png"] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: findBrowser(),
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ viewport: { width: 1200, height: 560 }, deviceScaleFactor: 1 });
await page.goto(url);
await page.waitForSelector(".red-ui-palette-node[data-palette-type='gemini-live-session']");
await page.evaluate(() => $("#red-ui-sidebar").is(":visible") && RED.actions.invoke("core:toggle-sidebar"));
await page.locator("#red-ui-palette-search input").pressSequentially("gemini");
await page.waitForTimeout(1500);
await page.screenshot({ path: file });
await browser.close();
