// The editor in each language that the nodes have texts in, light and dark: every dialog is in that language, no label or tab is cut off, and
// changes are saved, shown again, undone and redone. Colors and languages do not meet in the code, so each dialog is changed in light and
// opened again in dark; every control is changed in one language (every-control.test.ts).

import assert from "node:assert/strict";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { MODELS } from "../../live/setup/model-profiles";
import { liveConfig } from "../../nodes/settings/live-config";
import { dialogs, languages, read, tableOf } from "../dialogs";
import { type NodeRed, post, startNodeRed } from "../node-red";
import { describeInBrowser, openChromium } from "./chromium";
import { another, change, contentsOf } from "./controls";
import { expectNames, expectTexts, THEMES } from "./editor-page";
import { closeDialog, EVERY_NODE, openDialog, openQuickEditor, saved, useTheme } from "./every-dialog";

const textIn = (language: string, set: string, key: string): unknown =>
  key
    .split(".")
    .reduce(
      (texts, name) => texts?.[name] as Record<string, unknown>,
      JSON.parse(read("locales", language, `${set}.json`)) as Record<string, unknown>,
    );

/** A setting that differs from its default in every tab that has a mark then. */
const CHANGED: Record<string, object> = {
  "live-session": {
    instruction: "Be brief.",
    bargeIn: false,
    transcribeUser: false,
    googleSearch: true,
    temperature: 1,
  },
  "live-config": {
    server: "gemini",
    reconnectAttempts: 1,
    contextCompression: false,
    tokenBudget: 1,
    useEphemeralTokens: true,
  },
};
const FLOW = EVERY_NODE.map((node) => ({ ...node, ...CHANGED[node.id] }));

/** The dialogs with tabs: the setting of the first tab that its other rows depend on, and what can be chosen. */
const FIRST_TABS: Record<string, [field: string, choices: readonly string[]]> = {
  "live-config": ["#node-config-input-server", liveConfig.settings.server.choices],
  "live-session": ["#node-input-model", [...MODELS, "a-model-of-tomorrow"]],
};

describeInBrowser("the editor in the language of the user", () => {
  let nodeRed: NodeRed;
  let browser: Browser;
  let context: BrowserContext;

  before(async () => {
    nodeRed = await startNodeRed();
    await post(nodeRed, "/flows", FLOW);
    browser = await openChromium();
    // A label that fits here fits everywhere: dialogs get no narrower.
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });

  /** The texts of the dialog that is open, by their keys. */
  const textsOf = (page: Page) =>
    page.evaluate(() =>
      $(".red-ui-tray form [data-i18n]")
        .get()
        .map((element) => [element.dataset.i18n!, element.textContent] as const),
    );
  /** The labels of settings that do not show what the help says about them; the name of a node has no help. */
  const withoutHint = (page: Page) =>
    page.evaluate(() =>
      $(".red-ui-tray form [data-i18n*='.label.']")
        .closest("label")
        .not("[title], [for$=input-name]")
        .get()
        .map((label) => label.innerText),
    );
  /** By how much the first tab of the dialog that is open has to be scrolled, with each choice of the setting that other rows depend on. */
  const scrolled = (page: Page, field: string, choices: readonly string[]) =>
    page.evaluate(
      ([selector, values]) => {
        const before = $(selector).val()!;
        const heights = values.map((value) => {
          $(selector).val(value).trigger("input").trigger("change");
          const boxes = $(selector).parentsUntil(".red-ui-tray").get();
          return [value, Math.max(...boxes.map((box) => box.scrollHeight - box.clientHeight))] as const;
        });
        $(selector).val(before).trigger("input").trigger("change");
        return heights.filter(([, height]) => height > 1);
      },
      [field, choices] as const,
    );
  for (const language of languages)
    it(`has every dialog in ${language}, with every label on one line and no tab, choice or empty field cut off, and keeps changes`, async () => {
      const { page, problems } = await openQuickEditor(context, nodeRed, language);
      for (const dialog of dialogs) {
        const { set } = dialog;
        const before = await saved(page, set);
        await useTheme(page, "light");
        await openDialog(page, dialog);
        const texts = (await textsOf(page)).filter(([key]) => key.startsWith(`${set}.`));
        for (const [key, text] of texts) assert.equal(text, textIn(language, set, key), key);
        const marks = await page.locator(".red-ui-tray .gemini-live-mark").count();
        assert.equal(marks, Object.keys(CHANGED[set] ?? {}).length, set);
        assert.deepEqual(await withoutHint(page), [], set);
        const firstTab = FIRST_TABS[set];
        if (firstTab) assert.deepEqual(await scrolled(page, ...firstTab), [], set);
        let changes = 0;
        for (const name of ["name", ...Object.keys(tableOf(set).settings)])
          if (
            changes < 3 &&
            (await change(page, dialog, name, another(tableOf(set).settings[name], before[name])))
          )
            changes++;
        const contents = await contentsOf(page);
        // Every tab, and the rows that depend on other settings.
        await page.evaluate(() => void $(".red-ui-tray").find("[data-tab], [data-row]").show());
        await expectTexts(page, set);
        await expectNames(page);
        await closeDialog(page, "ok");
        const after = await saved(page, set);
        assert.notDeepEqual(after, before, set);
        await useTheme(page, THEMES.at(-1)!);
        await openDialog(page, dialog);
        assert.deepEqual(await contentsOf(page), contents, set);
        await closeDialog(page, "cancel");
        await page.keyboard.press("Control+Z");
        assert.deepEqual(await saved(page, set), before, set);
        await page.keyboard.press("Control+Y");
        assert.deepEqual(await saved(page, set), after, set);
      }
      assert.deepEqual(problems, []);
      await page.close();
    });
});
