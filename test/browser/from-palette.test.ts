// From an empty tab to a spoken answer, by mouse, as a user builds it in the editor.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { cleanUp } from "../clean-up";
import { startNodeRed } from "../node-red";
import { describeInBrowser, openChromium, problemsOf } from "./chromium";
import { goToEditor } from "./editor-page";
import { recording, speechPlayedIn, tapLoudspeakers } from "./sound";

interface EditorNode {
  id: string;
  type: string;
  name: string;
  users: unknown[];
  connection?: string;
}
declare const RED: {
  nodes: {
    eachNode(callback: (node: EditorNode) => void): void;
    eachConfig(callback: (node: EditorNode) => void): void;
    dirty(): boolean;
  };
};

/** A mouse in the editor that counts what it does. */
class Hand {
  actions = 0;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async click(selector: string) {
    this.actions += 1;
    await this.#page.click(selector);
  }

  async #drag(from: { x: number; y: number }, to: { x: number; y: number }) {
    this.actions += 1;
    const { mouse } = this.#page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 5 });
    await mouse.move(to.x, to.y, { steps: 5 });
    await mouse.up();
  }

  async #centerOf(selector: string, n = 0) {
    const box = await this.#page.locator(selector).nth(n).boundingBox();
    assert.ok(box, selector);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  /** Drags a node from the palette to a place on the canvas. @returns its id */
  async place(type: string, x: number, y: number): Promise<string> {
    const entry = `.red-ui-palette-node[data-palette-type='${type}']`;
    await this.#page.locator(entry).scrollIntoViewIfNeeded();
    const canvas = await this.#page.locator("#red-ui-workspace-chart").boundingBox();
    await this.#drag(await this.#centerOf(entry), { x: canvas!.x + x, y: canvas!.y + y });
    const id = await this.#page.evaluate((wanted) => {
      let found = "";
      RED.nodes.eachNode((node) => {
        if (node.type === wanted) found = node.id;
      });
      return found;
    }, type);
    assert.ok(id, `${type} is on the canvas`);
    await this.#page.waitForSelector(`[id="${id}"]`);
    return id;
  }

  /** Draws a wire from an output of a node to the input of another. */
  async wire(from: string, output: number, to: string) {
    await this.#drag(
      await this.#centerOf(`[id="${from}"] .red-ui-flow-port-output`, output),
      await this.#centerOf(`[id="${to}"] .red-ui-flow-port-input`),
    );
  }
}

describeInBrowser("the browser nodes in the editor", () => {
  /** Opens the editor with an empty tab. */
  const open = async () => {
    const home = mkdtempSync(join(tmpdir(), "palette-"));
    cleanUp(() => rmSync(home, { recursive: true }));
    writeFileSync(join(home, "flows.json"), JSON.stringify([{ id: "tab", type: "tab", label: "Flow 1" }]));
    const nodeRed = await startNodeRed({}, home);
    cleanUp(() => nodeRed.stop());
    const browser = await openChromium(recording(7_000));
    cleanUp(() => browser.close());
    const context = await browser.newContext({ viewport: { width: 1700, height: 900 } });
    await context.addInitScript(tapLoudspeakers);
    const page = await context.newPage();
    const problems = problemsOf(page);
    await goToEditor(page, nodeRed);
    await page.locator("#red-ui-palette-search input").fill("gemini");
    return { nodeRed, context, page, problems, hand: new Hand(page) };
  };
  const configsIn = (page: Page) =>
    page.evaluate(() => {
      const configs: { id: string; name: string; users: number }[] = [];
      RED.nodes.eachConfig(({ id, type, name, users }) => {
        if (type === "gemini-live-config") configs.push({ id, name, users: users.length });
      });
      return configs;
    });

  it("lead from an empty tab to a spoken answer with at most 20 clicks and drags and in at most 60 s", async () => {
    const { nodeRed, context, page, problems, hand } = await open();
    const start = performance.now();
    const browserIn = await hand.place("gemini-browser-in", 110, 150);
    const audioIn = await hand.place("gemini-audio-in", 300, 150);
    const session = await hand.place("gemini-live-session", 490, 150);
    const audioOut = await hand.place("gemini-audio-out", 690, 90);
    const browserOut = await hand.place("gemini-browser-out", 890, 190);
    await hand.wire(browserIn, 0, audioIn);
    await hand.wire(audioIn, 0, session);
    await hand.wire(session, 0, audioOut);
    for (const output of [0, 1]) await hand.wire(audioOut, output, browserOut);
    for (const output of [1, 3]) await hand.wire(session, output, browserOut);
    await hand.click("#red-ui-header-button-deploy");
    await page.waitForFunction(() => !RED.nodes.dirty());
    await page.waitForSelector(`[id="${browserIn}"] .red-ui-flow-node-status-label:has-text("0 pages open")`);
    const [talk] = await Promise.all([
      context.waitForEvent("page"),
      hand.click(`[id="${browserIn}"] .red-ui-flow-node-button-button`),
    ]);
    problems.push(...problemsOf(talk));
    assert.equal(talk.url(), `${nodeRed.url}/talk`);
    hand.actions += 1;
    await talk.click("#talk");
    await talk.waitForFunction(() => window.played?.some((sample) => Math.abs(sample) > 0.01));
    const seconds = (performance.now() - start) / 1_000;
    console.log(
      `      ${hand.actions} clicks and drags, ${seconds.toFixed(1)} s from an empty tab to the first sound`,
    );
    await talk.waitForSelector("li.model.final");
    await speechPlayedIn(talk);
    assert.ok(hand.actions <= 20 && seconds <= 60);
    await page.waitForSelector(`[id="${browserIn}"] .red-ui-flow-node-status-label:has-text("1 page open")`);
    assert.deepEqual(problems, []);
  });

  it("get a live session with a connection to the simulator, which one undo removes with it and one redo brings back", async () => {
    const { page, hand } = await open();
    const session = await hand.place("gemini-live-session", 300, 200);
    const [config] = await configsIn(page);
    assert.equal(config?.name, "Simulator");
    assert.equal(config.users, 1);
    await hand.click("#red-ui-workspace-chart");
    await page.keyboard.press("Control+z");
    await page.waitForSelector(`[id="${session}"]`, { state: "detached" });
    assert.deepEqual(await configsIn(page), []);
    await page.keyboard.press("Control+y");
    await page.waitForSelector(`[id="${session}"]`);
    assert.deepEqual(await configsIn(page), [config]);
  });
});
