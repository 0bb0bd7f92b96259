// Everybody can use the dialogs: axe-core finds nothing in any tab, light or dark, the keyboard reaches every control in the order in which
// they are read, and the first tab of the larger dialogs needs no scrolling.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { dialogs } from "../dialogs";
import { type NodeRed, post, startNodeRed } from "../node-red";
import { describeInBrowser, openChromium } from "./chromium";
import { THEMES } from "./editor-page";
import { closeDialog, EVERY_NODE, openDialog, openQuickEditor, useTheme } from "./every-dialog";

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds in what Node-RED makes itself: the rule, and its elements. */
const OF_NODE_RED: [rule: string, selector: string][] = [
  // Fields that keep the browser from filling in passwords.
  ["label", "[id^=red-ui-trap]"],
  // The text editor's tool bar and help, and the buttons that remove a row, have icons without names.
  ["button-name", "[data-row=instruction] .red-ui-button"],
  ["link-name", ".red-ui-editableList-item-remove"],
  // Node-RED 4 has #888 on white for all buttons.
  ["color-contrast", ".red-ui-button"],
];

interface Axe {
  run(
    context: string,
    options: { elementRef: true },
  ): Promise<{ violations: { id: string; nodes: { html: string; element: HTMLElement }[] }[] }>;
}

describeInBrowser("everybody can use the dialog", () => {
  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;

  before(async () => {
    nodeRed = await startNodeRed();
    await post(nodeRed, "/flows", EVERY_NODE);
    browser = await openChromium();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    ({ page } = await openQuickEditor(context, nodeRed));
    await page.evaluate(AXE);
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });
  afterEach(async () => {
    if (await page.locator(".red-ui-tray").count()) await closeDialog(page, "cancel");
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  /** Shows all tabs of the open dialog one below the other, with all rows. */
  const showAll = () => page.evaluate(() => void $(".red-ui-tray").find("[data-tab], [data-row]").show());

  for (const dialog of dialogs) {
    it(`of ${dialog.set}: axe-core finds nothing in any tab, light or dark`, async () => {
      // What would have to be scrolled to counts as hidden.
      await page.setViewportSize({ width: 1280, height: 2_800 });
      await openDialog(page, dialog);
      await showAll();
      // Also the text under a field whose value is wrong.
      await page.evaluate(
        () => void $(".red-ui-tray form [type=number]").first().val("-99").trigger("input"),
      );
      for (const theme of THEMES) {
        await useTheme(page, theme);
        const found = await page.evaluate(async (ofNodeRed) => {
          const { axe } = window as unknown as { axe: Axe };
          const { violations } = await axe.run(".red-ui-tray form", { elementRef: true });
          return violations.flatMap(({ id, nodes }) =>
            nodes
              .filter(({ element }) => !ofNodeRed.some(([rule, all]) => rule === id && element.closest(all)))
              .map(({ html }) => `${id}: ${html}`),
          );
        }, OF_NODE_RED);
        assert.deepEqual(found, [], theme);
      }
    });

    it(`of ${dialog.set}: the Tab key reaches every control, in the order in which they are read`, async () => {
      await openDialog(page, dialog);
      await showAll();
      const controls = await page.evaluateHandle(() =>
        $(".red-ui-tray form")
          .find("a[href], button, input, select, textarea, [role=textbox]")
          .filter(":visible:not(:disabled, [tabindex=-1], [id^=red-ui-trap])")
          .get(),
      );
      const places = await controls.evaluate((all) =>
        all.map((control) => {
          const { left, top } = control.getBoundingClientRect();
          return { left, top, html: control.outerHTML };
        }),
      );
      // Node-RED's button that removes a row stands at the right of the row's first line, and comes after its fields.
      const read = places.filter(({ html }) => !html.includes("item-remove"));
      for (const [at, { left, top, html }] of read.entries()) {
        const before = read[at - 1];
        if (before) assert.ok(Math.abs(top - before.top) < 20 ? left > before.left : top > before.top, html);
      }
      await controls.evaluate(([first]) => first!.focus());
      for (const at of places.keys()) {
        const focused = await controls.evaluate((all, n) => {
          const { activeElement } = document;
          return activeElement === all[n]
            ? ""
            : `${activeElement?.outerHTML} in place of ${all[n]!.outerHTML}`;
        }, at);
        assert.equal(focused, "");
        // In a text editor, the Tab key indents until Ctrl+M.
        if (await page.evaluate(() => !!document.activeElement!.closest(".monaco-editor")))
          await page.keyboard.press("Control+M");
        await page.keyboard.press("Tab");
      }
    });
  }
});
