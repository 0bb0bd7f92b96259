// The page of browser in in Chromium: captions, texts, pictures, and the connection to the node.

import assert from "node:assert/strict";
import { describeInBrowser } from "./chromium";
import { type OpenedPage, openPage, talk, waitForLink } from "./page";

const isAction = (action: string) => (message: { type: string; action?: string }) =>
  message.action === action;

/** The width and height that a JPEG's header names. */
function sizeOf(jpeg: Buffer) {
  const at = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  return { width: jpeg.readUInt16BE(at + 7), height: jpeg.readUInt16BE(at + 5) };
}

describeInBrowser("the page in Chromium", () => {
  let opened: OpenedPage;

  it("shows the captions of both sides as they come, thoughts, sources, the model's tools, and who it talks to", async () => {
    opened = await openPage();
    const { server, page, problems } = opened;
    await talk(opened);
    const user = { type: "text", role: "user", turn: 1 } as const;
    const model = { type: "text", role: "model", turn: 1 } as const;
    server.send({ type: "state", state: "connected", server: "simulator", model: "gemini-3.8-live" });
    server.send({ ...user, text: "What is the", final: false, interim: true });
    server.send({ ...user, text: "What is the weather", final: false, interim: true });
    await page.waitForSelector("li.user:not(.final) .interim:text-is('What is the weather')");
    server.send({ ...user, text: "What is the weather?", final: true });
    await page.waitForSelector("li.user.final .text:text-is('What is the weather?')");
    // The page shows nothing of these, and goes on.
    server.send({ type: "event", event: "other", payload: { path: "newKind", value: [null] } });
    server.send({ type: "event", event: "grounding", payload: { urlMetadata: [{}] } });
    server.send({ type: "event", event: "thinking", payload: { thinking: true } });
    await page.waitForSelector("#activity:text-is('Thinking…')");
    server.send({ type: "tool", id: "1", name: "get_weather" });
    server.send({ type: "tool", id: "2", name: "set_light" });
    server.send({ type: "tool", id: "3", name: "set_light" });
    await page.waitForSelector("#activity:text-is('Using get_weather, set_light, set_light…')");
    server.send({ type: "tool", id: "2", name: "set_light", cancelled: true });
    await page.waitForSelector("#activity:text-is('Using get_weather, set_light…')");
    server.send({ ...model, text: "I look it up.", final: false, thought: true });
    server.send({ type: "event", event: "thinking", payload: { thinking: false } });
    server.send({ ...model, text: "Sunny", final: false });
    await page.waitForSelector("#activity:text-is('Listening')");
    server.send({ type: "event", event: "speech", payload: { speaking: true } });
    await page.waitForSelector("#activity:text-is('Hearing you')");
    server.send({ ...model, text: "Sunny.", final: true, language: "en-US" });
    const web = { uri: "https://example.com/", title: "example.com" };
    server.send({ type: "event", event: "grounding", payload: { groundingChunks: [{ web }] } });
    await page.waitForSelector("li.model.final .sources a[href='https://example.com/']");
    assert.equal(await page.locator("li.model .text").first().innerText(), "Sunny.");
    assert.equal(await page.getAttribute("li.model", "lang"), "en-US");
    await page.click("li.thought summary");
    assert.equal(await page.innerText("li.thought .text"), "I look it up.");
    assert.match(await page.innerText("#server"), /simulator.*echo, not a model/);
    assert.equal(await page.innerText("#state"), "Connected");
    assert.equal(await page.textContent("#announcements"), "Model: Sunny.");
    server.send({ type: "error", message: "The tool get_weather failed." });
    await page.waitForSelector("#problem:text-is('The tool get_weather failed.')");
    await page.click("#dismiss");
    await page.waitForSelector("#problem-box", { state: "hidden" });
    assert.deepEqual(problems, []);
  });

  it("shows Google's search suggestions in their own style, with links that open in another tab, and runs no script in them", async () => {
    opened = await openPage();
    const { server, page, problems } = opened;
    await waitForLink(page);
    const renderedContent = `<style>.chip { color: rgb(1, 2, 3); padding: 20px; display: block }</style>
      <div><a class="chip" href="${server.url}?q=weather">weather</a></div>
      <script>parent.document.title = "script"</script><img src="x" onerror="parent.document.title = 'error'">`;
    server.send({ type: "text", role: "model", text: "Sunny.", final: true, turn: 1 });
    server.send({ type: "event", event: "grounding", payload: { searchEntryPoint: { renderedContent } } });
    const chip = page.frameLocator("li.model iframe").locator(".chip");
    await chip.waitFor();
    await page.waitForFunction(() => document.querySelector("iframe")!.height !== "");
    assert.equal(await chip.evaluate((it) => getComputedStyle(it).color), "rgb(1, 2, 3)");
    assert.ok((await page.locator("iframe").boundingBox())!.height >= 40, "nothing is cut off");
    const [another] = await Promise.all([page.context().waitForEvent("page"), chip.click()]);
    assert.equal(another.url(), `${server.url}?q=weather`);
    assert.equal(await another.evaluate(() => opener), null);
    await another.close();
    assert.equal(await page.title(), "Talk");
    assert.deepEqual(
      problems.filter((problem) => !/Blocked script|Content Security Policy|Failed to load/.test(problem)),
      [],
    );
    assert.ok(!problems.some((problem) => /inline style/.test(problem)), problems.join());
  });

  it("keeps what the user writes until it can be sent, also before its script is there", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await waitForLink(page);
    server.refusal = 4001;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route("**/app.js", async (route) => {
      await released;
      await route.continue();
    });
    await page.reload({ waitUntil: "commit" });
    await page.fill("#text", "Hello");
    await page.press("#text", "Enter");
    release();
    await page.waitForSelector("#notice:not(:empty)");
    assert.ok(await page.isDisabled("#send"));
    await page.press("#text", "Enter");
    assert.equal(await page.inputValue("#text"), "Hello");
    assert.equal(await page.locator("li").count(), 0, "it is not shown as sent");
    server.refusal = undefined;
    await waitForLink(page);
    await page.press("#text", "Enter");
    await server.received.next((message) => message.type === "text" && message.text === "Hello");
    assert.equal(new URL(page.url()).search, "");
  });

  for (const status of [401, 302] as const)
    it(`says that its login has ended, keeps its captions, and talks again after a reload with a new login: ${status}`, async () => {
      opened = await openPage();
      const { server, page } = opened;
      await talk(opened);
      server.send({ type: "text", role: "model", text: "Hello", final: true, turn: 1 });
      await page.waitForSelector("li.model.final");
      server.ticketStatus = status;
      server.sockets[0]!.close(1001);
      await waitForLink(page, "login");
      assert.equal(
        await page.innerText("#notice"),
        "Your login has ended. Reload this page to log in again.",
      );
      assert.equal(await page.innerText("#state"), "Not connected");
      assert.equal(await page.innerText("#talk"), "Start talking");
      assert.equal(await page.innerText("li.model .text"), "Hello");
      server.ticketStatus = 200;
      await page.reload();
      await talk(opened);
      assert.equal(await page.innerText("#notice"), "");
      const starts = server.received.items.filter(({ type }) => type === "start");
      assert.ok("resume" in starts.at(-1)!, "the conversation continues");
    });

  it("sends what the user writes without a microphone, and ends that conversation with a button", async () => {
    opened = await openPage({}, {}, false);
    const { server, page } = opened;
    await waitForLink(page);
    await page.fill("#text", "Hello <b>there</b>");
    await page.keyboard.press("Enter");
    await server.received.next((message) => message.type === "text" && message.text === "Hello <b>there</b>");
    assert.equal(await page.innerText("li.user .text"), "Hello <b>there</b>");
    assert.equal(await page.inputValue("#text"), "");
    server.send({ type: "state", state: "connected" });
    await page.click("#end");
    await server.received.next(isAction("disconnect"));
  });

  for (const source of ["camera", "screen"])
    it(`opens a conversation with the ${source} alone, and sends at most one picture a second, of at most 768 pixels`, async () => {
      opened = await openPage();
      const { server, page } = opened;
      await waitForLink(page);
      await page.click(`#${source}`);
      await server.received.next(isAction("connect"));
      assert.ok(await page.isVisible("#preview"));
      const times: number[] = [];
      for (let picture = 1; picture <= 3; picture++) {
        const message = await server.received.next(({ type }) => type === "picture");
        times.push(performance.now());
        const { width, height } = sizeOf(Buffer.from((message as { data: string }).data, "base64"));
        assert.ok(Math.max(width, height) <= 768 && Math.min(width, height) > 100, `${width} x ${height}`);
      }
      // They leave the page 2 s apart; a busy machine may have delayed the first one.
      assert.ok(times[2]! - times[0]! > 1_500, `${times}`);
      await page.click("#end");
      await server.received.next(isAction("disconnect"));
      await page.waitForSelector("#preview", { state: "hidden" });
      assert.equal(
        await page.evaluate(() => window.tracks.some((t) => t.kind === "video" && t.readyState === "live")),
        false,
      );
      await page.waitForSelector("#end", { state: "hidden" });
    });

  it("goes on sending pictures after a restart of Node-RED, and goes on talking without the camera", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await talk(opened);
    await page.click("#camera");
    await server.received.next(({ type }) => type === "picture");
    const { port } = server;
    await server.stop();
    await waitForLink(page, "lost");
    await server.start(port);
    await server.received.next(isAction("connect"));
    await server.received.next(({ type }) => type === "picture");
    await page.click("#camera");
    await page.waitForSelector("#preview", { state: "hidden" });
    await server.hear(Buffer.concat(server.sound).length + 12_800);
    assert.ok(!server.received.items.some(isAction("disconnect")));
  });

  it("connects again by itself after a restart of Node-RED, says so, keeps its conversation, and goes on talking", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await talk(opened);
    const { port } = server;
    await server.stop();
    await page.waitForSelector("#notice:has-text('The connection to Node-RED is lost.')");
    assert.equal(await page.innerText("#state"), "Not connected");
    await server.start(port);
    const start = await server.received.next(({ type }) => type === "start");
    assert.ok(start.type === "start" && start.resume);
    await server.received.next(isAction("connect"));
    await page.waitForSelector("#notice:text-is('Reconnected to Node-RED.')");
    await server.hear(Buffer.concat(server.sound).length + 12_800);
  });

  it("finds out by itself that its connection is dead, as after a laptop's sleep", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await waitForLink(page);
    await page.evaluate(() => dispatchEvent(new Event("online")));
    server.deaf = true;
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await waitForLink(page, "lost");
    server.deaf = false;
    await waitForLink(page);
    assert.equal(server.sockets.length, 2);
  });

  it("sends a text again that it wrote over a dead connection, and once when the node has confirmed it", async () => {
    opened = await openPage({}, {}, false);
    const { server, page } = opened;
    await waitForLink(page);
    const write = async (text: string) => {
      await page.fill("#text", text);
      await page.keyboard.press("Enter");
      return server.received.next((message) => message.type === "text" && message.text === text);
    };
    await write("alive");
    server.deaf = true;
    const first = await write("dead");
    await waitForLink(page, "lost");
    server.deaf = false;
    const again = await server.received.next(({ type }) => type === "text");
    assert.deepEqual(again, first, "the node knows it by its id");
    await write("alive again");
    const texts = server.received.items.flatMap((message) => (message.type === "text" ? message.text : []));
    assert.deepEqual(texts, ["alive", "dead", "dead", "alive again"]);
    assert.deepEqual(await page.locator("li.user .text").allInnerTexts(), ["alive", "dead", "alive again"]);
  });

  it("says that there is no network, and connects at once when it is back", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await waitForLink(page);
    const { port } = server;
    await page.context().setOffline(true);
    await server.stop();
    await page.waitForSelector("#notice:has-text('No network.')");
    await server.start(port);
    await page.context().setOffline(false);
    await waitForLink(page);
  });

  it("gets another ticket when its own is too old, and says when too many pages are open", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await waitForLink(page);
    server.refusal = 4001;
    await page.reload();
    await waitForLink(page, "opening");
    server.refusal = undefined;
    await waitForLink(page);
    server.refusal = 4002;
    await page.reload();
    await page.waitForSelector("#notice:has-text('Too many pages are open.')");
    server.refusal = undefined;
    await waitForLink(page);
  });

  it("begins another conversation when a duplicate of its tab has taken this one over", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await waitForLink(page);
    server.sockets[0]!.close(4004);
    await waitForLink(page, "lost");
    await waitForLink(page);
    const starts = server.received.items.filter(({ type }) => type === "start");
    assert.deepEqual(
      starts.map((start) => "resume" in start),
      [false, false],
    );
  });

  it("stops talking when Node-RED refuses what it sends", async () => {
    opened = await openPage();
    const { server, page } = opened;
    await talk(opened);
    server.sockets[0]!.close(4003);
    await page.waitForSelector("#problem:has-text('Node-RED refused')");
    assert.equal(await page.innerText("#talk"), "Start talking");
    await waitForLink(page);
    assert.doesNotMatch(await page.innerText("main"), /Reconnecting/);
  });

  it("keeps the screen awake while there is a conversation", async () => {
    opened = await openPage({}, { permissions: ["microphone", "screen-wake-lock" as "microphone"] });
    const { page } = opened;
    await page.evaluate(() => {
      const request = navigator.wakeLock.request.bind(navigator.wakeLock);
      navigator.wakeLock.request = async () => {
        const lock = await request("screen");
        document.body.dataset.awake = "yes";
        lock.onrelease = () => {
          document.body.dataset.awake = "no";
        };
        return lock;
      };
    });
    await talk(opened);
    await page.waitForSelector("body[data-awake=yes]");
    await page.click("#talk");
    await page.waitForSelector("body[data-awake=no]");
  });
});
