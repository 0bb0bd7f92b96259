import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { type NodeRed, startNodeRed } from "../node-red";
import { describeInBrowser } from "./chromium";
import { expectNames, expectTexts, openEditor, THEMES } from "./editor-page";

/** The editor's own globals that these tests use. */
declare const RED: {
  nodes: { filterNodes(filter: { type: string }): object[] };
  editor: { edit(node: object): void };
};

describeInBrowser("the play button of a voice", () => {
  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  before(async () => {
    nodeRed = await startNodeRed();
    ({ browser, page, problems } = await openEditor(nodeRed, THEMES[0]!));
    await page.evaluate(() => {
      const { play } = HTMLMediaElement.prototype;
      HTMLMediaElement.prototype.play = function () {
        Object.assign(window, { played: this });
        return play.call(this);
      };
    });
    await page.evaluate(() => RED.editor.edit(RED.nodes.filterNodes({ type: "gemini-live-session" })[0]!));
    await button.waitFor();
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });

  const button = {
    waitFor: () => page.locator("#node-live-session-sample").waitFor(),
    press: () => page.locator("#node-live-session-sample").press("Enter"),
    name: () => page.locator("#node-live-session-sample").getAttribute("aria-label"),
    says: () => page.locator("#node-live-session-sample-said").innerText(),
  };
  const untilNamed = (name: string) =>
    page.waitForFunction((wanted) => $("#node-live-session-sample").attr("aria-label") === wanted, name);
  const untilHeard = () =>
    page.waitForFunction(() => {
      const { played } = window as unknown as { played?: HTMLAudioElement };
      return played && !played.paused && played.currentTime > 0 && played.duration;
    });

  it("plays what the server says, to its end or until it is stopped, by keyboard too", async () => {
    await expectNames(page);
    await expectTexts(page);
    const [voice, play] = await page
      .locator('[data-row="voice"]')
      .evaluate((row) =>
        [row.querySelector("label")!, row.querySelector("button#node-live-session-sample")!].map(
          (element) => element.getBoundingClientRect().top,
        ),
      );
    assert.ok(Math.abs(voice! - play!) < 20, `${voice} ${play}`);
    assert.equal(await button.name(), "Play the voice");
    await button.press();
    await untilHeard();
    assert.deepEqual([await button.name(), await button.says()], ["Stop", ""]);
    await untilNamed("Play the voice");
    assert.equal(
      await page.evaluate(() => (window as unknown as { played: HTMLAudioElement }).played.ended),
      true,
    );
    await button.press();
    assert.equal(await button.says(), "The server is speaking…");
    await button.press();
    assert.deepEqual([await button.name(), await button.says()], ["Play the voice", ""]);
  });

  it("says what is wrong", async () => {
    await page.selectOption("#node-input-connection", "_ADD_");
    await button.press();
    await untilNamed("Play the voice");
    assert.match(await button.says(), /^GEMINI_SETTING: The connection is not deployed\. Deploy it/);
    assert.deepEqual(problems, []);
  });

  it("ends with the dialog, also when that deletes the node", async () => {
    await page.click("#node-dialog-cancel");
    await page.locator(".red-ui-tray").waitFor({ state: "detached" });
    await page.evaluate(() => RED.editor.edit(RED.nodes.filterNodes({ type: "gemini-live-session" })[0]!));
    await button.waitFor();
    await page.evaluate(() => Object.assign(window, { played: undefined }));
    await button.press();
    await untilHeard();
    await page.click("#node-dialog-delete");
    await page.locator(".red-ui-tray").waitFor({ state: "detached" });
    const { ended, paused } = await page.evaluate(() => {
      const { played } = window as unknown as { played: HTMLAudioElement };
      return { ended: played.ended, paused: played.paused };
    });
    assert.deepEqual({ ended, paused, problems }, { ended: false, paused: true, problems: [] });
  });
});
