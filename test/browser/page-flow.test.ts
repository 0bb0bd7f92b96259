import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { startSimulator } from "../../simulator/server";
import { cleanUp } from "../clean-up";
import { listenAsEditor, type NodeRed, startNodeRed } from "../node-red";
import { describeInBrowser, itInBrowser, openChromium, problemsOf } from "./chromium";
import { loudSince, recording, speechPlayedIn, tapLoudspeakers } from "./sound";

describeInBrowser("the page of the starter flow in Chromium", () => {
  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  const open = async (pauseMs: number) => {
    browser = await openChromium(recording(pauseMs));
    page = await (await browser.newContext()).newPage();
    problems = problemsOf(page);
    await page.addInitScript(tapLoudspeakers);
    await page.goto(`${nodeRed.url}/talk`);
  };

  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(async () => {
    await browser?.close();
    await nodeRed.stop();
  });

  it("starts with one button, shows the transcripts of both sides, says that its partner is an echo, and plays the answer", async () => {
    await open(7_000);
    await page.click("#talk");
    await page.waitForSelector("li.user.final");
    await page.waitForSelector("li.model.final");
    assert.match(await page.innerText("#server"), /simulator.*echo, not a model/);
    assert.equal(await page.innerText("#state"), "Connected");
    await speechPlayedIn(page);
    assert.equal(await page.innerText("#problem"), "");
    await page.click("#talk");
    await page.waitForSelector("#state:text-is('Not connected')");
    assert.equal(await page.innerText("#talk"), "Start talking");
    assert.deepEqual(problems, []);
    await browser.close();
  });

  it("stops playing at once on barge-in", async () => {
    // The answer begins 1.2 s after the speech and lasts longer than 2 s: the next speech falls into it.
    await open(1_900);
    await page.click("#talk");
    await page.waitForSelector("li.model");
    await page.waitForFunction(() => document.body.dataset.state === "interrupted");
    const atInterruption = await page.evaluate(() => window.played.length);
    await page.waitForFunction((from) => window.played.length > from + 24_000, atInterruption);
    assert.ok((await loudSince(page, 0)) > 200, "something was played before");
    assert.ok((await loudSince(page, atInterruption)) < 150, "nothing is heard after the interruption");
    assert.deepEqual(problems, []);
    await browser.close();
  });

  it("says why there is no microphone, and can be started again", async () => {
    browser = await openChromium();
    cleanUp(() => browser.close());
    page = await browser.newPage();
    await page.goto(`${nodeRed.url}/talk`);
    for (let time = 1; time <= 2; time++) {
      await page.click("#talk");
      await page.waitForSelector("#problem:not(:empty)");
      assert.equal(await page.innerText("#talk"), "Start talking");
      assert.equal(await page.innerText("#state"), "Not connected");
    }
  });

  it("connects again by itself when Node-RED was started again, and goes on talking", async () => {
    const first = await startNodeRed();
    browser = await openChromium(recording(7_000));
    cleanUp(() => browser.close());
    page = await browser.newPage();
    await page.goto(`${first.url}/talk`);
    await page.click("#talk");
    await page.waitForSelector("li.model");
    await first.stop();
    await page.waitForSelector("#notice:has-text('The connection to Node-RED is lost')");
    const again = await startNodeRed({ PORT: new URL(first.url).port });
    cleanUp(() => again.stop());
    await page.waitForSelector("#notice:text-is('Reconnected to Node-RED.')");
    const before = await page.locator("li.model").count();
    await page.waitForFunction((count) => document.querySelectorAll("li.model").length > count, before);
    assert.equal(await page.innerText("#problem"), "");
  });

  it("is served beside a page of a foreign origin, which can neither read it nor open its socket", async () => {
    const { badges, close } = await listenAsEditor(nodeRed.url);
    cleanUp(close);
    const elsewhere = createServer((_, response) => response.end("<title>A foreign page</title>"));
    elsewhere.listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    cleanUp(() => elsewhere.close());
    await open(7_000);
    cleanUp(() => browser.close());
    const foreign = await page.context().newPage();
    await foreign.goto(`http://localhost:${(elsewhere.address() as AddressInfo).port}`);

    const read = await foreign.evaluate(async (address) => {
      const withCors = await fetch(address).then(
        (response) => response.text(),
        (error: Error) => error.name,
      );
      const without = await fetch(address, { mode: "no-cors" }).then(
        (response) => response.text(),
        (error: Error) => error.name,
      );
      return [withCors, without];
    }, `${nodeRed.url}/talk`);
    assert.deepEqual(read, ["TypeError", "TypeError"]);

    const opened = await foreign.evaluate(
      (address) =>
        new Promise<boolean>((resolve) => {
          const socket = new WebSocket(address);
          socket.onopen = () => resolve(true);
          socket.onclose = () => resolve(false);
        }),
      `${nodeRed.url.replace("http", "ws")}/talk/socket`,
    );
    assert.equal(opened, false);
    const connecting = () => badges.items.filter(({ text }) => /connecting/.test(text ?? "")).length;
    assert.equal(connecting(), 0);
    await page.click("#talk");
    await page.waitForSelector("li.user.final");
    await page.waitForSelector("li.model.final");
    assert.ok(connecting() > 0, "the page itself begins a conversation");
  });
});

itInBrowser(
  "with GEMINI_API_KEY, npm start uses the Gemini API with the same flow, and the page says so",
  async () => {
    const key = "a-key-of-the-environment";
    const google = await startSimulator({ key });
    cleanUp(() => google.close());
    const nodeRed = await startNodeRed({ GEMINI_API_KEY: key, GOOGLE_GEMINI_BASE_URL: google.url });
    cleanUp(() => nodeRed.stop());
    const browser = await openChromium(recording(7_000));
    cleanUp(() => browser.close());
    const page = await browser.newPage();
    await page.goto(`${nodeRed.url}/talk`);
    await page.click("#talk");
    await page.waitForSelector("li.model");
    assert.match(await page.innerText("#server"), /gemini-3\.8-live through the Gemini API/);
    assert.equal(google.conversations.length, 1);
    assert.doesNotMatch(nodeRed.output() + (await page.content()), new RegExp(key));
  },
);
