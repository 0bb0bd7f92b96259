// Everybody can use the page in Chromium: by keyboard, by screen reader, on a phone, in each language, and it says what is missing.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { cleanUp } from "../clean-up";
import { describeInBrowser } from "./chromium";
import { openPage, talk, waitForLink } from "./page";

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds in the page as it is now. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    const found = await axe.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}
interface AxeViolation {
  id: string;
  nodes: { html: string }[];
}

/** A conversation with everything that the page can show. */
const MESSAGES = [
  { type: "state", state: "connected", server: "simulator" },
  { type: "text", role: "user", text: "What is the weather like in Reykjavík?", final: true, turn: 1 },
  { type: "text", role: "model", text: "I look it up.", final: false, thought: true, turn: 1 },
  { type: "text", role: "model", text: "Sunny.", final: true, turn: 1 },
  {
    type: "event",
    event: "grounding",
    payload: {
      groundingChunks: [{ web: { uri: "https://example.com/", title: "example.com" } }],
      searchEntryPoint: {
        renderedContent: '<div><a href="https://example.com/">weather in Reykjavík</a></div>',
      },
    },
  },
  { type: "text", role: "user", text: "Thank", final: false, interim: true, turn: 2 },
  { type: "error", message: "The tool failed." },
  { type: "tool", id: "1", name: "get_weather" },
] as const;

describeInBrowser("everybody can use the page in Chromium:", () => {
  for (const colorScheme of ["light", "dark"] as const)
    it(`axe-core finds nothing, ${colorScheme}`, async () => {
      const opened = await openPage({}, { colorScheme });
      const { server, page } = opened;
      await waitForLink(page);
      assert.deepEqual(await violations(page), [], "idle");
      await page.click("#camera");
      await talk(opened);
      for (const message of MESSAGES) server.send(message);
      await page.waitForSelector("#activity:has-text('get_weather')");
      assert.deepEqual(await violations(page), [], "talking");
      await page.click("#open-settings");
      await page.waitForSelector("#settings:popover-open");
      assert.deepEqual(await violations(page), [], "settings");
      // It would find what is wrong.
      await page.evaluate(() => document.getElementById("mute")!.removeAttribute("aria-label"));
      await page.evaluate(() => document.getElementById("mute")!.removeAttribute("title"));
      assert.match((await violations(page)).join(), /^button-name/);
    });

  for (const locale of ["en-US", "de-DE", "ja-JP", "zh-CN"])
    it(`it fits on a phone, ${locale}`, async () => {
      const opened = await openPage({}, { locale, viewport: { width: 320, height: 640 } });
      const { server, page } = opened;
      const overflow = () =>
        page.evaluate(() =>
          [...document.querySelectorAll("body *")]
            .filter(
              (it) => it.getBoundingClientRect().right > innerWidth || it.getBoundingClientRect().left < 0,
            )
            .map((it) => it.outerHTML.slice(0, 80)),
        );
      await waitForLink(page);
      assert.equal(await page.getAttribute("html", "lang"), locale.slice(0, 2));
      assert.deepEqual(await overflow(), []);
      await talk(opened);
      for (const message of MESSAGES) server.send(message);
      await page.waitForSelector("#activity:has-text('get_weather')");
      assert.deepEqual(await overflow(), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
      await page.click("#open-settings");
      await page.waitForSelector("#settings:popover-open");
      assert.deepEqual(await overflow(), []);
      assert.equal((await page.innerText("body")).includes("undefined"), false);
    });

  it("everything works by keyboard, and the focus can be seen", async () => {
    const { server, page } = await openPage();
    await waitForLink(page);
    const reached: string[] = [];
    const tabTo = async (id: string) => {
      for (let tabs = 0; reached.at(-1) !== id; tabs++) {
        assert.ok(tabs < 20, `${id} is not reached: ${reached}`);
        await page.keyboard.press("Tab");
        const focused = await page.evaluate(() => {
          const it = document.activeElement!;
          return { id: it.id, outline: getComputedStyle(it).outlineStyle };
        });
        assert.notEqual(focused.outline, "none", focused.id);
        reached.push(focused.id);
      }
    };
    await tabTo("talk");
    await page.keyboard.press("Enter");
    await page.waitForSelector("body[data-microphone=on]");
    await tabTo("open-settings");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#settings:popover-open");
    await tabTo("volume");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await page.inputValue("#volume"), "0.95");
    await page.keyboard.press("Escape");
    await page.waitForSelector("#settings", { state: "hidden" });
    await tabTo("text");
    await page.keyboard.type("Hello there");
    await page.keyboard.press("Enter");
    await server.received.next((message) => message.type === "text" && message.text === "Hello there");
    assert.deepEqual(
      [...new Set(reached)],
      ["camera", "screen", "talk", "mute", "open-settings", "microphone", "loudspeaker", "volume", "text"],
    );
  });

  it("a screen reader, which clicks and cannot hold, presses push to talk on and off", async () => {
    const { server, page } = await openPage({ voice: "pushToTalk" });
    await waitForLink(page);
    const click = () => page.evaluate(() => document.getElementById("talk")!.click());
    await click();
    await server.received.next((message) => message.type === "action" && message.action === "activityStart");
    assert.equal(await page.getAttribute("#talk", "aria-pressed"), "true");
    await click();
    await server.received.next((message) => message.type === "action" && message.action === "activityEnd");
    assert.equal(await page.getAttribute("#talk", "aria-pressed"), "false");
  });

  const problemAfterTalk = async (page: Page) => {
    await page.click("#talk");
    await page.waitForSelector("#problem:not(:empty)");
    assert.equal(await page.innerText("#talk"), "Start talking");
    return page.innerText("#problem");
  };

  it("it says that there is no microphone, and can be started again", async () => {
    const { page } = await openPage({}, {}, false);
    await waitForLink(page);
    for (let time = 1; time <= 2; time++)
      assert.match(await problemAfterTalk(page), /cannot find the microphone\. Connect it/);
    await page.click("#camera");
    await page.waitForSelector("#problem:has-text('cannot find the camera')");
  });

  for (const [name, words] of [
    ["NotAllowedError", /does not let this page use the microphone\. Allow it/],
    ["NotReadableError", /Another program is using the microphone.*Close that program/],
    ["TypeError", /cannot open the microphone: reason/],
  ] as const)
    it(`it says what to do when the browser answers ${name}`, async () => {
      const { page } = await openPage();
      await waitForLink(page);
      await page.evaluate((error) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("reason", error));
      }, name);
      assert.match(await problemAfterTalk(page), words);
    });

  it("it says so when the microphone can be captured at no rate, and switches it off", async () => {
    const { page } = await openPage();
    await waitForLink(page);
    await page.evaluate(() => {
      AudioContext.prototype.createMediaStreamSource = () => {
        throw new DOMException("different sample rates");
      };
    });
    assert.match(await problemAfterTalk(page), /cannot open the microphone: different sample rates/);
    assert.deepEqual(await page.evaluate(() => window.tracks.map(({ readyState }) => readyState)), ["ended"]);
  });

  it("it says so when the microphone is unplugged or gives no sound at all", async () => {
    const opened = await openPage();
    const { page, server } = opened;
    await talk(opened);
    await page.evaluate(() => window.tracks[0]!.dispatchEvent(new Event("ended")));
    await page.waitForSelector("#problem:has-text('cannot find the microphone')");
    assert.equal(await page.innerText("#talk"), "Start talking");
    await server.received.next((message) => message.type === "action" && message.action === "disconnect");
    await page.evaluate(() => {
      AudioContext.prototype.resume = () => Promise.resolve();
      const create = AudioContext.prototype.createMediaStreamSource;
      AudioContext.prototype.createMediaStreamSource = function (this: AudioContext, stream) {
        void this.suspend();
        return create.call(this, stream);
      };
    });
    assert.match(await problemAfterTalk(page), /or the system blocks it/);
  });

  it("it says that a page without https gets no microphone", async () => {
    const { server, page } = await openPage();
    await page.route("http://kitchen.example/**", async (route) => {
      const { pathname } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: new URL(pathname, server.url).href }) });
    });
    await page.goto("http://kitchen.example/talk");
    assert.match(await problemAfterTalk(page), /only on secure pages\. Open this page over https/);
  });

  it("it says what the iframe around it lacks", async () => {
    const { server, page } = await openPage();
    const outer = createServer((_, response) =>
      response
        .setHeader("content-type", "text/html")
        .end(`<iframe src="${server.url}" width="600" height="600"></iframe>`),
    ).listen(0, "127.0.0.1");
    await once(outer, "listening");
    cleanUp(() => outer.close());
    await page.goto(`http://localhost:${(outer.address() as AddressInfo).port}`);
    const frame = page.frameLocator("iframe");
    await frame.locator("#talk").click();
    await frame.locator("#problem:has-text('Its iframe needs allow=')").waitFor();
  });
});
