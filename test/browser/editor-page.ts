// Node-RED's editor in a real Chromium, in each theme that it has, and what holds for every dialog in it.

import assert from "node:assert/strict";
import { version } from "node-red/package.json";
import type { Browser, Page } from "playwright-core";
import { type NodeRed, post } from "../node-red";
import { openChromium, problemsOf } from "./chromium";

declare const RED: { settings: { setLocal(name: string, value: string): void } };

/** Node-RED 4 has no dark theme of its own. */
export const THEMES = Number.parseInt(version, 10) >= 5 ? ["light", "dark"] : ["light"];

/**
 * Opens the editor in a page, and waits until it has our nodes. Without its tips: on a slow machine Node-RED 5 wants to show the first one,
 * a second after it has read its settings, before it has made their box.
 */
export async function goToEditor(page: Page, nodeRed: NodeRed) {
  await post(nodeRed, "/settings/user", { editor: { view: { "view-show-tips": false } } });
  await page.goto(nodeRed.url);
  await editorReady(page);
}

export const editorReady = (page: Page) =>
  page.waitForSelector(".red-ui-palette-node[data-palette-type='gemini-live-session']");

/** Waits until the dialog that opens has moved in: the editor sets the focus only then, away from a field that a test fills. */
export const dialogReady = (page: Page) =>
  page.waitForFunction(() => !!document.activeElement?.closest(".red-ui-tray"));

/** Opens the editor, and collects what goes wrong in its page. @param listen to a page that is loaded once more afterwards */
export async function openEditor(
  nodeRed: NodeRed,
  theme: string,
  listen: (page: Page, problems: string[]) => void = () => {},
): Promise<{ browser: Browser; page: Page; problems: string[] }> {
  const browser = await openChromium();
  const page = await browser.newPage({ viewport: { width: 1500, height: 1100 } });
  await goToEditor(page, nodeRed);
  await page.evaluate((value) => RED.settings.setLocal("view-dark-theme", value), theme);
  const problems = problemsOf(page);
  listen(page, problems);
  await page.reload();
  await editorReady(page);
  return { browser, page, problems };
}

/**
 * Every label of the dialog that is open has a text from a catalogue, on one line and in its place, and every tab, choice and empty
 * field shows its whole text.
 */
export async function expectTexts(page: Page, what?: string) {
  const cut = await page.evaluate(() => {
    const { font } = getComputedStyle($(".red-ui-tray form input")[0]!);
    const canvas = Object.assign(document.createElement("canvas").getContext("2d")!, { font });
    return $(".red-ui-tray form")
      .find("select:visible, input[placeholder]:visible")
      .get()
      .flatMap((field) => {
        const arrows = $(field).is("select, [type=number]") ? 16 : 0;
        const options = $(field).find("option").get();
        const texts = [$(field).attr("placeholder") ?? "", ...options.map((option) => option.innerText)];
        return texts.filter((text) => canvas.measureText(text).width > $(field).width()! - arrows);
      });
  });
  assert.deepEqual(cut, [], what);
  const below = await page.evaluate(() =>
    $(".red-ui-tray form [data-row]:visible")
      .get()
      .filter((row) => {
        const label = $(row).children("label[style*=px]");
        const field = label.nextAll("input:visible, select:visible, .red-ui-typedInput-container:visible");
        return field.length && field.offset()!.top > label.offset()!.top + label.height()!;
      })
      .map((row) => row.dataset.row),
  );
  assert.deepEqual(below, [], `${what}: fields below their labels`);
  const broken = await page.evaluate(() =>
    $(".red-ui-tray form .form-row label > span")
      .get()
      .filter((text) => text.getClientRects().length > 1)
      .concat(
        $(".red-ui-tray form .form-row > label")
          .get()
          .filter((label) => label.scrollWidth > label.clientWidth),
        // A tab is as wide as its name, and all of them fit into the dialog.
        $(".red-ui-tray form .red-ui-tab-label")
          .get()
          .filter((tab) => tab.scrollWidth > tab.clientWidth),
        $(".red-ui-tray form .gemini-live-tabs")
          .get()
          .filter((tabs) => tabs.scrollWidth > tabs.clientWidth),
      )
      .map((text) => text.innerText),
  );
  assert.deepEqual(broken, [], what);
  for (const label of await page.locator(".red-ui-tray form .form-row label").allInnerTexts())
    assert.doesNotMatch(label, /^\s*$|[a-z-]+\.[a-z]+\./, [what, label].filter(Boolean).join(": "));
}

/** Every field of the dialog that is open has a name for those who cannot see it. */
export async function expectNames(page: Page) {
  const nameless = await page.evaluate(() =>
    $(".red-ui-tray form .form-row")
      .find("input, select, textarea")
      .not("[type=hidden], [aria-hidden], [aria-label], [aria-labelledby], .red-ui-typedInput-input")
      .get()
      .filter((field) => !$(`label[for="${field.id}"]`).add($(field).closest("label")).length)
      .map((field) => field.outerHTML),
  );
  assert.deepEqual(nameless, []);
}

/** Opens a tab of the dialog that is open. @param key of its text in the catalogue */
export async function openTab(page: Page, key: string) {
  const content = page.locator(`.red-ui-tray [data-tab="${key}"]`);
  // The editor takes a click soon after another one for a double click, which opens no tab.
  while (!(await content.isVisible())) await page.click(`.red-ui-tray a[href$="input-tab-${key}"]`);
}
