// Tables of settings: what a node reads from its properties, of whichever version it is.

import assert from "node:assert/strict";
import {
  choice,
  flag,
  json,
  list,
  number,
  readSettings,
  table,
  terms,
  text,
  versionOf,
} from "../../nodes/settings/table";
import { typed } from "../../nodes/settings/variables";

const TABLE = table(
  {
    attempts: number({ default: 8, min: 0, max: 1000, whole: true, label: "Attempts" }),
    temperature: number({ default: "", min: 0, max: 2, label: "Temperature" }),
    onStall: choice({ default: "report", choices: ["report", "resume"], label: "On stall" }),
    fields: list({ default: "a,b", choices: ["a", "b", "c"], label: "Fields" }),
    bargeIn: flag({ default: true, label: "Allow barge-in" }),
    model: text({ default: "m", required: true, label: "Model" }),
    vocabulary: terms({ default: "", max: 3, label: "Vocabulary" }),
    further: json({ default: "{}", label: "Further" }),
  },
  {
    rules: {
      temperature: {
        allows: ({ temperature, bargeIn }) => temperature === undefined || bargeIn,
        error: "No temperature without barge-in",
      },
      further: {
        allows: ({ further }) => !("model" in further) || "it has a model",
        error: "Further cannot be sent",
      },
    },
  },
);
const DEFAULTS = {
  attempts: 8,
  temperature: undefined,
  onStall: "report",
  fields: ["a", "b"],
  bargeIn: true,
  model: "m",
  vocabulary: [],
  further: {},
};

describe("the settings of a node", () => {
  it("have their defaults where properties are absent", () => {
    assert.deepEqual(readSettings(TABLE, {}), DEFAULTS);
  });

  it("are read as the dialog saves them: numbers as text, lists with commas or new lines, objects as JSON", () => {
    const settings = readSettings(TABLE, {
      attempts: "3",
      temperature: "1.5",
      fields: "c, a",
      vocabulary: "Modbus, OPC UA\n\n a ",
      further: '{"a": 1}',
      name: "n",
      z: "t",
    });
    assert.deepEqual(settings, {
      ...DEFAULTS,
      attempts: 3,
      temperature: 1.5,
      fields: ["a", "c"],
      vocabulary: ["Modbus", "OPC UA", "a"],
      further: { a: 1 },
    });
  });

  it("may be replaced by those of a message, with lists and objects as they are", () => {
    const own = { vocabulary: ["Modbus", " a "], further: { a: 1 } };
    const settings = readSettings(TABLE, { attempts: 3, vocabulary: "b", further: "{}" }, own);
    assert.deepEqual(settings, { ...DEFAULTS, attempts: 3, vocabulary: ["Modbus", "a"], further: { a: 1 } });
  });

  const REFUSED: [properties: object, error: string][] = [
    [{ attempts: -1 }, 'The setting "Attempts" must be a whole number from 0 to 1000; it is -1.'],
    [{ attempts: 1.5 }, 'The setting "Attempts" must be a whole number from 0 to 1000; it is 1.5.'],
    [{ attempts: "" }, 'The setting "Attempts" must be a whole number from 0 to 1000; it is empty.'],
    [{ attempts: null }, 'The setting "Attempts" must be a whole number from 0 to 1000; it is null.'],
    [{ attempts: [] }, 'The setting "Attempts" must be a whole number from 0 to 1000; it is [].'],
    [
      { temperature: 7 },
      'The setting "Temperature" must be a number from 0 to 2, or empty for the server default; it is 7.',
    ],
    [{ onStall: "pray" }, 'The setting "On stall" must be one of report, resume; it is "pray".'],
    [{ fields: "a,x" }, 'The setting "Fields" must be a list of a, b, c, separated by commas; it is "a,x".'],
    [{ bargeIn: "yes" }, 'The setting "Allow barge-in" must be true or false; it is "yes".'],
    [{ model: " " }, 'The setting "Model" must be a text that is not empty; it is " ".'],
    [{ temperature: 1, bargeIn: false }, "No temperature without barge-in."],
    [
      { vocabulary: "a,b,c,d" },
      'The setting "Vocabulary" must be at most 3 texts, separated by commas or new lines, or a list of them; it is "a,b,c,d".',
    ],
    [{ further: "[1]" }, 'The setting "Further" must be a JSON object; it is "[1]".'],
    [{ further: "{" }, 'The setting "Further" must be a JSON object; it is "{".'],
    [{ further: '{"model": 1}' }, "Further cannot be sent: it has a model."],
  ];
  for (const [properties, message] of REFUSED)
    it(`are refused with their label, value and what is allowed: ${JSON.stringify(properties)}`, () => {
      assert.throws(() => readSettings(TABLE, properties), { code: "GEMINI_SETTING", message });
    });

  it("are named as variables in an error only where the node says that they are", () => {
    const voice = table(typed("voice", text({ default: "", label: "Voice" })));
    assert.throws(() => readSettings(voice, { voice: 7 }), /"Voice" must be a text; it is 7\.$/);
    assert.throws(
      () => readSettings(voice, { voice: "", voiceType: "env" }),
      /"Voice" must be the name of a variable; it is empty\.$/,
    );
  });
});

describe("a node of an older version", () => {
  const RENAMED = table(
    { reconnectAttempts: number({ default: 8, min: 0, max: 10, label: "Reconnect attempts" }) },
    {
      migrations: [
        ({ tries, ...rest }) => ({ ...rest, retries: tries }),
        ({ retries, ...rest }) => ({ ...rest, reconnectAttempts: retries }),
      ],
      retired: ["tries", "retries"],
    },
  );

  it("is migrated step by step from its version; a node without one is of the first", () => {
    assert.equal(versionOf(RENAMED), 3);
    assert.equal(readSettings(RENAMED, { tries: 5 }).reconnectAttempts, 5);
    assert.equal(readSettings(RENAMED, { version: 2, retries: 4 }).reconnectAttempts, 4);
    assert.equal(readSettings(RENAMED, { version: 3, reconnectAttempts: 3 }).reconnectAttempts, 3);
  });

  it("has defaults for what it does not set", () => {
    assert.equal(readSettings(RENAMED, {}).reconnectAttempts, 8);
    assert.equal(readSettings(RENAMED, { version: 2 }).reconnectAttempts, 8);
  });

  it("is migrated in the editor when it is loaded, which keeps the properties of older versions until then", async () => {
    const build = "../../scripts/dialogs.mjs";
    const { fillDialog } = (await import(build)) as {
      fillDialog(set: string, html: string, table: object): string;
    };
    const html = "/* settings */\nregister({\n/* defaults */\n});";
    const script = fillDialog("toy", html, RENAMED).replace(/^<.*>$/gm, "");
    const GeminiLive = {
      dialog: (_name: string, _set: string, _prefix: string, table: object) => ({
        table,
        validator: () => undefined,
      }),
    };
    const listeners: ((node: object) => void)[] = [];
    const RED = { events: { on: (_: string, listener: (node: object) => void) => listeners.push(listener) } };
    let defaults: Record<string, { value?: unknown }> = {};
    new Function("GeminiLive", "RED", "register", script)(GeminiLive, RED, (registered: typeof defaults) => {
      defaults = registered;
    });
    assert.deepEqual(Object.keys(defaults), ["name", "version", "reconnectAttempts", "tries", "retries"]);
    assert.equal(defaults.version!.value, 3);
    const load = (node: object) => {
      for (const listener of listeners) listener(node);
      return node;
    };
    assert.deepEqual(load({ type: "gemini-toy", name: "n", tries: 5 }), {
      type: "gemini-toy",
      name: "n",
      reconnectAttempts: 5,
      version: 3,
    });
    for (const other of [
      { type: "gemini-toy", version: 3, reconnectAttempts: 1 },
      { type: "other", tries: 5 },
    ])
      assert.deepEqual(load({ ...other }), other);
  });
});
