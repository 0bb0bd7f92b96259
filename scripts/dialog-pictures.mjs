// Takes pictures of every dialog, and of every tab of it, after `npm run build`: node --import tsx scripts/dialog-pictures.mjs
// [language] [light | dark] [folder]. Node-RED 5 has the dark theme.

import { mkdirSync } from "node:fs";
import { TABLES } from "../nodes/settings/catalog.ts";
import { openEditor } from "../test/browser/editor-page.ts";
import { post, startNodeRed } from "../test/node-red.ts";

const [language = "en-US", theme = "light", folder = "docs/dialogs"] = process.argv.slice(2);
/** What some nodes need so that their dialogs show no error. */
const NEEDED = {
  "tool-call": {
    functionName: "get_weather",
    description: "Gets the weather of a city.",
    parameters: '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}',
  },
  "live-config": { server: "gemini" },
  "live-session": { connection: "live-config" },
  "live-token": { session: "live-session" },
};
const sets = Object.keys(TABLES);
const flow = sets.map((set, row) => ({
  id: set,
  type: `gemini-${set}`,
  ...(set !== "live-config" && { z: "tab", x: 200, y: 60 * row + 60, wires: [] }),
  ...NEEDED[set],
}));

mkdirSync(folder, { recursive: true });
const nodeRed = await startNodeRed();
await post(nodeRed, "/flows", [{ id: "tab", type: "tab", label: "flow" }, ...flow]);
const { browser, page } = await openEditor(nodeRed, theme);
await page.setViewportSize({ width: 1280, height: 800 });
await page.evaluate((value) => localStorage.setItem("editor-language", value), language);
await page.reload();
await page.waitForFunction((ids) => ids.every((id) => globalThis.RED?.nodes?.node(id)), sets);
const take = (name) =>
  page
    .locator(".red-ui-tray")
    .last()
    .screenshot({ path: `${folder}/${name}.png`, animations: "disabled" });

for (const set of sets) {
  await page.evaluate((id) => {
    const node = RED.nodes.node(id);
    if (node._def.category === "config") RED.editor.editConfig("", node.type, id);
    else RED.editor.edit(node);
  }, set);
  const tray = page.locator(".red-ui-tray").last();
  await tray.locator("[id$=input-name]").waitFor();
  await page.waitForTimeout(600);
  const tabs = await tray.locator('a.red-ui-tab-label[href*="input-tab-"]').all();
  if (!tabs.length) await take(set);
  for (const tab of tabs) {
    // The editor takes two clicks in a row for a double click.
    await page.waitForTimeout(500);
    await tab.click();
    await take(`${set}-${(await tab.getAttribute("href")).split("-").at(-1)}`);
  }
  await page.click("#node-dialog-cancel, #node-config-dialog-cancel");
  await tray.waitFor({ state: "detached" });
}
await browser.close();
await nodeRed.stop();
