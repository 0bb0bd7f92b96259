// Takes pictures of the page of browser in for the documents: node --import tsx scripts/page-pictures.mjs [folder]

import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { PageServer } from "../test/browser/page-server.ts";
import { findBrowser } from "./browser.mjs";

const [folder = "docs/page"] = process.argv.slice(2);
const SIZES = { phone: { width: 390, height: 780 }, desktop: { width: 1100, height: 720 } };
const SPOKEN = [
  ["user", "What will the weather be like in Kyoto tomorrow?"],
  ["model", "Tomorrow is sunny in Kyoto, with 14 degrees in the afternoon. Take a jacket for the evening."],
  ["user", "And on Thursday? I want to walk to Fushimi Inari."],
];

const PICTURES = {
  async idle() {},
  async talking(page, server) {
    await page.click("#talk");
    await page.waitForFunction(() => document.body.dataset.microphone === "on");
    server.send({ type: "state", state: "connected", server: "gemini", model: "gemini-3.8-live" });
    SPOKEN.forEach(([role, text], i) => {
      server.send({ type: "text", role, text, final: i < 2, turn: 1 + (i >> 1) });
    });
    server.send({
      type: "event",
      event: "grounding",
      payload: { groundingChunks: [{ web: { uri: "https://example.com/", title: "example.com" } }] },
    });
    server.send({ type: "tool", id: "1", name: "get_weather" });
    await page.waitForFunction(() => document.getElementById("activity").textContent.includes("get_weather"));
    await page.waitForSelector("#captions .sources");
    await page.waitForFunction(() => document.getElementById("level").ariaValueNow > 30);
  },
  async error(page, server) {
    server.send({ type: "state", state: "connected", server: "simulator" });
    await page.waitForSelector("#server:not(:empty)");
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException("Permission denied", "NotAllowedError"));
    });
    await page.click("#talk");
    await page.waitForSelector("#problem:not(:empty)");
  },
};

mkdirSync(folder, { recursive: true });
const server = await new PageServer({ title: "Kitchen" }).start();
const browser = await chromium.launch({
  executablePath: findBrowser(),
  args: ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
});
for (const [size, viewport] of Object.entries(SIZES))
  for (const colorScheme of ["light", "dark"])
    for (const [name, prepare] of Object.entries(PICTURES)) {
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      await page.goto(server.url);
      await server.received.next(({ type }) => type === "start");
      await page.waitForFunction(() => document.body.dataset.link === "open");
      await prepare(page, server);
      await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png` });
      await context.close();
    }
await browser.close();
await server.stop();
