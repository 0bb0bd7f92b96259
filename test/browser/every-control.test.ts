// Every control of every dialog, changed as a user does: what a dialog holds at Done is what is saved, and what it shows when it is opened
// again; undo takes all of it back, and redo brings it again. What a control does depends on no language and no color: other tests open
// every dialog in all of them (languages.test.ts).

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { dialogs, tableOf } from "../dialogs";
import { type NodeRed, post, startNodeRed } from "../node-red";
import { describeInBrowser, openChromium } from "./chromium";
import { another, change, contentsOf } from "./controls";
import { closeDialog, EVERY_NODE, openDialog, openQuickEditor, saved } from "./every-dialog";

/**
 * What is chosen for some settings, in rounds, since some controls are only there while others have certain values. All other controls get
 * a value that they did not have.
 */
const ROUNDS: Record<string, Record<string, unknown>[]> = {
  "audio-in": [{ format: "pcm", gate: "speech", halfDuplex: true }],
  "audio-out": [
    {
      format: "opus",
      sampleRate: "48000",
      frameMs: 40,
      pacing: "realTime",
      flush: "bytes",
      flushTemplate: "ff",
    },
    { format: "wav", pacing: "whole", flush: "json", flushTemplate: '{"stop": true}' },
  ],
  "browser-in": [{ embedding: "sites", sites: "https://home.example" }],
  "live-config": [
    {
      server: "custom",
      url: "wss://live.example",
      contextCompression: true,
      onConnectionLoss: "restart",
      store: "redis://store.example",
    },
    {
      server: "vertex",
      useEphemeralTokens: false,
      onConnectionLoss: "report",
      store: "rediss://store.example:6380/1",
    },
  ],
  "live-session": [
    // A model that nobody knows gets every setting.
    { model: "a-model-of-tomorrow", turnDetection: "automatic", singleTurn: false },
    { model: "gemini-3.8-live", turnDetection: "manual", speaksFirst: false },
  ],
  "tool-call": [{ view: "rows" }, { view: "schema" }],
};

describeInBrowser("every control of the dialog", () => {
  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  before(async () => {
    nodeRed = await startNodeRed();
    await post(nodeRed, "/flows", EVERY_NODE);
    browser = await openChromium();
    ({ page, problems } = await openQuickEditor(await browser.newContext(), nodeRed));
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });
  afterEach(async () => {
    // A dialog that a failed test leaves open would fail all that come after.
    if (await page.locator(".red-ui-tray").count()) await closeDialog(page, "cancel");
  });

  for (const dialog of dialogs)
    it(`${dialog.set} is saved, shown again, undone and redone`, async () => {
      const { set, credentials } = dialog;
      const { settings } = tableOf(set);
      const names = ["name", ...credentials, ...Object.keys(settings)];
      const [first] = Object.values(settings);
      /** The key of a connection is in another tab than the password of its store. */
      const isIn = (tab: string | undefined, name: string) =>
        credentials.includes(name) || (settings[name] ?? first)?.tab === tab;
      const changed = new Set<string>();
      for (const choices of ROUNDS[set] ?? [{}]) {
        const before = await saved(page, set);
        await openDialog(page, dialog);
        for (const tab of new Set([first, ...Object.values(settings)].map((each) => each?.tab))) {
          if (tab) await page.locator(`.red-ui-tray a[href$="input-tab-${tab}"]`).press("Enter");
          for (const name of names.filter((each) => isIn(tab, each))) {
            const wanted = choices[name] ?? another(settings[name], before[name]);
            if (await change(page, dialog, name, wanted)) changed.add(name);
          }
        }
        const contents = await contentsOf(page);
        assert.deepEqual(await page.locator(".gemini-live-problem").allInnerTexts(), []);
        await closeDialog(page, "ok");
        const after = await saved(page, set);
        assert.notDeepEqual(after, before);
        await openDialog(page, dialog);
        assert.deepEqual(await contentsOf(page), contents);
        await closeDialog(page, "cancel");
        assert.deepEqual(await saved(page, set), after);
        await page.keyboard.press("Control+Z");
        assert.deepEqual(await saved(page, set), before);
        await page.keyboard.press("Control+Y");
        assert.deepEqual(await saved(page, set), after);
      }
      assert.deepEqual(
        names.filter((name) => !changed.has(name)),
        [],
      );
      assert.deepEqual(problems, []);
    });
});
