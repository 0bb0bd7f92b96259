import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { opened } from "../clean-up";
import { acceptSetup, startFarEnd } from "../far-end";
import { type NodeRed, startNodeRed } from "../node-red";
import { describeInBrowser } from "./chromium";
import { chooseType } from "./controls";
import { dialogReady, expectTexts, openEditor, openTab, THEMES } from "./editor-page";

interface Flow {
  id: string;
  type: string;
  name?: string;
  [property: string]: unknown;
}

/** The editor's own globals that these tests use. */
interface Editor {
  nodes: { node(id: string): unknown; dirty(): boolean; eachNode(f: (node: Flow) => void): void };
  editor: { edit(node: unknown): void; editConfig(name: string, type: string, id: string): void };
  settings: { setLocal(name: string, value: string): void };
}
declare const RED: Editor;

// biome-ignore lint/suspicious/noTemplateCurlyInString: as users write it
const IN_ENVIRONMENT = "${VOICE}";
const TYPES = ["gemini-live-session", "gemini-audio-in", "gemini-audio-out", "gemini-interrupt"];

for (const theme of THEMES)
  describeInBrowser(`the editor, ${theme}`, () => {
    let nodeRed: NodeRed;
    let browser: Browser;
    let page: Page;
    let problems: string[];

    before(async () => {
      nodeRed = await startNodeRed();
      ({ browser, page, problems } = await openEditor(nodeRed, theme));
    });
    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });
    const flows = async () => (await (await fetch(`${nodeRed.url}/flows`)).json()) as Flow[];
    const inTray = (selector: string) => page.locator(`.red-ui-tray ${selector}`);
    const typedField = (name: string) =>
      inTray(`#node-input-${name} + .red-ui-typedInput-container .red-ui-typedInput-input`);
    const openDialog = async (type: string) => {
      await page.evaluate((wanted) => {
        RED.nodes.eachNode((node) => {
          if (node.type === wanted) RED.editor.edit(node);
        });
      }, type);
      await dialogReady(page);
    };
    const closeDialog = async () => {
      await page.click("#node-dialog-ok");
      await page.locator(".red-ui-tray").waitFor({ state: "detached" });
    };

    it("shows the nodes in their own palette category, with spaces in their names", async () => {
      for (const type of TYPES) {
        const node = page.locator(`.red-ui-palette-node[data-palette-type='${type}']`);
        assert.equal(await node.count(), 1, type);
        const label = await node.locator(".red-ui-palette-label").innerText();
        assert.equal(label.replace(/\s+/g, " ").trim(), type.replace("gemini-", "").replace("-", " "));
        assert.match((await node.locator(".red-ui-palette-icon").getAttribute("style")) ?? "", /live-flows/);
      }
    });

    it("shows every label of every dialog as text on one line", async () => {
      const flow = await flows();
      for (const type of TYPES.filter((wanted) => flow.some((node) => node.type === wanted))) {
        await openDialog(type);
        await expectTexts(page, type);
        await closeDialog();
      }
    });

    it("saves and deploys what was entered, without an error", async () => {
      await openDialog("gemini-live-session");
      await inTray("#node-input-name").fill("assistant");
      await typedField("voice").fill("Kore");
      await inTray("#node-input-instruction-editor").click();
      await page.keyboard.press("Control+A");
      await page.keyboard.type("Be brief.");
      await openTab(page, "turnDetection");
      await inTray("#node-input-turnDetection").selectOption("manual");
      await closeDialog();
      await openDialog("gemini-audio-in");
      await inTray("#node-input-format").selectOption("pcm");
      await inTray("#node-input-sampleRate").selectOption("48000");
      await closeDialog();
      await openDialog("gemini-audio-out");
      await inTray("#node-input-sendAheadMs").fill("300");
      await closeDialog();
      await page.click("#red-ui-header-button-deploy");
      await page.waitForFunction(() => !RED.nodes.dirty());
      const saved = (type: string) => flows().then((all) => all.find((node) => node.type === type)!);
      const session = await saved("gemini-live-session");
      assert.equal(session.name, "assistant");
      assert.equal(session.voice, "Kore");
      assert.equal(session.instruction, "Be brief.");
      assert.equal(session.turnDetection, "manual");
      assert.equal((await saved("gemini-audio-in")).sampleRate, "48000");
      assert.equal(Number((await saved("gemini-audio-out")).sendAheadMs), 300);
      assert.equal(await page.locator(".red-ui-flow-node-error:visible").count(), 0);
      assert.doesNotMatch(nodeRed.output(), /\[error\]/);
    });

    it("fills the turn detection fields from a preset, and shows custom after an edit", async () => {
      await openDialog("gemini-live-session");
      await openTab(page, "turnDetection");
      await inTray("#node-input-turnDetection").selectOption("automatic");
      await inTray("#node-input-preset").selectOption("noisy");
      assert.equal(await inTray("#node-input-startSensitivity").inputValue(), "LOW");
      assert.equal(await inTray("#node-input-silenceDurationMs").inputValue(), "700");
      await inTray("#node-input-silenceDurationMs").fill("900");
      assert.equal(await inTray("#node-input-preset").inputValue(), "own");
      await inTray("#node-input-turnDetection").selectOption("manual");
      assert.equal(await inTray("#node-input-preset").isVisible(), false);
      await page.click("#node-dialog-cancel");
      await page.locator(".red-ui-tray").waitFor({ state: "detached" });
    });

    it("disables the settings that the chosen model does not use, and hides those of few models unless they are set", async () => {
      await openDialog("gemini-live-session");
      const field = (name: string) => inTray(`#node-input-${name}`);
      const some = [
        "language",
        "targetLanguage",
        "vocabulary",
        "mediaResolution",
        "segmentSilenceMs",
        "thinkingLevel",
      ] as const;
      /** The settings whose rows the dialog shows in its tabs, as far as they can be changed or not. */
      const rows = (areEnabled: boolean) =>
        page.evaluate(
          ([names, enabled]) =>
            names.filter((name) => {
              const row = $(`.red-ui-tray [data-row="${name}"]`);
              return row.css("display") !== "none" && !$(`#node-input-${name}`).prop("disabled") === enabled;
            }),
          [some, areEnabled] as const,
        );
      const choose = (model: string) => field("model").fill(model);
      await choose("models/gemini-3.8-live");
      assert.deepEqual(await rows(true), ["mediaResolution"]);
      assert.deepEqual(await rows(false), ["language", "thinkingLevel"]);
      await choose("gemini-3.5-transcribe-live");
      assert.deepEqual(await rows(true), ["vocabulary"]);
      await choose("gemini-3.5-live-translate-preview");
      assert.deepEqual(await rows(true), ["targetLanguage", "segmentSilenceMs"]);
      await typedField("targetLanguage").fill("de");
      await choose("a-model-of-tomorrow");
      assert.deepEqual(await rows(true), [...some]);
      await choose("gemini-3.8-live-extended-thinking");
      assert.deepEqual(await rows(true), ["mediaResolution", "thinkingLevel"]);
      assert.deepEqual(await rows(false), ["language", "targetLanguage"]);
      assert.equal(
        await inTray("[data-row=targetLanguage] .gemini-live-unused").innerText(),
        "gemini-3.8-live-extended-thinking does not use this setting",
      );
      await page.click("#node-dialog-cancel");
      await page.locator(".red-ui-tray").waitFor({ state: "detached" });
    });

    it("marks the tabs whose settings differ from the defaults, and is used with the keyboard", async () => {
      await openDialog("gemini-live-session");
      const marked = () =>
        page.$$eval(".red-ui-tray .gemini-live-mark", (marks) =>
          marks.map((mark) => mark.closest("a")!.innerText),
        );
      const before = await marked();
      assert.ok(!before.includes("Tools and search"), before.join());
      await inTray('a[href$="input-tab-tools"]').focus();
      await page.keyboard.press("Enter");
      await inTray("#node-input-googleSearch").focus();
      await page.keyboard.press("Space");
      assert.deepEqual(await marked(), [
        ...before.filter((tab) => tab !== "Advanced"),
        "Tools and search",
        ...before.filter((tab) => tab === "Advanced"),
      ]);
      await page.keyboard.press("Space");
      assert.deepEqual(await marked(), before);
      await page.click("#node-dialog-cancel");
      await page.locator(".red-ui-tray").waitFor({ state: "detached" });
    });

    it("lists models and voices that match what is typed, with what each model is for, and takes any other text", async () => {
      await openDialog("gemini-live-session");
      const listed = () => page.locator(".red-ui-autoComplete-container:visible li");
      await inTray("#node-input-model").fill("");
      await inTray("#node-input-model").pressSequentially("transl");
      await listed().first().waitFor();
      assert.deepEqual(await listed().allInnerTexts(), [
        "gemini-3.5-live-translate-preview\nTranslates speech while it is spoken",
      ]);
      await listed().first().click();
      assert.equal(await inTray("#node-input-model").inputValue(), "gemini-3.5-live-translate-preview");
      await inTray("[data-row=voice] .gemini-live-unused").waitFor();
      await inTray("#node-input-model").fill("gemini-3.8-live");
      await inTray("#node-input-model").press("Tab");
      await typedField("voice").fill("");
      await typedField("voice").pressSequentially("pul");
      await listed().first().waitFor();
      assert.deepEqual(await listed().allInnerTexts(), ["Pulcherrima"]);
      await listed().first().click();
      assert.equal(await inTray("#node-input-voice").inputValue(), "Pulcherrima");
      await typedField("voice").fill(IN_ENVIRONMENT);
      await typedField("voice").press("Tab");
      assert.equal(await inTray("#node-input-voice").inputValue(), IN_ENVIRONMENT);
      await page.click("#node-dialog-cancel");
      await page.locator(".red-ui-tray").waitFor({ state: "detached" });
    });

    it("keeps voice and instruction as variables, and the text that was there until then for this dialog", async () => {
      const choose = (name: string, type: string) => chooseType(page, `#node-input-${name}`, type);
      await openDialog("gemini-live-session");
      const before = await inTray("#node-input-instruction").inputValue();
      assert.ok(before);
      await choose("voice", "env");
      await typedField("voice").fill("VOICE");
      await choose("instruction-source", "flow");
      await inTray("#node-input-instruction-editor").waitFor({ state: "hidden" });
      await choose("instruction-source", "str");
      assert.equal(await inTray("#node-input-instruction").inputValue(), before);
      await choose("instruction-source", "global");
      await typedField("instruction-source").fill("rules");
      await closeDialog();
      const saved = () =>
        page.evaluate(() => {
          let found: unknown[] = [];
          RED.nodes.eachNode((node) => {
            const { type, voice, voiceType, instruction, instructionType, valid } = node;
            if (type === "gemini-live-session")
              found = [voice, voiceType, instruction, instructionType, valid];
          });
          return found;
        });
      assert.deepEqual(await saved(), ["VOICE", "env", "rules", "global", true]);
      await openDialog("gemini-live-session");
      assert.equal(await typedField("instruction-source").inputValue(), "rules");
      await choose("instruction-source", "str");
      await inTray("#node-input-instruction-editor").click();
      await page.keyboard.type("Be brief.");
      await typedField("voice").fill("");
      await closeDialog();
      assert.deepEqual(await saved(), ["", "env", "Be brief.", "str", false]);
      await openDialog("gemini-live-session");
      await choose("voice", "str");
      await closeDialog();
      assert.deepEqual(await saved(), ["", "str", "Be brief.", "str", true]);
    });

    it("says under a field what is wrong with its value until it is right, also when the dialog opens with it", async () => {
      const problem = inTray("#node-input-silenceDurationMs-problem");
      const field = inTray("#node-input-silenceDurationMs");
      await openDialog("gemini-live-session");
      await openTab(page, "turnDetection");
      await inTray("#node-input-turnDetection").selectOption("automatic");
      assert.equal(await inTray(".gemini-live-problem").count(), 0);
      await field.fill("-1");
      const said = await problem.innerText();
      assert.match(said, /^Silence duration \(ms\): must be a whole number from \d+ to \d+$/);
      assert.equal(await field.getAttribute("aria-describedby"), await problem.getAttribute("id"));
      await closeDialog();
      await openDialog("gemini-live-session");
      await openTab(page, "turnDetection");
      assert.equal(await problem.innerText(), said);
      await field.fill("");
      assert.equal(await inTray(".gemini-live-problem").count(), 0);
      assert.equal(await field.getAttribute("aria-describedby"), null);
      await closeDialog();
    });

    it("gets the styles of the dialogs once, although each dialog brings them", async () => {
      const styles = await page.locator("head style").allInnerTexts();
      assert.equal(styles.filter((text) => text.includes("gemini-live-tabs")).length, 1);
    });

    it("says what is wrong with further setup that cannot be sent", async () => {
      const enter = async (value: string) => {
        await openDialog("gemini-live-session");
        await page.evaluate((json) => $("#node-input-furtherSetup").typedInput("value", json), value);
        await closeDialog();
        return page.evaluate(() => {
          let errors: string[] | undefined;
          RED.nodes.eachNode((node) => {
            if (node.type === "gemini-live-session") errors = node.validationErrors as string[] | undefined;
          });
          return errors ?? [];
        });
      };
      assert.deepEqual(await enter('{"generationConfig": {"topP": "much"}}'), [
        "Further setup cannot be sent: generationConfig.topP must be a number",
      ]);
      assert.deepEqual(await enter("[]"), ["Further setup: must be a JSON object"]);
      assert.deepEqual(await enter('{"generationConfig": {"topP": 0.9}}'), []);
      assert.deepEqual(await enter("{}"), []);
    });

    it("shows in the connection's dialog what the chosen server needs, and keeps the key to itself", async () => {
      await openDialog("gemini-live-session");
      await inTray("#node-input-connection-edit, #node-input-btn-connection-edit").first().click();
      await page.locator("#node-config-input-server").waitFor();
      const shown = (name: string) => page.locator(`#node-config-input-${name}`).isVisible();
      assert.deepEqual([await shown("apiKey"), await shown("url")], [false, false]);
      await page.selectOption("#node-config-input-server", "custom");
      assert.deepEqual([await shown("apiKey"), await shown("url")], [true, true]);
      await page.selectOption("#node-config-input-server", "gemini");
      assert.deepEqual([await shown("apiKey"), await shown("url")], [true, false]);
      await page.fill("#node-config-input-apiKey", "a-very-secret-key");
      const tested = async (url: string) => {
        await page.selectOption("#node-config-input-server", "custom");
        await page.fill("#node-config-input-url", url);
        await page.click("#node-config-test");
        await page.locator("#node-config-test:enabled").waitFor();
        return page.locator("#node-config-test-result").innerText();
      };
      const farEnd = await opened(startFarEnd(acceptSetup()));
      assert.match(await tested(farEnd.url), /gemini-3\.8-live accepted the setup in \d+ ms\./);
      const refusing = await opened(
        startFarEnd((_frame, _reply, socket) => socket.close(1007, "API key not valid. a-very-secret-key")),
      );
      const refused = await tested(refusing.url);
      assert.match(refused, /the API key was refused\. Check the key/);
      assert.ok(!refused.includes("a-very-secret-key"), refused);
      await page.selectOption("#node-config-input-server", "gemini");
      await page.click("#node-config-dialog-ok");
      await closeDialog();
      await page.click("#red-ui-header-button-deploy");
      await page.waitForFunction(() => !RED.nodes.dirty());
      const all = await flows();
      assert.equal(all.find(({ type }) => type === "gemini-live-config")?.server, "gemini");
      assert.doesNotMatch(JSON.stringify(all), /very-secret/);
    });

    it("follows the theme, without an error in the page", async () => {
      assert.equal(
        await page.evaluate(() => document.documentElement.classList.contains("nr-theme-dark")),
        theme === "dark",
      );
      assert.deepEqual(problems, []);
    });
  });
