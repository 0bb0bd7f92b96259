// The sound of the page in Chromium: what it sends, what it plays, and that it stops.

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { findSoundServer } from "../../scripts/browser.mjs";
import { DEADLINE_MS } from "../inbox";
import { correlation, speech } from "../speech";
import { describeInBrowser } from "./chromium";
import { Loudspeakers } from "./loudspeakers";
import { type OpenedPage, openPage, playedSamples, talk, waitForLink } from "./page";
import { recording } from "./sound";

const soundServer = findSoundServer();

/** Noise that nowhere resembles itself, without zeros: 24 kHz. */
function noise(ms: number): Int16Array {
  let seed = 12_345;
  return Int16Array.from({ length: ms * 24 }, () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return (seed % 20_000) - 10_000 || 1;
  });
}
const bytes = (samples: Int16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
const samplesOf = (pcm: Buffer) => new Int16Array(new Uint8Array(pcm).buffer, 0, pcm.length >> 1);
const isAction = (action: string) => (message: { type: string; action?: string }) =>
  message.action === action;

describeInBrowser("the sound of the page in Chromium", () => {
  let opened: OpenedPage;
  const heard = (bytesOfSound: number) => opened.server.hear(bytesOfSound);
  /** Waits until the speech is in the last six seconds that the page has sent. */
  const hearSpeech = async (rate: number) => {
    for (let seconds = 6; seconds <= 20; seconds += 2) {
      const sound = await heard(seconds * rate * 2);
      if (correlation(speech, 16_000, sound.subarray(-6 * rate * 2), rate) > 0.5) return;
    }
    throw new Error("The speech is not in 20 s of sound that the page has sent.");
  };
  const liveTracks = () =>
    opened.page.evaluate(() => window.tracks.filter((t) => t.readyState === "live").length);

  it("sends what the microphone hears, at 16 kHz, until the user stops", async () => {
    opened = await openPage();
    const { server, page, problems } = opened;
    const start = await server.received.next(({ type }) => type === "start");
    assert.equal(start.type === "start" && start.rate, 16_000);
    await talk(opened);
    await hearSpeech(16_000);
    await page.click("#talk");
    await server.received.next(isAction("disconnect"));
    assert.equal(await liveTracks(), 0);
    assert.equal(await page.innerText("#state"), "Not connected");
    assert.deepEqual(problems, []);
  });

  for (const own of [44_100, 48_000])
    it(`sends at the device's own ${own} Hz where the browser cannot capture at 16 kHz`, async () => {
      opened = await openPage();
      const { server, page } = opened;
      await waitForLink(page);
      await page.evaluate((sampleRate) => {
        const Context = AudioContext;
        window.AudioContext = class extends Context {
          constructor(options: AudioContextOptions = {}) {
            super({ sampleRate, ...options });
          }
        };
        const create = Context.prototype.createMediaStreamSource;
        Context.prototype.createMediaStreamSource = function (this: AudioContext, stream) {
          if (this.sampleRate === 16_000) throw new DOMException("different sample rates");
          return create.call(this, stream);
        };
      }, own);
      await page.click("#talk");
      const start = await server.received.next((message) => message.type === "start" && message.rate === own);
      assert.equal(start.type, "start");
      await hearSpeech(own);
    });

  it("plays every sample once, in order, when it comes unevenly, and says when the turn was played", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await talk(opened);
    const samples = noise(3_000);
    for (let at = 0, ms = 20; at < samples.length; at += ms * 24, ms = ((ms * 7) % 190) + 10) {
      server.play(bytes(samples.slice(at, at + ms * 24)), 1);
      await page.waitForTimeout(ms * ((at >> 8) % 3));
    }
    server.send({ type: "turnComplete", turn: 1 });
    assert.deepEqual(await server.received.next(({ type }) => type === "played"), {
      type: "played",
      turn: 1,
    });
    assert.deepEqual(await playedSamples(page), [...samples]);
  });

  it("is silent within 50 ms of a flush, and never plays what was flushed", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await talk(opened);
    const [old, next] = [noise(10_000), noise(300).map((sample) => -sample)];
    server.play(bytes(old), 1);
    await page.waitForFunction(() => window.quanta.filter(({ samples }) => samples[0]).length > 100);
    assert.equal(await page.innerText("#activity"), "Speaking");
    server.send({ type: "flush" });
    await page.waitForFunction(
      () => window.cameAt.flush && !window.quanta.at(-1)?.samples.some((sample) => sample),
    );
    const silentAfter = await page.evaluate(() => {
      const last = window.quanta.findLast(({ samples }) => samples.some((sample) => sample !== 0))!;
      return 1000 * (last.at + 128 / last.rate - window.cameAt.flush!);
    });
    assert.ok(silentAfter < 50, `${silentAfter} ms`);
    const before = (await playedSamples(page)).length;
    server.send({ type: "turnComplete", turn: 1, interrupted: true });
    server.play(bytes(next), 2);
    server.send({ type: "turnComplete", turn: 2 });
    assert.deepEqual(await server.received.next(({ type }) => type === "played"), {
      type: "played",
      turn: 2,
    });
    assert.deepEqual((await playedSamples(page)).slice(before), [...next]);
  });

  it("is stopped by the user with one button, and by the Escape key", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await talk(opened);
    for (const stop of [() => page.click("#interrupt"), () => page.keyboard.press("Escape")]) {
      server.play(bytes(noise(5_000)), 1);
      await page.waitForSelector("#interrupt:not([hidden])");
      await stop();
      await server.received.next(isAction("interrupt"));
      await page.waitForSelector("#interrupt", { state: "hidden" });
    }
  });

  it("is not captured any more when the user stops, starts and stops faster than the microphone opens", async () => {
    opened = await openPage();
    const { page, server } = opened;
    await waitForLink(page);
    await page.evaluate(() => {
      for (let clicks = 0; clicks < 3; clicks++) document.getElementById("talk")!.click();
    });
    await server.received.next((message) => message.type === "action" && message.action === "connect");
    await page.click("#talk");
    await page.waitForFunction(
      () => window.tracks.length === 2 && window.tracks.every(({ readyState }) => readyState === "ended"),
      undefined,
      { timeout: DEADLINE_MS },
    );
  });

  it("is not sent while the microphone is muted", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await talk(opened);
    await heard(6_400);
    await page.click("#mute");
    await server.received.next(isAction("audioStreamEnd"));
    const { length } = server.sound;
    assert.equal(await page.innerText("#activity"), "Microphone muted");
    await page.waitForFunction(
      (from) => performance.now() > from + 500,
      await page.evaluate(() => performance.now()),
    );
    assert.equal(server.sound.length, length);
    await page.click("#mute");
    await heard(Buffer.concat(server.sound).length + 6_400);
  });

  for (const [way, press, release] of [
    ["the button", (p: OpenedPage["page"]) => p.mouse.down(), (p: OpenedPage["page"]) => p.mouse.up()],
    [
      "the space bar",
      (p: OpenedPage["page"]) => p.keyboard.down(" "),
      (p: OpenedPage["page"]) => p.keyboard.up(" "),
    ],
  ] as const)
    it(`is sent with push to talk only while ${way} is held`, async () => {
      opened = await openPage({ voice: "pushToTalk" });
      const { server, page } = opened;
      await waitForLink(page);
      await page.hover("#circle");
      for (let time = 1; time <= 2; time++) {
        await press(page);
        await server.received.next(isAction("activityStart"));
        await heard(Buffer.concat(server.sound).length + 32_000);
        await release(page);
        await server.received.next(isAction("activityEnd"));
        const { length } = server.sound;
        await page.waitForFunction(
          (from) => performance.now() > from + 300,
          await page.evaluate(() => performance.now()),
        );
        assert.equal(server.sound.length, length);
      }
      const actions = server.received.items.flatMap((message) =>
        message.type === "action" ? message.action : [],
      );
      const turn = ["activityStart", "activityEnd"];
      assert.deepEqual(actions, ["connect", ...turn, ...turn]);
    });

  it("is captured with echo cancellation, and its level is shown", async () => {
    opened = await openPage();
    const { page } = opened;
    await talk(opened);
    assert.equal(await page.evaluate(() => window.tracks[0]!.getSettings().echoCancellation), true);
    await page.waitForFunction(() => Number(document.getElementById("level")!.ariaValueNow) > 10);
    await page.click("#mute");
    await page.waitForFunction(() => Number(document.getElementById("level")!.ariaValueNow) < 2);
  });

  it("is no longer sent when the window loses the focus while push to talk is held", async () => {
    opened = await openPage({ voice: "pushToTalk" });
    const { page, server } = opened;
    await waitForLink(page);
    await page.focus("#talk");
    await page.keyboard.down("Space");
    await server.received.next((message) => message.type === "action" && message.action === "activityStart");
    await page.evaluate(() => dispatchEvent(new Event("blur")));
    await server.received.next((message) => message.type === "action" && message.action === "activityEnd");
  });

  it("is explained while the browser blocks it, and played after a click", async () => {
    opened = await openPage({}, {}, false, { autoplay: false });
    const { server, page } = opened;
    const samples = noise(1_000);
    // Waits on the console, because whatever Playwright evaluates in the page counts as an action of the user.
    const told = page.waitForEvent("console", (line) =>
      line.text().startsWith("problem: The browser blocks"),
    );
    await server.received.next(({ type }) => type === "start");
    server.play(bytes(samples), 1);
    server.send({ type: "turnComplete", turn: 1 });
    await told;
    assert.equal(await page.innerText("#problem"), "The browser blocks sound. Click anywhere on this page.");
    assert.deepEqual(await playedSamples(page), []);
    assert.ok(!server.received.items.some(({ type }) => type === "played"));
    await page.click("#title");
    await server.received.next(({ type }) => type === "played");
    await page.waitForSelector("#problem-box", { state: "hidden" });
    assert.deepEqual(await playedSamples(page), [...samples]);
  });

  (soundServer || process.env.CI ? it : it.skip)(
    "comes from the loudspeaker that the user chooses, also after a reload, and from the system's while that one is unplugged",
    async () => {
      assert.ok(soundServer, "This test needs pulseaudio.");
      const loudspeakers = await Loudspeakers.start(soundServer, "kitchen", "office");
      opened = await openPage({}, { permissions: ["microphone"] }, false, { env: loudspeakers.env });
      const { server, page } = opened;
      let turn = 0;
      const comesFrom = async (wanted: string) => {
        const played = await loudspeakers.listen();
        /** Of the second of noise. A machine under load puts gaps into it. */
        const seconds = (name: string) =>
          samplesOf(played[name]!()).filter((it) => Math.abs(it) > 500).length / 24_000;
        turn += 1;
        server.play(bytes(noise(1_000)), turn);
        server.send({ type: "turnComplete", turn });
        await server.received.next((message) => message.type === "played" && message.turn === turn);
        const deadline = Date.now() + DEADLINE_MS;
        while (seconds(wanted) < 0.8) {
          assert.ok(Date.now() < deadline, `It comes from ${wanted}.`);
          await delay(100);
        }
        for (const other of Object.keys(played))
          if (other !== wanted) assert.ok(seconds(other) < 0.2, `It does not come from ${other}.`);
        assert.equal(await page.innerText("#problem"), "");
      };
      const choiceIs = (text: string) =>
        page.waitForFunction(
          (wanted) => document.querySelector("#loudspeaker option:checked")!.textContent === wanted,
          text,
        );
      const isUsed = (chosen: boolean) =>
        page.waitForFunction((wanted) => {
          const { sinkId, state } = window.loudspeaker;
          return (
            sinkId === (wanted ? document.querySelector<HTMLSelectElement>("#loudspeaker")!.value : "") &&
            state === "running"
          );
        }, chosen);

      await waitForLink(page);
      await comesFrom("kitchen");
      await page.click("#open-settings");
      await page.selectOption("#loudspeaker", "office");
      await isUsed(true);
      await comesFrom("office");
      await page.reload();
      await waitForLink(page);
      await choiceIs("office");
      await comesFrom("office");
      loudspeakers.unplug("office");
      // Chromium does not see that a sink comes or goes, as it does with a device, until the page lists them.
      await page.click("#open-settings");
      await choiceIs("…");
      await isUsed(false);
      await comesFrom("kitchen");
      loudspeakers.plugIn("office");
      await page.keyboard.press("Escape");
      await page.click("#open-settings");
      await choiceIs("office");
      await isUsed(true);
    },
  );

  it("comes back at the volume that the user sets, and the choice of a microphone is kept", async () => {
    opened = await openPage({}, {}, recording(0));
    const { server, page } = opened;
    await talk(opened);
    await page.click("#open-settings");
    await page.locator("#volume").fill("0.5");
    const choices = await page.locator("#microphone option").allTextContents();
    assert.ok(choices.length > 1 && choices[0] === "System default", choices.join());
    await page.selectOption("#microphone", { index: 1 });
    await page.waitForFunction(() => window.tracks.length === 2 && window.tracks[0]!.readyState === "ended");
    await page.keyboard.press("Escape");
    const samples = noise(500);
    server.play(bytes(samples), 1);
    server.send({ type: "turnComplete", turn: 1 });
    await server.received.next(({ type }) => type === "played");
    const played = await playedSamples(page);
    assert.ok(Math.abs(played.at(-1)! - samples.at(-1)! / 2) <= 1, `${played.at(-1)} of ${samples.at(-1)}`);
    await page.reload();
    await waitForLink(page);
    assert.notEqual(await page.inputValue("#microphone"), "");
  });
});
