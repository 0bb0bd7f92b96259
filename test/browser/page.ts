// Opens the page of browser in in Chromium, with a test as its node, and listens to its loudspeaker sample by sample.

import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { PageOptions } from "../../browser/protocol";
import { cleanUp } from "../clean-up";
import { type ChromiumOptions, openChromium, problemsOf } from "./chromium";
import { PageServer } from "./page-server";
import { recording } from "./sound";

declare global {
  interface Window {
    /** What the loudspeaker plays: time in the audio graph (s), sample rate, and 128 samples. */
    quanta: { at: number; rate: number; samples: Float32Array }[];
    /** When messages of the node came in, in the time of the audio graph (s). */
    cameAt: Record<string, number>;
    /** The microphone tracks that the page has opened. */
    tracks: MediaStreamTrack[];
    tapped: boolean;
    /** What plays. */
    loudspeaker: AudioContext & { sinkId: string };
  }
}

const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
  process([[samples]]) {
    if (samples) this.port.postMessage({ at: currentTime, rate: sampleRate, samples: samples.slice() });
    return true;
  }
});`;

/** Runs in the page, before its own code. Functions that it names would need a helper of the compiler, which the page has not. */
function listen() {
  window.quanta = [];
  window.cameAt = {};
  window.tracks = [];
  window.tapped = false;
  let context: BaseAudioContext | undefined;
  const connect = AudioNode.prototype.connect as (target: AudioNode) => AudioNode;
  AudioNode.prototype.connect = function (this: AudioNode, target: AudioNode) {
    if (target instanceof AudioDestinationNode && isSecureContext) {
      context = target.context;
      window.loudspeaker = context as typeof window.loudspeaker;
      context.audioWorklet.addModule("/talk/tap.js").then(() => {
        const tap = new AudioWorkletNode(target.context, "tap", { numberOfOutputs: 0 });
        tap.port.onmessage = ({ data }) => window.quanta.push(data);
        connect.call(this, tap);
        window.tapped = true;
      });
    }
    return connect.call(this, target);
  } as typeof AudioNode.prototype.connect;
  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      this.addEventListener("message", ({ data }) => {
        if (typeof data === "string" && context) window.cameAt[JSON.parse(data).type] = context.currentTime;
      });
    }
  };
  // Told on the console, because whatever Playwright evaluates in the page counts as an action of the user.
  let problem = "";
  new MutationObserver(() => {
    const shown = document.getElementById("problem")?.textContent ?? "";
    if (shown !== problem) console.info(`problem: ${shown}`);
    problem = shown;
  }).observe(document, { childList: true, characterData: true, subtree: true });
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}

export interface OpenedPage {
  server: PageServer;
  browser: Browser;
  page: Page;
  /** What goes wrong in the page. */
  problems: string[];
}

/**
 * Opens the page, and ends everything after the test.
 * @param microphone a recording, or false for a browser that has none. Default: speech, and a pause of 1 s
 */
export async function openPage(
  options: Partial<PageOptions> = {},
  context: BrowserContextOptions = {},
  microphone: string | false = recording(1_000),
  chromium: ChromiumOptions = {},
): Promise<OpenedPage> {
  const server = await new PageServer(options).start();
  cleanUp(() => server.stop());
  const browser = await openChromium(microphone || undefined, chromium);
  cleanUp(() => browser.close());
  const page = await (await browser.newContext(context)).newPage();
  const problems = problemsOf(page);
  server.scripts["tap.js"] = TAP;
  await page.addInitScript(listen);
  await page.goto(server.url);
  return { server, browser, page, problems };
}

export const waitForLink = (page: Page, link = "open") =>
  page.waitForFunction((wanted) => document.body.dataset.link === wanted, link);

/** Presses the button, and waits until the node has the page's `connect` and the loudspeaker is listened to. */
export async function talk({ page, server }: OpenedPage): Promise<void> {
  await waitForLink(page);
  await page.click("#talk");
  await server.received.next((message) => message.type === "action" && message.action === "connect");
  await page.waitForFunction(() => window.tapped);
}

/** The samples that are not silent, from -32768 to 32767, in the order in which they were played. */
export const playedSamples = (page: Page) =>
  page.evaluate(() =>
    window.quanta.flatMap(({ samples }) =>
      [...samples].filter((sample) => sample !== 0).map((sample) => Math.round(sample * 32768)),
    ),
  );
