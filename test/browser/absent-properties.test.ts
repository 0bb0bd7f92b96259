// Flows that were written by hand, or by an older version, have no property for every setting: dialogs show the defaults, and keep them absent.

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { TABLES } from "../../nodes/settings/catalog";
import { type NodeRed, post, startNodeRed } from "../node-red";
import { describeInBrowser } from "./chromium";
import { dialogReady, editorReady, openEditor, openTab } from "./editor-page";

interface FlowNode {
  id: string;
  type: string;
  changed?: boolean;
  valid?: boolean;
  validationErrors?: string[];
  _def: { category: string; defaults: Record<string, unknown> };
  [property: string]: unknown;
}

/** The editor's own globals that these tests use. */
declare const RED: {
  nodes: {
    node(id: string): FlowNode;
    dirty(is?: boolean): boolean;
    createCompleteNodeSet(): FlowNode[];
    import(nodes: object[]): unknown;
  };
  view: { createNode(type: string, x: number, y: number): { node: FlowNode } };
  editor: { edit(node: FlowNode): void; editConfig(name: string, type: string, id: string): void };
};

const SETS = Object.keys(TABLES);
const NEEDED: Record<string, object> = {
  "tool-call": { functionName: "f", description: "Does f." },
  "live-session": { connection: "live-config" },
  "live-token": { session: "live-session" },
};
const FLOW = [
  { id: "tab", type: "tab", label: "by hand" },
  ...SETS.map((set, index) =>
    set === "live-config"
      ? { id: set, type: "gemini-live-config" }
      : { id: set, type: `gemini-${set}`, z: "tab", x: 200, y: 60 * index + 60, wires: [], ...NEEDED[set] },
  ),
];

describeInBrowser("a flow without properties for its settings", () => {
  let nodeRed: NodeRed;
  let browser: Browser;
  let page: Page;
  let problems: string[];

  before(async () => {
    nodeRed = await startNodeRed();
    await post(nodeRed, "/flows", FLOW);
    ({ browser, page, problems } = await openEditor(nodeRed, "light"));
  });
  after(async () => {
    await browser?.close();
    await nodeRed?.stop();
  });
  beforeEach(async () => {
    // The editor asks before it gives up changes that are not deployed.
    await page.evaluate(() => void RED.nodes.dirty(false));
    await page.reload();
    await editorReady(page);
    await page.waitForFunction((ids) => ids.every((id) => RED.nodes.node(id)), SETS);
  });

  const exported = (id: string) =>
    page.evaluate((wanted) => RED.nodes.createCompleteNodeSet().find((node) => node.id === wanted)!, id);
  const prefixOf = (set: string) => (set === "live-config" ? "#node-config-input-" : "#node-input-");
  const open = async (set: string) => {
    await page.evaluate((id) => {
      if (id === "live-config") RED.editor.editConfig("", "gemini-live-config", id);
      else RED.editor.edit(RED.nodes.node(id));
    }, set);
    await dialogReady(page);
  };
  const done = async (set: string) => {
    await page.click(set === "live-config" ? "#node-config-dialog-ok" : "#node-dialog-ok");
    await page.locator(".red-ui-tray").waitFor({ state: "detached" });
  };
  const stateOf = (id: string) =>
    page.evaluate((wanted) => {
      const { changed = false, valid, validationErrors = [] } = RED.nodes.node(wanted);
      return { changed, valid, validationErrors, dirty: RED.nodes.dirty() };
    }, id);
  /** Writes into a field, also into one that another setting hides. */
  const write = (field: string, text: string) =>
    page.locator(field).evaluate((element, value) => $(element).val(value).trigger("change"), text);
  const content = (set: string, name: string) =>
    page.evaluate((selector) => {
      const field = $(selector);
      return field.attr("type") === "checkbox" ? field.prop("checked") : field.val();
    }, prefixOf(set) + name);

  for (const set of SETS) {
    it(`is as valid as one with all defaults, and Done without edits changes nothing: ${set}`, async () => {
      const before = await exported(set);
      assert.deepEqual(await stateOf(set), {
        changed: false,
        valid: true,
        validationErrors: [],
        dirty: false,
      });
      await open(set);
      for (const [name, setting] of Object.entries(TABLES[set]!.settings))
        if (before[name] === undefined && setting.kind !== "node")
          assert.equal(String(await content(set, name)), String(setting.default), name);
      await done(set);
      assert.deepEqual(await exported(set), before);
      assert.deepEqual(await stateOf(set), {
        changed: false,
        valid: true,
        validationErrors: [],
        dirty: false,
      });
    });
  }

  it("keeps what nobody has edited as it is written: line ends, blanks and lists", async () => {
    const written = [
      {
        id: "written-session",
        type: "gemini-live-session",
        connection: "live-config",
        instruction: "Be brief.\r\nBe kind.\n",
        vocabulary: "KNX,  OPC UA\r\n",
        furtherSetup: '{\n  "generationConfig": { "topP": 0.9 }\n}',
      },
      {
        id: "written-token",
        type: "gemini-live-token",
        session: "live-session",
        lock: "some",
        lockedFields: "tools, voice",
      },
      {
        id: "written-call",
        type: "gemini-tool-call",
        functionName: "f",
        description: "Does\r\nf.",
        parameters: ' {"type":"object"}\r\n',
      },
    ];
    await post(nodeRed, "/flows", [
      ...FLOW,
      ...written.map((node) => ({ z: "tab", x: 500, y: 60, wires: [], ...node })),
    ]);
    await page.reload();
    await editorReady(page);
    await page.waitForFunction(
      (ids) => ids.every((id) => RED.nodes.node(id)),
      written.map(({ id }) => id),
    );
    for (const { id } of written) {
      const before = await exported(id);
      await open(id);
      if (id === "written-token") assert.equal(await content(id, "lockedFields"), "tools,voice");
      await done(id);
      assert.deepEqual(await exported(id), before);
      assert.equal((await stateOf(id)).changed, false, id);
    }
    await open("written-token");
    await page.locator("#node-input-uses").fill("7");
    await done("written-token");
    const { uses, lockedFields } = await exported("written-token");
    assert.deepEqual([uses, lockedFields], ["7", "tools, voice"]);
    await post(nodeRed, "/flows", FLOW);
  });

  it("gets only the property that is edited", async () => {
    const before = await exported("live-session");
    await open("live-session");
    await openTab(page, "turnDetection");
    await page.locator("#node-input-bargeIn").uncheck();
    await done("live-session");
    assert.deepEqual(await exported("live-session"), { ...before, bargeIn: false });
  });

  for (const [set, name, value, allowed] of [
    ["live-session", "temperature", "7", "Temperature: must be a number from 0 to 2"],
    ["live-config", "reconnectAttempts", "1.5", "Reconnect attempts: must be a whole number from 0 to 1000"],
    ["live-config", "connectTimeoutSeconds", "", "Connect timeout (s): must be a number from 1 to 300"],
    ["live-token", "uses", "-1", "Uses: must be a whole number from 0 to 1000000"],
  ] as const)
    it(`marks what the runtime refuses, and says what is allowed: ${name} ${value}`, async () => {
      await open(set);
      const field = page.locator(prefixOf(set) + name);
      const wasGood = await field.evaluate((element) => !element.classList.contains("input-error"));
      await write(prefixOf(set) + name, value);
      assert.ok(wasGood);
      assert.ok(await field.evaluate((element) => element.classList.contains("input-error")));
      await done(set);
      const { valid, validationErrors } = await stateOf(set);
      assert.deepEqual([valid, validationErrors], [false, [allowed]]);
    });

  it("checks a setting against what the dialog shows of the others", async () => {
    await open("live-config");
    await openTab(page, "context");
    const isMarked = () =>
      page.locator("#node-config-input-targetTokens").evaluate((field) => $(field).hasClass("input-error"));
    await write("#node-config-input-triggerTokens", "10000");
    await write("#node-config-input-targetTokens", "10000");
    assert.equal(await isMarked(), true);
    await write("#node-config-input-targetTokens", "9999");
    assert.equal(await isMarked(), false);
    await page.locator("#node-config-input-contextCompression").uncheck();
    await write("#node-config-input-targetTokens", "20000");
    assert.equal(await isMarked(), false);
  });

  it("is not needed for new nodes: a live session takes the only connection, and a live token the only live session", async () => {
    const chosen = await page.evaluate(() => {
      const types = ["gemini-live-session", "gemini-live-token"];
      const [live, token] = types.map((type) => RED.view.createNode(type, 100, 100).node);
      return { connection: live!.connection, session: token!.session };
    });
    // createNode() does not add the node to the flow, so there is still only one live session.
    assert.deepEqual(chosen, { connection: "live-config", session: "live-session" });
  });

  it("causes no error in the page", () => assert.deepEqual(problems, []));
});
