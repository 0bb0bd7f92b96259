// The page in Chromium in conversation with the simulator, through the flow of a real Node-RED.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { type Simulator, startSimulator } from "../../simulator/server";
import { cleanUp } from "../clean-up";
import { examplePath } from "../example-path";
import { DEADLINE_MS } from "../inbox";
import { deploy, listenAsEditor, startNodeRed } from "../node-red";
import { describeInBrowser, openChromium } from "./chromium";
import { recording } from "./sound";

const KEY = "a-key-of-the-environment";
const starter = JSON.parse(readFileSync(examplePath("talk in the browser"), "utf8")) as { type: string }[];

describeInBrowser("the page in conversation through Node-RED", () => {
  let google: Simulator;
  let browser: Browser;
  let address: string;

  /** Runs the starter flow with a server that the test can look into. @param changes settings by the types of their nodes */
  const start = async (changes: Record<string, object> = {}) => {
    google = await startSimulator({ key: KEY });
    cleanUp(() => google.close());
    const nodeRed = await startNodeRed({ GEMINI_API_KEY: KEY, GOOGLE_GEMINI_BASE_URL: google.url });
    cleanUp(() => nodeRed.stop());
    const news = await listenAsEditor(nodeRed.url);
    cleanUp(news.close);
    const settings: Record<string, object> = { ...changes, "gemini-live-config": { server: "gemini" } };
    const flow = starter.map((node) => ({ ...node, ...settings[node.type] }));
    await deploy(nodeRed, news, flow, "full");
    browser = await openChromium(recording(0));
    cleanUp(() => browser.close());
    address = `${nodeRed.url}/talk`;
  };
  const open = async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(address);
    await page.waitForSelector("body[data-link=open]");
    return page;
  };
  const ask = async (page: Page, text: string) => {
    await page.fill("#text", text);
    await page.press("#text", "Enter");
    await page.waitForSelector(`li.model.final:has-text("Echo: ${text}")`);
  };
  /** What the user of a conversation has given, in order. */
  const given = (n: number, modality: string) =>
    (google.conversations[n]?.context ?? []).filter(
      (item) => item.role === "user" && item.modality === modality,
    );

  it("a picture of the camera reaches the model, at most 768 pixels wide and high", async () => {
    await start();
    const page = await open();
    await page.click("#camera");
    await page.waitForSelector("#state:text-is('Connected')");
    const deadline = Date.now() + DEADLINE_MS;
    while (!given(0, "IMAGE").length) {
      assert.ok(Date.now() < deadline, "A picture comes.");
      await delay(50);
    }
    await page.fill("#text", "What do you see?");
    await page.press("#text", "Enter");
    const answer = await page.waitForSelector("li.model.final:has-text('I have seen')");
    const [, width, height] = /JPEG of (\d+)×(\d+)/.exec(await answer.innerText()) ?? [];
    assert.ok(Number(width) >= 320 && Number(width) <= 768, width);
    assert.ok(Number(height) >= 180 && Number(height) <= 768, height);
    await page.click("#camera");
    await page.waitForSelector("#preview", { state: "hidden" });
    assert.equal(await page.innerText("#problem"), "");
  });

  it("push to talk sends only what is said while the button is held", async () => {
    await start({
      "gemini-browser-in": { voice: "pushToTalk" },
      "gemini-live-session": { turnDetection: "manual" },
    });
    const page = await open();
    // The microphone hears speech all the time.
    await page.hover("#circle");
    for (let time = 1; time <= 2; time++) {
      const pressed = await page.evaluate(() => performance.now());
      await page.mouse.down();
      await page.waitForSelector("body[data-microphone=on]");
      const on = await page.evaluate(() => performance.now());
      await page.waitForFunction((from) => performance.now() > from + 2_000, on);
      await page.mouse.up();
      const held = ((await page.evaluate(() => performance.now())) - pressed) / 1_000;
      // The simulator answers with what it has heard, and then hears nothing more.
      await page
        .locator("li.model.final")
        .nth(time - 1)
        .waitFor();
      assert.equal(given(0, "AUDIO").length, time);
      // 25 tokens are a second.
      const seconds = given(0, "AUDIO").at(-1)!.tokens / 25;
      assert.ok(seconds > 0.5 && seconds < held + 0.5, `${seconds} s of ${held} s`);
    }
    assert.equal(await page.innerText("#problem"), "");
  });

  it("two pages hold two conversations", async () => {
    await start();
    const [first, second] = [await open(), await open()];
    await Promise.all([ask(first, "I am the first"), ask(second, "I am the second")]);
    await ask(first, "The first once more");
    const said = google.conversations.map((_, n) => given(n, "TEXT").map(({ text }) => text));
    assert.deepEqual(said.sort(), [["I am the first", "The first once more"], ["I am the second"]]);
    assert.doesNotMatch(await first.innerText("#captions"), /second/);
    assert.doesNotMatch(await second.innerText("#captions"), /first/);
  });

  it("a page that is loaded again continues its conversation", async () => {
    await start();
    const page = await open();
    await ask(page, "Before the reload");
    await page.reload();
    await page.waitForSelector("body[data-link=open]");
    await ask(page, "After the reload");
    assert.equal(google.conversations.length, 1);
    assert.equal(google.conversations[0]!.connections, 1);
    assert.deepEqual(
      given(0, "TEXT").map(({ text }) => text),
      ["Before the reload", "After the reload"],
    );
  });
});
