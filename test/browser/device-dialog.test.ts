// The dialogs of microphone and loudspeaker: they suggest the devices of the machine, and say which program is missing.

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type NodeRed, post, startNodeRed } from "../node-red";
import { temporaryFolder, writeProgram } from "../sound-programs";
import { describeInBrowser } from "./chromium";
import { dialogReady, expectNames, expectTexts, openEditor, THEMES } from "./editor-page";

/** The editor's own globals that these tests use. */
declare const RED: { nodes: { node(id: string): { device: string } }; editor: { edit(node: object): void } };

const FLOW = [
  { id: "tab", type: "tab", label: "speaker" },
  ...["microphone", "loudspeaker"].map((name, index) => ({
    id: name,
    type: `gemini-${name}`,
    z: "tab",
    x: 200,
    y: 100 * index + 100,
    startWithFlow: false,
    wires: [[]],
  })),
];
const LIST = `echo 'plughw:CARD=Jabra,DEV=0'; echo '    Jabra SPEAK 410'; echo 'hw:CARD=Jabra,DEV=0'; echo '    Jabra SPEAK 410'`;

for (const theme of THEMES)
  describeInBrowser(`the dialogs of microphone and loudspeaker, ${theme}`, () => {
    let nodeRed: NodeRed;
    let browser: Browser;
    let page: Page;
    let problems: string[];

    beforeEach(async () => {
      const programs = temporaryFolder();
      for (const name of ["arecord", "aplay"]) writeProgram(join(programs, name), LIST);
      nodeRed = await startNodeRed({ PATH: programs });
      await post(nodeRed, "/flows", FLOW);
      ({ browser, page, problems } = await openEditor(nodeRed, theme));
    });
    afterEach(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });

    for (const name of ["microphone", "loudspeaker"])
      it(`suggest the devices, take any other name, and say which program is missing: ${name}`, async () => {
        await page.waitForFunction((id) => RED.nodes.node(id) !== null, name);
        await page.evaluate((id) => RED.editor.edit(RED.nodes.node(id)), name);
        await dialogReady(page);
        const option = page.locator(`#gemini-${name}-devices option`);
        await option.waitFor({ state: "attached" });
        assert.deepEqual(
          await option.evaluateAll((options) =>
            options.map((each) => [(each as HTMLOptionElement).value, each.textContent]),
          ),
          [["plughw:CARD=Jabra,DEV=0", "Jabra SPEAK 410"]],
        );
        await expectTexts(page);
        await expectNames(page);
        const problem = page.locator(`#gemini-${name}-problem`);
        assert.equal(await problem.isVisible(), false);
        await page.selectOption("#node-input-program", "pipewire");
        await problem.waitFor();
        assert.match(await problem.innerText(), /^The program pw-\w+ is not installed\. Install it: /);
        assert.equal(await option.count(), 0);
        await page.selectOption("#node-input-program", "alsa");
        await problem.waitFor({ state: "hidden" });
        await page.fill("#node-input-device", "my own");
        await page.click("#node-dialog-ok");
        await page.locator(".red-ui-tray").waitFor({ state: "detached" });
        assert.equal(await page.evaluate((id) => RED.nodes.node(id).device, name), "my own");
        assert.deepEqual(problems, []);
      });
  });
