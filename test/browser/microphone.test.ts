// The talk page where the microphone cannot be captured at 16 kHz, or not at all.

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { type NodeRed, startNodeRed } from "../node-red";
import { correlation, speech } from "../speech";
import { describeInBrowser, openChromium } from "./chromium";
import { playedIn, recording, tapLoudspeakers } from "./sound";

declare global {
  interface Window {
    /** The microphone tracks that the page has opened. */
    tracks: MediaStreamTrack[];
    /** The sample rates at which the microphone was captured. */
    captured: number[];
  }
}

/** Makes capture fail at the rates that are given, or at every rate, as browsers do that need the device's own rate. */
function failCapture(rates: number[] | "all") {
  window.tracks = [];
  window.captured = [];
  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
  const create = AudioContext.prototype.createMediaStreamSource;
  AudioContext.prototype.createMediaStreamSource = function (this: AudioContext, stream: MediaStream) {
    if (rates === "all" || rates.includes(this.sampleRate))
      throw new DOMException("Connecting AudioNodes of different sample rates is not supported.");
    window.captured.push(this.sampleRate);
    return create.call(this, stream);
  };
}

/** Gives contexts that ask for no sample rate this one. */
function setDeviceRate(sampleRate: number) {
  window.AudioContext = class extends AudioContext {
    constructor(options: AudioContextOptions = {}) {
      super({ sampleRate, ...options });
    }
  };
}

describeInBrowser("the talk page in a browser that cannot capture at 16 kHz", () => {
  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;

  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(() => nodeRed.stop());
  afterEach(() => browser.close());

  /** Opens the page where a device has its `own` sample rate, and presses the button. */
  const open = async (own: number, failing: number[] | "all") => {
    browser = await openChromium(recording(7_000));
    page = await browser.newPage();
    await page.addInitScript(tapLoudspeakers);
    await page.addInitScript(setDeviceRate, own);
    await page.addInitScript(failCapture, failing);
    await page.goto(`${nodeRed.url}/talk`);
    await page.click("#talk");
  };
  const liveTracks = () => page.evaluate(() => window.tracks.filter((t) => t.readyState === "live").length);

  for (const own of [44_100, 48_000])
    it(`captures at the device's own ${own} Hz, and the user is understood`, async () => {
      await open(own, [16_000]);
      await page.waitForSelector("li.model.final");
      assert.deepEqual(await page.evaluate(() => window.captured), [own]);
      assert.ok(correlation(speech, 16_000, await playedIn(page), 24_000) > 0.5, "the speech was played");
      assert.equal(await page.innerText("#problem"), "");
      await page.click("#talk");
      assert.equal(await liveTracks(), 0);
    });

  it("switches the microphone off and says why when it can capture at no rate", async () => {
    await open(48_000, "all");
    await page.waitForSelector("#problem:not(:empty)");
    assert.match(await page.innerText("#problem"), /sample rates/);
    assert.equal(await page.innerText("#state"), "not connected");
    assert.equal(await page.evaluate(() => window.tracks.length), 1);
    assert.equal(await liveTracks(), 0);
  });
});
