import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { type NodeRed, startNodeRed } from "../node-red";
import { describeInBrowser } from "./chromium";
import { dialogReady, expectNames, expectTexts, openEditor, THEMES } from "./editor-page";

interface FlowNode {
  id: string;
  type: string;
  valid?: boolean;
  validationErrors?: string[];
  [property: string]: unknown;
}

/** The editor's own globals that these tests use. */
interface Editor {
  nodes: {
    node(id: string): FlowNode;
    dirty(now?: boolean): boolean;
    import(nodes: object[]): unknown;
    remove(id: string): unknown;
  };
  editor: { edit(node: FlowNode): void; validateNode(node: FlowNode): boolean };
  settings: { setLocal(name: string, value: string): void };
  view: { redraw(all: boolean): void };
  workspaces: { active(): string };
}
declare const RED: Editor;

const EMPTY = '{"type":"object","properties":{}}';
const objectOf = (properties: object) => ({ type: "object", properties });
/** A schema that rows can show, written in another way than the dialog writes it. */
const WEATHER = {
  type: "object",
  required: ["unit", "city"],
  properties: {
    city: { description: "Where", type: "string" },
    unit: { type: "string", enum: ["C", "F"] },
    days: { type: "integer" },
    wind: { type: "boolean", description: 'With "wind", or not' },
  },
};

for (const theme of THEMES)
  describeInBrowser(`the dialogs of the tools, ${theme}`, () => {
    let nodeRed: NodeRed;
    let browser: Browser;
    let page: Page;
    let problems: string[];
    const warnings: string[] = [];
    let count = 0;
    let id: string;

    before(async () => {
      nodeRed = await startNodeRed();
      const listen = (page: Page) =>
        page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
      ({ browser, page, problems } = await openEditor(nodeRed, theme, listen));
    });
    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });
    beforeEach(() => {
      count++;
      id = `${theme}0000000tool${count}`;
    });

    afterEach(async () => {
      // A dialog that a failed test leaves open would fail all tests after it.
      if (await page.locator("#node-dialog-cancel").count()) await close("cancel");
    });

    const inTray = (selector: string) => page.locator(`.red-ui-tray ${selector}`);
    const open = async () => {
      await page.evaluate((of) => RED.editor.edit(RED.nodes.node(of)), id);
      await dialogReady(page);
    };
    /** Puts a node into the flow, with others that it is wired to, and opens its dialog. */
    const place = async (type: string, settings: object, ...others: object[]) => {
      await page.evaluate(
        (nodes) => {
          RED.nodes.import(nodes.map((node) => ({ ...node, z: RED.workspaces.active(), x: 300, y: 700 })));
          RED.nodes.dirty(true);
          RED.view.redraw(true);
        },
        [{ id, type, wires: [], ...settings }, ...others],
      );
      await open();
    };
    const placeCall = (parameters: string, view = "rows") =>
      place("gemini-tool-call", {
        name: "",
        functionName: `get_weather_${count}`,
        description: "Tells the weather.",
        parameters,
        view,
        behavior: "",
        timeoutSeconds: 30,
        wires: [[], []],
      });
    const close = async (button = "ok") => {
      await page.click(`#node-dialog-${button}`);
      await page.locator(".red-ui-tray").waitFor({ state: "detached" });
    };
    /** Closes the dialog, deploys, and reads back what was saved. */
    const save = async () => {
      await close();
      await page.click("#red-ui-header-button-deploy");
      await page.waitForFunction(() => !RED.nodes.dirty());
      const all = (await (await fetch(`${nodeRed.url}/flows`)).json()) as FlowNode[];
      return all.find((node) => node.id === id)!;
    };
    const saveParameters = async () => JSON.parse(String((await save()).parameters));
    /** Returns the validation errors of the node, and removes it before the next deploy. */
    const held = async () => {
      await close();
      return page.evaluate((of) => {
        const node = RED.nodes.node(of);
        RED.editor.validateNode(node);
        const errors = [...(node.validationErrors ?? [])];
        RED.nodes.remove(of);
        RED.view.redraw(true);
        return errors;
      }, id);
    };
    const view = () => inTray("#node-input-view").inputValue();
    const switchTo = (wanted: string) => inTray("#node-input-view").selectOption(wanted);
    const told = () => inTray("#node-tool-call-message").innerText();
    const text = () => inTray("#node-input-parameters").inputValue();
    const row = (index: number) => {
      const item = inTray("#node-tool-call-rows li").nth(index);
      return {
        name: item.locator(".node-tool-call-name"),
        type: item.locator(".node-tool-call-type"),
        required: item.locator(".node-tool-call-required"),
        description: item.locator(".node-tool-call-description"),
        values: item.locator(".node-tool-call-values"),
        remove: item.locator(".red-ui-editableList-item-remove"),
      };
    };
    const addRow = () => inTray(".red-ui-editableList-addButton").click();
    const countRows = () => inTray("#node-tool-call-rows li").count();
    /** Replaces the schema as a user does: by pasting into the editor. */
    const writeSchema = async (schema: string) => {
      await inTray("#node-tool-call-editor .monaco-editor").click({ position: { x: 200, y: 20 } });
      await page.keyboard.press("Control+A");
      await page.evaluate((pasted) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", pasted);
        const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
        document.activeElement?.dispatchEvent(paste);
      }, schema);
      await page.waitForFunction((wanted) => $("#node-input-parameters").val() === wanted, schema);
    };

    it("have a text on every label and a name on every field, also in rows", async () => {
      await placeCall(JSON.stringify(WEATHER));
      await expectTexts(page);
      await expectNames(page);
      await close("cancel");
    });

    it("convert rows to the schema that the model gets", async () => {
      await placeCall(EMPTY);
      await addRow();
      await row(0).name.fill("city");
      await row(0).required.check();
      await row(0).description.fill("Where, as the user says it");
      await addRow();
      await row(1).name.fill("unit");
      await row(1).values.fill("celsius, fahrenheit,");
      await addRow();
      await row(2).name.fill("days");
      await row(2).type.selectOption("integer");
      assert.deepEqual([await row(1).values.isVisible(), await row(2).values.isVisible()], [true, false]);
      await inTray("#node-input-behavior").selectOption("NON_BLOCKING");
      await inTray("#node-input-timeoutSeconds").fill("12");
      assert.equal(await told(), "");
      const saved = await save();
      assert.deepEqual(JSON.parse(String(saved.parameters)), {
        type: "object",
        properties: {
          city: { type: "string", description: "Where, as the user says it" },
          unit: { type: "string", enum: ["celsius", "fahrenheit"] },
          days: { type: "integer" },
        },
        required: ["city"],
      });
      assert.equal(saved.behavior, "NON_BLOCKING");
      assert.equal(Number(saved.timeoutSeconds), 12);
      assert.doesNotMatch(nodeRed.output(), /\[error\]/);
    });

    it("convert nested objects and arrays, by keyboard alone", async () => {
      await placeCall(EMPTY);
      const press = async (...keys: string[]) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      const type = (text: string) => page.keyboard.type(text);
      /** From a name to the type, and to this one in its list. */
      const chooseType = async (letter: string) => press("Tab", letter);
      // The editor focuses the first field when the dialog has moved into its place.
      await inTray(".red-ui-tray-body :focus").waitFor();
      await inTray(".red-ui-editableList-addButton").focus();
      await press("Enter");
      await type("order");
      await chooseType("o");
      // To required, description, and the button for a property.
      await press("Tab", "Space", "Tab");
      await type("What to buy");
      await press("Tab", "Enter");
      await type("items");
      await chooseType("a");
      // To required, description, and the type of each entry.
      await press("Tab", "Tab", "Tab", "o", "Tab");
      await type("One item");
      await press("Tab", "Enter");
      await type("name");
      await press("Tab", "Tab", "Space", "Tab");
      await type("As on the menu");
      await press("Tab");
      await type("tea, coffee");
      assert.equal(await told(), "");
      await expectNames(page);
      const name = { type: "string", description: "As on the menu", enum: ["tea", "coffee"] };
      const item = { ...objectOf({ name }), description: "One item", required: ["name"] };
      const order = { ...objectOf({ items: { type: "array", items: item } }), description: "What to buy" };
      const schema = { ...objectOf({ order }), required: ["order"] };
      assert.deepEqual(JSON.parse(await text()), schema);
      assert.deepEqual(await saveParameters(), schema);
      await open();
      assert.deepEqual(
        await inTray(".node-tool-call-name").evaluateAll((fields) =>
          fields.map((field) => (field as HTMLInputElement).value),
        ),
        ["order", "items", "name"],
      );
      await inTray("#node-tool-call-rows li li li .red-ui-editableList-item-remove").click();
      await page.waitForFunction(() => !String($("#node-input-parameters").val()).includes("menu"));
      const emptied = {
        ...order,
        properties: { items: { type: "array", items: { ...objectOf({}), description: "One item" } } },
      };
      assert.deepEqual(JSON.parse(await text()), { ...schema, properties: { order: emptied } });
      await close("cancel");
    });

    it("keep what is in a nested part when its type changes and comes back, and mark its wrong names", async () => {
      const schema = objectOf({ place: objectOf({ city: { type: "string" } }) });
      await placeCall(JSON.stringify(schema));
      await row(0).type.first().selectOption("integer");
      assert.deepEqual(JSON.parse(await text()), objectOf({ place: { type: "integer" } }));
      await row(0).type.first().selectOption("object");
      assert.deepEqual(JSON.parse(await text()), schema);
      const inner = row(1);
      await inner.name.fill("2nd");
      await inner.name.blur();
      assert.doesNotMatch((await inner.name.getAttribute("class")) ?? "", /input-error/);
      assert.equal(await told(), "");
      await inner.name.fill("");
      assert.match((await inner.name.getAttribute("class")) ?? "", /input-error/);
      assert.equal(await told(), "Parameter 1.1 has no name. Enter one, or remove the parameter");
      assert.match((await held()).join(), /Parameter 1\.1 has no name/);
    });

    it("change nothing without an edit, however the schema is written, even if the view changes", async () => {
      const odd = ` ${JSON.stringify(WEATHER, null, 7)}\n`;
      await placeCall(odd);
      assert.equal(await countRows(), 4);
      await switchTo("schema");
      await switchTo("rows");
      assert.equal((await save()).parameters, odd);
    });

    it("keep everything when the view changes", async () => {
      await placeCall(JSON.stringify(WEATHER));
      await row(2).name.fill("number_of_days");
      await row(3).remove.click();
      await switchTo("schema");
      assert.deepEqual(Object.keys(JSON.parse(await text()).properties), ["city", "unit", "number_of_days"]);
      const { city, unit } = WEATHER.properties;
      const schema = { ...WEATHER, properties: { unit, city, at: { type: "number" } } };
      await writeSchema(JSON.stringify(schema));
      await switchTo("rows");
      assert.equal(await row(0).values.inputValue(), "C,F");
      assert.equal(await row(1).description.inputValue(), "Where");
      assert.equal(await row(2).type.inputValue(), "number");
      assert.equal(await view(), "rows");
      assert.deepEqual(await saveParameters(), schema);
      await open();
      assert.equal(await row(1).description.inputValue(), "Where");
      await close("cancel");
    });

    it("keep a schema that rows cannot show, and say why", async () => {
      const losses: [string, object][] = [
        ["properties.city.minLength", { type: "string", minLength: 1 }],
        ["properties.city.items", { type: "array" }],
        ["properties.city.items.minLength", { type: "array", items: { type: "string", minLength: 1 } }],
        ["properties.city.properties.at.enum", objectOf({ at: { type: "integer", enum: [1, 2] } })],
        ["properties.city.additionalProperties", { ...objectOf({}), additionalProperties: false }],
        ["properties.city.type", { type: ["string", "null"] }],
        ["properties.city.enum", { type: "integer", enum: [1, 2] }],
        ["properties.city.enum.0", { type: "string", enum: ["Washington, D.C."] }],
        ["properties.city.description", { type: "string", description: "one\ntwo" }],
      ];
      await placeCall(EMPTY, "schema");
      for (const [place, city] of losses) {
        const schema = JSON.stringify({ type: "object", properties: { city } });
        await writeSchema(schema);
        await switchTo("rows");
        assert.equal(await view(), "schema", schema);
        assert.equal(await told(), `Rows cannot show "${place}" of this schema. Edit it as JSON Schema.`);
        assert.equal(await text(), schema);
      }
      const schema = JSON.stringify({ ...WEATHER, additionalProperties: false });
      await writeSchema(schema);
      await switchTo("rows");
      assert.match(await told(), /"additionalProperties"/);
      const saved = await save();
      assert.deepEqual([saved.parameters, saved.view], [schema, "schema"]);
    });

    it("show a schema that rows cannot show as a schema, though rows were chosen, and change nothing", async () => {
      const schema = '{"type":"object","properties":{"city":{"type":"string","pattern":"^[A-Z]"}}}';
      await placeCall(schema);
      assert.equal(await view(), "schema");
      assert.match(await told(), /"properties\.city\.pattern"/);
      assert.ok(await inTray("#node-tool-call-editor .view-lines").isVisible());
      assert.equal(await inTray("#node-tool-call-rows").isVisible(), false);
      const saved = await save();
      assert.deepEqual([saved.parameters, saved.view], [schema, "rows"]);
    });

    it("show immediately what is wrong with a schema, and keep it", async () => {
      await placeCall(EMPTY, "schema");
      await writeSchema('{"type": "object"');
      assert.match(await told(), /^The parameters are not valid JSON: /);
      await switchTo("rows");
      assert.equal(await view(), "schema");
      assert.match(await told(), /^The parameters are not valid JSON: /);
      await writeSchema('{"type": "string"}');
      assert.match(await told(), /JSON Schema of type object/);
      await writeSchema('{"type":"object","properties":{"2nd":{"type":"string"}}}');
      assert.match(await told(), /"2nd" is not a valid parameter name/);
      await writeSchema("[]");
      assert.match((await held()).join(), /JSON Schema of type object/);
    });

    it("mark a wrong name when it has been entered, not while it is typed", async () => {
      const isMarked = async (index: number) =>
        /input-error/.test((await row(index).name.getAttribute("class")) ?? "");
      await placeCall(EMPTY);
      await addRow();
      assert.deepEqual([await isMarked(0), await told()], [false, ""]);
      await row(0).name.pressSequentially("2nd");
      assert.deepEqual([await isMarked(0), await told()], [false, ""]);
      await row(0).description.focus();
      assert.equal(await isMarked(0), true);
      assert.match(await told(), /"2nd" is not a valid parameter name/);
      await row(0).name.fill("second");
      assert.deepEqual([await isMarked(0), await told()], [false, ""]);
      await close("cancel");
    });

    it("say which rows have no name, when they are saved, and keep them", async () => {
      await placeCall(JSON.stringify(WEATHER));
      for (const index of [4, 5]) {
        await addRow();
        await row(index).description.fill(`Parameter ${index}`);
      }
      assert.equal(await told(), "");
      await close();
      await open();
      assert.equal(await told(), "Parameter 5 has no name. Enter one, or remove the parameter");
      for (const index of [4, 5]) {
        assert.equal(await row(index).name.inputValue(), "");
        assert.match((await row(index).name.getAttribute("class")) ?? "", /input-error/);
        assert.equal(await row(index).description.inputValue(), `Parameter ${index}`);
      }
      await row(4).name.fill("wave");
      assert.match(await told(), /^Parameter 6 has no name/);
      assert.match((await held()).join(), /Parameter 6 has no name/);
    });

    it("mark rows with a duplicate name, and keep them", async () => {
      await placeCall(JSON.stringify(WEATHER));
      await addRow();
      await row(4).name.fill("city");
      await row(4).description.fill("Another city");
      for (const index of [0, 4])
        assert.match((await row(index).name.getAttribute("class")) ?? "", /input-error/);
      assert.doesNotMatch((await row(1).name.getAttribute("class")) ?? "", /input-error/);
      assert.match(await told(), /Two parameters have the name "city"/);
      await close();
      await open();
      assert.equal(await countRows(), 5);
      assert.equal(await row(4).name.inputValue(), "city (2)");
      assert.equal(await row(4).description.inputValue(), "Another city");
      assert.match((await held()).join(), /Two parameters have the name "city"/);
    });

    it("show what is wrong with a function's name or description", async () => {
      await placeCall(EMPTY);
      for (const name of ["", "get weather", "2nd"]) {
        await inTray("#node-input-functionName").fill(name);
        await inTray("#node-input-functionName").blur();
        await inTray("#node-input-functionName.input-error").waitFor();
      }
      await inTray("#node-input-description").fill(" ");
      const errors = (await held()).join("\n");
      assert.match(errors, /Start the name with a letter or _/);
      assert.match(errors, /Describe what the function does/);
    });

    it("try a call: say what the branch answered or that it failed or stayed silent, and what is not deployed", async () => {
      const result = inTray("#node-tool-call-trial [role=status]");
      const send = async () => {
        await inTray("#node-tool-call-trial button").first().click();
        await inTray("#node-tool-call-trial button:has(.fa-play):enabled").waitFor();
        return result.innerText();
      };
      const func = `if (msg.payload.city === "nowhere") return null;
        if (msg.payload.city === "error") msg.error = { message: "no station there" };
        else msg.payload = { sky: "sunny in " + msg.payload.city };
        return msg;`;
      const city = { type: "string", enum: ["Berlin", "nowhere", "error"] };
      const call = {
        name: "",
        functionName: "get_weather",
        description: "Tells the weather.",
        parameters: JSON.stringify({ ...objectOf({ city, days: { type: "integer" } }), required: ["city"] }),
        timeoutSeconds: 5,
        wires: [[`${id}branch`], []],
      };
      const branch = {
        id: `${id}branch`,
        type: "function",
        name: "",
        func,
        outputs: 1,
        wires: [[`${id}response`]],
      };
      const response = { id: `${id}response`, type: "gemini-tool-response", name: "", wires: [] };
      await place("gemini-tool-call", call, branch, response);
      const args = inTray("#node-tool-call-trial textarea");
      assert.deepEqual(JSON.parse(await args.inputValue()), { city: "Berlin", days: 1 });
      assert.match(await send(), /^Not deployed\./);
      await save();
      await open();
      await expectNames(page);
      assert.match(await send(), /^The branch answered after \d+ ms:\s+\{\s+"sky": "sunny in Berlin"\s+\}$/);
      await args.fill('{"city": "error"}');
      assert.match(await send(), /^The branch returned an error after \d+ ms:\s+no station there$/);
      await args.fill('{"city": "nowhere"}');
      assert.match(await send(), /^The branch stayed silent: no tool response came within \d+ ms\. Wire/);
      await args.fill('{"city": "Rome"}');
      assert.match(await send(), /city must be one of "Berlin", "nowhere", "error"/);
      await args.fill("{");
      assert.match(await send(), /^The arguments are not valid JSON: /);
      await row(1).name.fill("hours");
      assert.equal(await args.inputValue(), "{");
      await args.fill('{"city": "Berlin"}');
      assert.match(await send(), /^The deployed tool call has another name or other parameters\. Deploy/);
      // The browser reports every answer that is an error.
      assert.deepEqual(
        problems.filter((problem) => !/status of 4(04|09|22)|^Model is disposed!/.test(problem)),
        [],
      );
      problems.length = 0;
      await close("cancel");
    });

    it("change nothing on cancel", async () => {
      await placeCall(JSON.stringify(WEATHER));
      await row(0).name.fill("town");
      await switchTo("schema");
      await close("cancel");
      await open();
      assert.equal(await view(), "rows");
      assert.equal(await row(0).name.inputValue(), "city");
      assert.deepEqual(await saveParameters(), WEATHER);
    });

    it("save scheduling and size limit", async () => {
      await place("gemini-tool-response", { name: "", scheduling: "", maxKilobytes: 32 });
      await inTray("#node-input-scheduling").selectOption("SILENT");
      await inTray("#node-input-maxKilobytes").fill("64");
      const saved = await save();
      assert.equal(saved.scheduling, "SILENT");
      assert.equal(Number(saved.maxKilobytes), 64);
    });

    it("follow the theme, close their editors, and cause no errors in the page", async () => {
      assert.equal(
        await page.evaluate(() => document.documentElement.classList.contains("nr-theme-dark")),
        theme === "dark",
      );
      assert.deepEqual(
        warnings.filter((warning) => /monaco/.test(warning)),
        [],
      );
      // Monaco computes the folds of an editor that was closed soon after an edit.
      assert.deepEqual(
        problems.filter((problem) => !problem.startsWith("Model is disposed!")),
        [],
      );
    });
  });
