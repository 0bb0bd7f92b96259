// A flow as the editor saved it with the first nodes of version 0.1.0, with a value of its own in every setting that they had: each dialog
// shows it, and Done without edits changes nothing.

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { dialogs } from "../dialogs";
import { type NodeRed, post, startNodeRed } from "../node-red";
import { describeInBrowser, openChromium } from "./chromium";
import { closeDialog, openDialog, openQuickEditor, prefixOf, saved } from "./every-dialog";
import FLOW from "./version-0.1.0.json";

/** The editor's own globals that these tests use. */
declare const RED: {
  nodes: {
    node(id: string): { changed?: boolean; valid: boolean; validationErrors?: string[] };
    dirty(): boolean;
  };
  history: { depth(): number };
};

describeInBrowser("a flow that version 0.1.0 has saved", () => {
  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  before(async () => {
    nodeRed = await startNodeRed();
    await post(nodeRed, "/flows", FLOW);
    browser = await openChromium();
    ({ page, problems } = await openQuickEditor(await browser.newContext(), nodeRed));
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });

  const stateOf = (id: string) =>
    page.evaluate((wanted) => {
      const { changed = false, valid, validationErrors = [] } = RED.nodes.node(wanted);
      return { changed, valid, validationErrors, dirty: RED.nodes.dirty(), undo: RED.history.depth() };
    }, id);

  for (const dialog of dialogs)
    it(`is shown by the dialog as it is, and Done changes nothing: ${dialog.set}`, async () => {
      const { set } = dialog;
      const before = await saved(page, set);
      const asSaved: object = FLOW.find(({ id }) => id === set)!;
      // A migration raises the version.
      for (const [name, value] of Object.entries(asSaved))
        if (!["x", "version"].includes(name)) assert.deepEqual(before[name], value, name);
      const state = { changed: false, valid: true, validationErrors: [], dirty: false, undo: 0 };
      assert.deepEqual(await stateOf(set), state);
      await openDialog(page, dialog);
      const shown = await page.evaluate(
        ([prefix, names]) =>
          names
            .filter((name) => name !== "version" && $(`#${prefix}${name}`).length)
            .map((name) => {
              const field = $(`#${prefix}${name}`);
              return [name, field.is(":checkbox") ? field.prop("checked") : field.val()];
            }),
        [prefixOf(dialog), Object.keys(asSaved)] as const,
      );
      for (const [name, value] of shown) {
        const { [name]: wanted } = asSaved as Record<string, unknown>;
        assert.equal(value === "_ADD_" ? "" : value, wanted, name);
      }
      await closeDialog(page, "ok");
      assert.deepEqual(await saved(page, set), before);
      assert.deepEqual(await stateOf(set), state);
    });

  it("causes no error in the page", () => assert.deepEqual(problems, []));
});
