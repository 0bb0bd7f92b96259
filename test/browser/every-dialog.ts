// A flow with every node, and their dialogs in an editor that does not wait for its animations, for tests that open them all.

import type { BrowserContext, Page } from "playwright-core";
import { versionOf } from "../../nodes/settings/table";
import { dialogs, tableOf } from "../dialogs";
import type { NodeRed } from "../node-red";
import { problemsOf } from "./chromium";
import { goToEditor, THEMES } from "./editor-page";

/** The editor's own globals that these tests use. */
declare const RED: {
  nodes: {
    node(id: string): { credentials?: Record<string, unknown> };
    createCompleteNodeSet(): { id: string; x?: number }[];
  };
  editor: { edit(node: unknown): void; editConfig(name: string, type: string, id: string): void };
};

export type Dialog = (typeof dialogs)[number];
export const prefixOf = ({ isConfig }: Dialog) => (isConfig ? "node-config-input-" : "node-input-");

/** What some nodes need to be valid. */
const NEEDED: Record<string, object> = {
  "live-session": { connection: "live-config" },
  "live-token": { session: "live-session" },
  "tool-call": {
    functionName: "get_weather",
    description: "Gets the weather of a city.",
    parameters: '{"type":"object","properties":{"city":{"type":"string"}}}',
  },
};

/** Each node as the editor saves it with all defaults, by the name of its file as id, and a second one of each that others refer to. */
export const EVERY_NODE: { id: string; type: string }[] = [
  { id: "tab", type: "tab", label: "every node" } as { id: string; type: string },
  ...dialogs.map(({ set, type, isConfig, definition }, index) => ({
    id: set,
    type,
    name: "",
    version: versionOf(tableOf(set)),
    ...Object.fromEntries(
      Object.entries(tableOf(set).settings).map(([name, setting]) => [name, setting.default]),
    ),
    ...NEEDED[set],
    ...(!isConfig && {
      z: "tab",
      x: 200,
      y: 60 * index + 60,
      wires: Array.from({ length: Number(definition.get("outputs")?.value) }, () => []),
    }),
  })),
  { id: "other-config", type: "gemini-live-config", name: "other" } as { id: string; type: string },
  {
    id: "other-session",
    type: "gemini-live-session",
    name: "other",
    connection: "live-config",
    z: "tab",
    x: 500,
    y: 60,
    wires: [],
  } as { id: string; type: string },
  { id: "a-proxy", type: "http proxy", name: "a proxy", url: "http://127.0.0.1:8080", noproxy: [] } as {
    id: string;
    type: string;
  },
  { id: "a-tls", type: "tls-config", name: "certificates" } as { id: string; type: string },
];

/** Opens the editor in a language. It follows the color scheme of the page where it has a dark theme. */
export async function openQuickEditor(context: BrowserContext, nodeRed: NodeRed, language = "en-US") {
  const page = await context.newPage();
  await page.addInitScript(`
    localStorage.setItem("editor-language", "${language}");
    localStorage.setItem("view-dark-theme", "auto");
    const later = window.setTimeout;
    window.setTimeout = (task, ms = 0, ...more) => later(task, ms > 500 ? ms : 0, ...more);
  `);
  // A text editor complains that closes before it has checked its text. No user is as fast.
  const problems = problemsOf(page, /^Model is disposed!/);
  await goToEditor(page, nodeRed);
  await page.waitForFunction(
    (ids) => ids.every((id) => RED.nodes.node(id)),
    dialogs.map(({ set }) => set),
  );
  await page.evaluate(() => {
    $.fx.off = true;
  });
  // The page has no height of its own: axe-core takes all in it for hidden.
  await page.addStyleTag({ content: "* { transition: none !important } body { height: 100vh }" });
  return { page, problems };
}

/** Gives the editor another of its themes, as the system does in the evening. */
export async function useTheme(page: Page, theme: string) {
  if (THEMES.length === 1) return;
  await page.emulateMedia({ colorScheme: theme as "light" | "dark" });
  await page.waitForFunction(
    (isDark) => document.documentElement.classList.contains("nr-theme-dark") === isDark,
    theme === "dark",
  );
}

/** Opens the dialog of a node. The editor sets the focus after all else. */
export const openDialog = (page: Page, { set, type, isConfig }: Dialog) =>
  page.evaluate(
    async ([id, configType]) => {
      if (configType) RED.editor.editConfig("", configType, id);
      else RED.editor.edit(RED.nodes.node(id));
      while (!document.activeElement?.closest(".red-ui-tray")) await new Promise(requestAnimationFrame);
    },
    [set, isConfig ? type : undefined] as const,
  );

/** Closes the dialog that is open. */
export const closeDialog = (page: Page, button: "ok" | "cancel") =>
  page.evaluate(async (id) => {
    $(`#node-dialog-${id}, #node-config-dialog-${id}`).trigger("click");
    while ($(".red-ui-tray").length) await new Promise(requestAnimationFrame);
  }, button);

/** A node as the editor would deploy it, and whether it has a key. The editor moves one at the right when its label gets longer. */
export const saved = (page: Page, id: string) =>
  page.evaluate((wanted) => {
    const { x, ...node } = RED.nodes.createCompleteNodeSet().find((each) => each.id === wanted)!;
    const { credentials } = RED.nodes.node(wanted);
    return { ...node, hasKey: Boolean(credentials?.has_apiKey) } as Record<string, unknown>;
  }, id);
