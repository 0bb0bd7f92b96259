import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { LOCKED_FIELDS } from "../../live/setup/token-lock";
import { type NodeRed, post, startNodeRed } from "../node-red";
import { describeInBrowser } from "./chromium";
import { dialogReady, editorReady, expectNames, expectTexts, openEditor, THEMES } from "./editor-page";

interface FlowNode {
  id: string;
  type: string;
  valid?: boolean;
  changed?: boolean;
  [property: string]: unknown;
}

/** The editor's own globals that these tests use. */
interface Editor {
  nodes: {
    node(id: string): FlowNode;
    filterNodes(wanted: { type: string }): FlowNode[];
    dirty(): boolean;
    import(nodes: object[], options?: object): unknown;
  };
  editor: { edit(node: FlowNode): void };
  history: { pop(): void };
  settings: { setLocal(name: string, value: string): void };
  view: { redraw(all: boolean): void };
  workspaces: { show(id: string): void };
}
declare const RED: Editor;

const NAMES = {
  voice: "voice and language",
  temperature: "temperature",
  translation: "target language",
  mediaResolution: "media resolution",
  thinking: "thinking and affective dialog",
  instruction: "instruction",
  tools: "tools and Google Search",
  turnDetection: "turn detection",
  transcripts: "transcripts",
  compression: "context compression",
  furtherSetup: "further setup",
};
const node = (id: string, type: string, settings: object = {}): FlowNode => ({
  id,
  type,
  z: "one",
  x: 300,
  y: 100,
  wires: [[], []],
  ...settings,
});
const live = (id: string, settings: object = {}) =>
  node(id, "gemini-live-session", { connection: "config", wires: [[], [], [], []], ...settings });
const token = (id: string, settings: object = {}) =>
  node(id, "gemini-live-token", {
    name: "",
    session: "",
    lock: "all",
    lockedFields: LOCKED_FIELDS.join(),
    uses: 1,
    startWithinSeconds: 60,
    lifetimeMinutes: 30,
    caller: "req.ip",
    callerRequired: true,
    limit: 10,
    limitSeconds: 60,
    ...settings,
  });
/** Two tabs with sessions, of which some cannot be used, and a subflow with one. */
const FLOW = [
  { id: "one", type: "tab", label: "Kitchen" },
  { id: "two", type: "tab", label: "Cellar", disabled: true },
  { id: "sub", type: "subflow", name: "inside", in: [], out: [] },
  { id: "config", type: "gemini-live-config", server: "simulator" },
  live("cook", { name: "cook" }),
  live("off", { d: true }),
  live("first", { name: "twin" }),
  live("second", { name: "twin" }),
  live("below", { name: "below", z: "two" }),
  live("inner", { name: "inner", z: "sub" }),
  token("new", { y: 200 }),
  token("of disabled", { session: "off", y: 250 }),
  token("of nobody", { session: "gone", y: 300 }),
  token("for all", { session: "cook", y: 350 }),
  token("within", { session: "inner", z: "sub" }),
];

for (const theme of THEMES)
  describeInBrowser(`the dialog of a live token, ${theme}`, () => {
    let nodeRed: NodeRed;
    let browser: Browser;
    let page: Page;
    let problems: string[];

    before(async () => {
      nodeRed = await startNodeRed();
      await post(nodeRed, "/flows", FLOW);
      // What fails while a dialog is opened or closed is only a warning to the editor.
      const listen = (page: Page, problems: string[]) =>
        page.on("console", (message) => {
          if (/oneditprepare|oneditsave/.test(message.text())) problems.push(message.text());
        });
      ({ browser, page, problems } = await openEditor(nodeRed, theme, listen));
    });
    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });
    afterEach(async () => {
      // One that a failed test left open would fail all that come after.
      if (await page.locator("#node-dialog-cancel").count()) await close("cancel");
    });

    const inTray = (selector: string) => page.locator(`.red-ui-tray ${selector}`);
    const open = async (id: string) => {
      await page.evaluate((of) => RED.editor.edit(RED.nodes.node(of)), id);
      await dialogReady(page);
    };
    const close = async (button = "ok") => {
      await page.click(`#node-dialog-${button}`);
      await page.locator(".red-ui-tray").waitFor({ state: "detached" });
    };
    /** Closes the dialog, deploys, and reads back what was saved. */
    const save = async (id: string) => {
      await close();
      await page.click("#red-ui-header-button-deploy");
      // The editor asks first, as some nodes of this flow cannot be used.
      await page.waitForFunction(() => {
        $(".red-ui-notification button.primary:visible").trigger("click");
        return !RED.nodes.dirty();
      });
      const all = (await (await fetch(`${nodeRed.url}/flows`)).json()) as FlowNode[];
      return all.find((node) => node.id === id)!;
    };
    const inEditor = (id: string) =>
      page.evaluate((of) => {
        const { session, valid, changed } = RED.nodes.node(of);
        return { session, valid, changed: !!changed };
      }, id);
    const chosen = () =>
      inTray("#node-input-session").evaluate(
        (select) => (select as unknown as { selectedOptions: { text: string }[] }).selectedOptions[0]?.text,
      );
    const fields = () => inTray("[data-row=lockedFields]");
    /** Ticks or unticks settings in the list of those that are locked. */
    const tick = async (...names: string[]) => {
      await fields().locator(".red-ui-typedInput-option-trigger").click();
      for (const name of names) await page.click(`.red-ui-typedInput-options:visible a:has-text("${name}")`);
      await inTray("#node-input-name").click();
    };

    it("has a text on every label and a name on every field", async () => {
      await open("for all");
      await expectTexts(page);
      await expectNames(page);
    });

    it("offers the existing live sessions with their tabs, and none of another subflow", async () => {
      await open("new");
      assert.deepEqual(await inTray("#node-input-session option").allInnerTexts(), [
        "choose one",
        "cook, on Kitchen",
        "live session, on Kitchen (disabled)",
        "twin, on Kitchen first",
        "twin, on Kitchen second",
        "below, on Cellar (disabled)",
      ]);
      await close("cancel");
      await open("within");
      assert.equal(await chosen(), "inner");
      assert.equal(await inTray("#node-input-session option").count(), 6);
    });

    it("without a live session is marked as invalid, until one is chosen", async () => {
      assert.equal((await inEditor("new")).valid, false);
      await open("new");
      assert.match((await inTray("#node-input-session").getAttribute("class")) ?? "", /input-error/);
      await inTray("#node-input-session").selectOption("cook");
      assert.doesNotMatch((await inTray("#node-input-session").getAttribute("class")) ?? "", /input-error/);
      await close();
      assert.deepEqual(await inEditor("new"), { session: "cook", valid: true, changed: true });
    });

    it("accepts another live session, and undo restores the first", async () => {
      await open("new");
      await inTray("#node-input-session").selectOption("below");
      await close();
      assert.equal((await inEditor("new")).session, "below");
      await page.evaluate(() => RED.history.pop());
      assert.equal((await inEditor("new")).session, "cook");
    });

    for (const [id, session, words] of [
      ["of disabled", "off", "live session, on Kitchen (disabled)"],
      ["of nobody", "gone", "gone (missing)"],
    ] as const)
      it(`keeps the session that was chosen: ${words}`, async () => {
        await open(id);
        assert.equal(await chosen(), words);
        await close();
        const { session: kept, changed } = await inEditor(id);
        assert.deepEqual([kept, changed], [session, false]);
      });

    it("is marked as invalid when its session does not exist", async () => {
      assert.equal((await inEditor("of nobody")).valid, false);
      assert.equal((await inEditor("of disabled")).valid, true);
    });

    it("shows what is locked only where that is a choice, every setting at first", async () => {
      await open("for all");
      assert.equal(await fields().isVisible(), false);
      await inTray("#node-input-lock").selectOption("some");
      assert.equal(await fields().isVisible(), true);
      await fields().locator(".red-ui-typedInput-option-trigger").click();
      const offered = page.locator(".red-ui-typedInput-options:visible a");
      assert.deepEqual(await offered.allInnerTexts(), Object.values(NAMES));
      assert.deepEqual(
        await offered.evaluateAll((all) => all.map((each) => each.getAttribute("value"))),
        LOCKED_FIELDS,
      );
      assert.equal(await offered.locator("input:checked").count(), LOCKED_FIELDS.length);
      await inTray("#node-input-name").click();
    });

    it("keeps what was entered after a deploy and when it is opened again", async () => {
      await open("for all");
      await inTray("#node-input-session").selectOption("first");
      await inTray("#node-input-lock").selectOption("some");
      await tick("temperature", "thinking", "compression");
      await inTray("#node-input-uses").fill("0");
      await inTray("#node-input-startWithinSeconds").fill("90");
      await inTray("#node-input-lifetimeMinutes").fill("15");
      await inTray("#node-input-caller + .red-ui-typedInput-container input").first().fill("req.user.name");
      await inTray("#node-input-callerRequired").uncheck();
      await inTray("#node-input-limit").fill("5");
      await inTray("#node-input-limitSeconds").fill("30");
      const saved = await save("for all");
      const { session, lock, caller, callerRequired } = saved;
      assert.deepEqual([session, lock, caller, callerRequired], ["first", "some", "req.user.name", false]);
      assert.equal(
        saved.lockedFields,
        "voice,translation,mediaResolution,instruction,tools,turnDetection,transcripts,furtherSetup",
      );
      const { uses, startWithinSeconds, lifetimeMinutes, limit, limitSeconds } = saved;
      assert.deepEqual(
        [uses, startWithinSeconds, lifetimeMinutes, limit, limitSeconds].map(Number),
        [0, 90, 15, 5, 30],
      );
      await page.reload();
      await editorReady(page);
      await open("for all");
      assert.equal(await chosen(), "twin, on Kitchen first");
      assert.equal(await fields().isVisible(), true);
      await close();
      assert.equal((await inEditor("for all")).changed, false);
    });

    it("can lock no setting at all, and keeps this choice", async () => {
      await open("for all");
      await tick("voice", "target language", "media", "instruction", "tools", "turn detection");
      await tick("transcripts", "further");
      assert.equal((await save("for all")).lockedFields, "");
      await open("for all");
      await fields().locator(".red-ui-typedInput-option-trigger").click();
      assert.equal(await page.locator(".red-ui-typedInput-options:visible input:checked").count(), 0);
      await inTray("#node-input-name").click();
    });

    it("uses the copied session when both are copied", async () => {
      const sessions = await page.evaluate(
        (copied) => {
          const before = RED.nodes.filterNodes({ type: "gemini-live-token" }).map(({ id }) => id);
          RED.workspaces.show("one");
          RED.nodes.import(copied, { generateIds: true, addFlow: false });
          RED.view.redraw(true);
          const added = RED.nodes
            .filterNodes({ type: "gemini-live-token" })
            .filter(({ id }) => !before.includes(id));
          return added.map(({ session, valid }) => ({
            of: RED.nodes.node(String(session)).name,
            same: session === "cook",
            valid,
          }));
        },
        [live("cook", { name: "cook" }), token("copied", { session: "cook" })],
      );
      assert.deepEqual(sessions, [{ of: "cook", same: false, valid: true }]);
    });

    it("follows the theme, without an error in the page", async () => {
      assert.equal(
        await page.evaluate(() => document.documentElement.classList.contains("nr-theme-dark")),
        theme === "dark",
      );
      assert.deepEqual(problems, []);
    });
  });
