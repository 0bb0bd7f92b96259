// The page of browser in talks in Firefox too.

import assert from "node:assert/strict";
import { cleanUp } from "../clean-up";
import { describeInFirefox, openFirefox } from "./firefox";
import { PageServer } from "./page-server";

/** How loud mono PCM16 is: the root mean square of its samples. */
const loudness = (pcm: Buffer) => {
  const samples = new Int16Array(new Uint8Array(pcm).buffer);
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
};

/** A tone of 440 Hz, mono PCM16 of 24 kHz. */
const tone = (ms: number) =>
  Buffer.from(
    Int16Array.from({ length: ms * 24 }, (_, i) => 10_000 * Math.sin((i * 440 * 2 * Math.PI) / 24_000))
      .buffer,
  );

describeInFirefox("the page in Firefox", () => {
  it("sends the microphone, plays the answer, falls silent on a flush, and comes back after a restart", async () => {
    const server = await new PageServer().start();
    cleanUp(() => server.stop());
    const page = await (await openFirefox()).newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(server.url);
    const start = await server.received.next(({ type }) => type === "start");
    await page.waitForSelector("body[data-link=open]");
    await page.click("#talk");
    await server.received.next((message) => message.type === "action" && message.action === "connect");
    const heard = async () => {
      const { length } = Buffer.concat(server.sound);
      return (await server.hear(length + 32_000)).subarray(length);
    };
    assert.ok(start.type === "start" && start.rate >= 16_000);
    assert.ok(loudness(await heard()) > 100, "the tone of the microphone is heard");

    server.send({ type: "state", state: "connected", server: "simulator" });
    server.play(tone(500), 1);
    server.send({ type: "turnComplete", turn: 1 });
    assert.deepEqual(await server.received.next(({ type }) => type === "played"), {
      type: "played",
      turn: 1,
    });
    server.play(tone(20_000), 2);
    await page.waitForSelector("#interrupt:not([hidden])");
    server.send({ type: "flush" });
    await page.waitForSelector("#interrupt", { hidden: true });

    server.send({ type: "text", role: "model", text: "Hello", final: true, turn: 2 });
    await page.waitForSelector("li.model.final");
    const { port } = server;
    await server.stop();
    await page.waitForSelector("body[data-link=lost]");
    await server.start(port);
    await server.received.next((message) => message.type === "action" && message.action === "connect");
    assert.ok(loudness(await heard()) > 100, "the microphone is heard again");
    await page.click("#talk");
    await server.received.next((message) => message.type === "action" && message.action === "disconnect");
    assert.deepEqual(problems, []);
  });
});
