// The example "usage on a dashboard" in Chromium: the bars of a chart of FlowFuse Dashboard 2.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describeInBrowser, openChromium, problemsOf } from "../browser/chromium";
import { cleanUp } from "../clean-up";
import { examplePath } from "../example-path";
import type { FlowNode } from "../flow-node";
import { Inbox } from "../inbox";
import { deploy, listenAsEditor, startNodeRed } from "../node-red";

const flow = JSON.parse(readFileSync(examplePath("usage on a dashboard"), "utf8")) as FlowNode[];
const idOf = (type: string, name = "") =>
  flow.find((node) => node.type === type && (!name || node.name === name))!.id;

/** The legend's mark is smaller. */
const LEGEND_PIXELS = 5_000;

interface Bar {
  category: string;
  x: string;
  y: number;
}

/** The bars of each message that the page gets for the chart. */
function barsOn(page: Page): Inbox<Bar[]> {
  const bars = new Inbox<Bar[]>();
  const name = `["msg-input:${idOf("ui-chart")}",`;
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      const text = String(payload);
      const at = text.indexOf(name);
      if (at >= 0) bars.push(JSON.parse(text.slice(at))[1]._datapoint);
    }),
  );
  return bars;
}

/** Waits until the chart has more pixels in the color of the first series than the legend has. */
const bigBar = (page: Page) =>
  page.waitForFunction((legend) => {
    const canvas = document.querySelector("canvas")!;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === 0x00 && data[at + 1] === 0x95 && data[at + 2] === 0xff) count += 1;
    return count > legend;
  }, LEGEND_PIXELS);

describeInBrowser("the example flow: usage on a dashboard", () => {
  it("draws a bar for today, which grows with each turn", async () => {
    const nodeRed = await startNodeRed();
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(news.close);
    await deploy(nodeRed, news, flow, "full");
    const browser = await openChromium();
    cleanUp(() => browser.close());
    const page = await browser.newPage();
    const problems = problemsOf(page);
    const bars = barsOn(page);
    await page.goto(`${nodeRed.url}/dashboard/usage`);
    await page.locator("canvas").waitFor();
    const ask = async () => {
      const asked = await fetch(`${nodeRed.url}/inject/${idOf("inject", "Ask a question")}`, {
        method: "POST",
      });
      assert.ok(asked.ok);
      const shown = await bars.next((each) => each.length > 0, "a bar");
      assert.equal(shown.length, 1);
      return shown[0]!;
    };
    const first = await ask();
    const second = await ask();
    assert.equal(first.category, "gemini-3.8-live");
    assert.match(first.x, /^\d{4}-\d\d-\d\d$/);
    assert.ok(first.y > 0 && second.y > first.y, `${first.y} and ${second.y} tokens`);
    await bigBar(page);
    assert.deepEqual(problems, []);
    assert.doesNotMatch(nodeRed.output(), /\[error\]|Error:/);
  });
});
