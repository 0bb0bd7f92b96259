// The editor in each language that the nodes have texts in: every dialog is in that language, and no label or tab is cut off.

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { dialogs, languages, read } from "../dialogs";
import { type NodeRed, post, startNodeRed } from "../node-red";
import { describeInBrowser, openChromium, problemsOf } from "./chromium";
import { editorReady, expectTexts, openTab } from "./editor-page";

/** The editor's own globals that these tests use. */
declare const RED: {
  nodes: { node(id: string): unknown };
  editor: { edit(node: unknown): void; editConfig(name: string, type: string, id: string): void };
};

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
const FLOW = [
  { id: "tab", type: "tab", label: "all nodes" },
  ...dialogs.map(({ set, type, isConfig }, index) => ({
    id: set,
    type,
    ...(!isConfig && { z: "tab", x: 200, y: 60 * index + 60, wires: [] }),
    ...CHANGED[set],
  })),
];

const textIn = (language: string, set: string, key: string): unknown =>
  key
    .split(".")
    .reduce(
      (texts, name) => texts?.[name] as Record<string, unknown>,
      JSON.parse(read("locales", language, `${set}.json`)) as Record<string, unknown>,
    );

describeInBrowser("the editor in the language of the browser", () => {
  let nodeRed: NodeRed;
  let browser: Browser;

  before(async () => {
    nodeRed = await startNodeRed();
    await post(nodeRed, "/flows", FLOW);
    browser = await openChromium();
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });

  const openEditor = async (locale: string) => {
    const context = await browser.newContext({ locale, viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const problems = problemsOf(page);
    await page.goto(nodeRed.url);
    await editorReady(page);
    await page.waitForFunction(
      (ids) => ids.every((id) => RED.nodes.node(id)),
      FLOW.map(({ id }) => id).slice(1),
    );
    return { context, page, problems };
  };
  const openDialog = async (page: Page, { set, type, isConfig }: (typeof dialogs)[number]) => {
    await page.evaluate(
      ([id, configType]) =>
        configType ? RED.editor.editConfig("", configType, id) : RED.editor.edit(RED.nodes.node(id)),
      [set, isConfig ? type : undefined] as const,
    );
    await page.locator(`.red-ui-tray #node-${isConfig ? "config-" : ""}input-name`).waitFor();
  };
  /** The texts of the dialog that is open, by their keys. */
  const textsOf = (page: Page) =>
    page.evaluate(() =>
      $(".red-ui-tray form [data-i18n]")
        .get()
        .map((element) => [element.dataset.i18n!, element.textContent] as const),
    );

  for (const language of languages)
    describe(language, () => {
      it("has every dialog, with every label on one line, and no tab, choice or empty field cut off", async function () {
        this.timeout(120_000);
        const { context, page, problems } = await openEditor(language);
        for (const dialog of dialogs) {
          const { set, isConfig } = dialog;
          await openDialog(page, dialog);
          const texts = (await textsOf(page)).filter(([key]) => key.startsWith(`${set}.`));
          for (const [key, text] of texts) assert.equal(text, textIn(language, set, key), key);
          const tabs = await page.$$eval(".red-ui-tray [data-tab]", (pages) =>
            pages.map((each) => (each as HTMLElement).dataset.tab!),
          );
          assert.equal(
            await page.locator(".red-ui-tray .gemini-live-mark").count(),
            Object.keys(CHANGED[set] ?? {}).length,
          );
          for (const tab of tabs.length ? tabs : [undefined]) {
            if (tab) await openTab(page, tab);
            // Also the rows that depend on other settings.
            await page.evaluate(() => void $(".red-ui-tray [data-row]").show());
            await expectTexts(page, `${set} ${tab}`);
          }
          await page.click(isConfig ? "#node-config-dialog-cancel" : "#node-dialog-cancel");
          await page.locator(".red-ui-tray").waitFor({ state: "detached" });
        }
        assert.deepEqual(problems, []);
        await context.close();
      });
    });
});
