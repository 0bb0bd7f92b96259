// The example "talk on a dashboard" in Chromium: the page of browser in inside an iframe of FlowFuse Dashboard 2.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describeInBrowser, openChromium, problemsOf } from "../browser/chromium";
import { recording } from "../browser/sound";
import { cleanUp } from "../clean-up";
import { examplePath } from "../example-path";
import { deploy, listenAsEditor, startNodeRed } from "../node-red";

const flow = JSON.parse(readFileSync(examplePath("talk on a dashboard"), "utf8")) as object[];

describeInBrowser("the example flow: talk on a dashboard", () => {
  it("shows the page on the dashboard, where it answers a text and repeats speech", async () => {
    const nodeRed = await startNodeRed();
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(news.close);
    await deploy(nodeRed, news, flow, "full");
    const browser = await openChromium(recording(7_000));
    cleanUp(() => browser.close());
    const page = await browser.newPage();
    const problems = problemsOf(page);
    await page.goto(`${nodeRed.url}/dashboard/talk`);
    const talk = page.frameLocator("iframe");
    await talk.locator("body[data-link=open]").waitFor();
    await talk.locator("#text").fill("How are you?");
    await talk.locator("#text").press("Enter");
    await talk.locator("li.model.final:has-text('How are you?')").waitFor();
    assert.equal(await talk.locator("#state").innerText(), "Connected");
    await talk.locator("#talk").click();
    // The text was the first of the user.
    await talk.locator("li.user.final").nth(1).waitFor();
    await talk.locator("li.model.final").nth(1).waitFor();
    assert.equal(await talk.locator("#problem").innerText(), "");
    assert.deepEqual(problems, []);
    assert.doesNotMatch(nodeRed.output(), /\[error\]|Error:/);
  });
});
