// The controls of a dialog as a user changes them, each by its setting in the table.

import type { Page } from "playwright-core";
import type { Setting } from "../../nodes/settings/table";
import { tableOf } from "../dialogs";
import { type Dialog, prefixOf } from "./every-dialog";

/** The name of a node, and its key. */
const TEXT: Setting = { kind: "text", default: "", label: "" };

/**
 * What all fields of the open dialog show, in all of its tabs and also those that it has made itself, and which of them can be changed. No
 * password is among them.
 */
export const contentsOf = (page: Page) =>
  page.evaluate(() =>
    $(".red-ui-tray form")
      .find("input, select, textarea")
      .not("[id^=red-ui-trap], [type=password], .inputarea, .ime-text-area")
      .filter((_, field) => $(field).closest(".form-row").css("display") !== "none")
      .get()
      .map((field) => {
        const { id, type, value, checked, disabled, className } = field as unknown as Record<string, unknown>;
        return [id || className, type === "checkbox" ? checked : value, disabled ? "disabled" : ""].join(" ");
      }),
  );

/** A value that a setting does not have. */
export function another(setting: Setting = TEXT, current: unknown): unknown {
  switch (setting.kind) {
    case "flag":
      return !current;
    case "number":
      return current === "" ? setting.min : Number(current) + 1;
    case "choice":
    case "type":
      return setting.choices[
        (setting.choices.indexOf(String(current) as never) + 1) % setting.choices.length
      ];
    case "json":
      return current === "{}" ? '{"generationConfig": {"topP": 0.5}}' : "{}";
    default:
      return `${current}2`;
  }
}

/** Chooses the type of the typed input of a field, which `field` selects. */
export async function chooseType(page: Page, field: string, type: string) {
  await page
    .locator(`.red-ui-tray ${field} + .red-ui-typedInput-container .red-ui-typedInput-type-select`)
    .click();
  const choice = page.locator(`.red-ui-typedInput-options:visible a[value="${type}"]`);
  // On a busy machine the menu may miss the click and cover the next field.
  do await choice.click();
  while (await choice.isVisible());
}

/** Changes the control of a setting, or of the name or the key. @returns whether the dialog has one now, in the tab that it shows */
export async function change(page: Page, dialog: Dialog, name: string, wanted: unknown): Promise<boolean> {
  const setting = tableOf(dialog.set).settings[name] ?? TEXT;
  const field = `#${prefixOf(dialog)}${setting.kind === "type" ? setting.of : name}`;
  const inTray = (selector: string) => page.locator(`.red-ui-tray ${selector}`);
  const typed = (of: string) => inTray(`${of} + .red-ui-typedInput-container .red-ui-typedInput-input`);
  /** Writes into one of the editor's own text editors, as if it were pasted, since they complete what is typed. */
  const write = async (editor: string, pasted: string) => {
    await inTray(`${editor} .monaco-editor`).click();
    await page.keyboard.press("Control+A");
    await page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      document.activeElement!.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }, pasted);
  };

  if (name === "parameters") {
    const add = inTray(".red-ui-editableList-addButton");
    if (await add.isVisible()) {
      await add.click();
      await inTray(".node-tool-call-name").last().fill("day");
    } else
      await write("#node-tool-call-editor", '{"type": "object", "properties": {"hour": {"type": "string"}}}');
    return true;
  }
  const row = inTray(field).locator('xpath=ancestor::div[contains(@class, "form-row")][1]');
  if (!(await row.isVisible()) || (await inTray(field).isDisabled())) return false;
  const isText = !setting.typed || (await inTray(`${field}Type`).inputValue()) === "str";
  switch (setting.kind) {
    case "flag":
      await inTray(field).setChecked(Boolean(wanted));
      return true;
    case "choice":
      await inTray(field).selectOption(String(wanted));
      return true;
    case "node": {
      const now = await inTray(field).inputValue();
      const ids = await inTray(`${field} option`).evaluateAll((options) =>
        options.map((option) => (option as HTMLOptionElement).value),
      );
      await inTray(field).selectOption(ids.find((id) => id && id !== "_ADD_" && id !== now) ?? "_ADD_");
      return true;
    }
    case "list":
      await row.locator(".red-ui-typedInput-option-trigger").click();
      await page.locator(".red-ui-typedInput-options:visible a").nth(1).click();
      await inTray(`#${prefixOf(dialog)}name`).click();
      return true;
    case "type": {
      const of = (await inTray(`${field}-source`).count()) ? `${field}-source` : field;
      await chooseType(page, of, String(wanted));
      if (wanted !== "str") await typed(of).fill("variable");
      return true;
    }
    default:
      if ("markdown" in setting && setting.markdown) {
        if (!isText) await chooseType(page, `${field}-source`, "str");
        await write(`${field}-editor`, String(wanted));
      } else if ("lines" in setting && setting.typed) {
        if (!isText) await chooseType(page, `${field}-source`, "str");
        await inTray(field).fill(String(wanted));
      } else await ((await typed(field).count()) ? typed(field) : inTray(field)).fill(String(wanted));
      return true;
  }
}
