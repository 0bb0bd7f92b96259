// The two views of a tool's parameters in its dialog, and the example arguments that it offers.

import assert from "node:assert/strict";
import fc from "fast-check";
import { declareTool } from "../live/tools/declaration";
import { read } from "./dialogs";

interface Schema {
  type: string;
  [keyword: string]: unknown;
}
type Row = { name: string; [property: string]: unknown };
interface ToolParameters {
  toRows(schema: unknown): { rows: Row[]; lost?: undefined } | { rows?: undefined; lost: string };
  toSchema(rows: Row[]): Schema;
  problemOf(text: string, _: (key: string, values: object) => string): string | undefined;
  exampleOf(schema: unknown): unknown;
}
const window = {} as { GeminiToolParameters: ToolParameters };
new Function("window", read("resources", "tool-parameters.js"))(window);
const { toRows, toSchema, problemOf, exampleOf } = window.GeminiToolParameters;

const name = fc.stringMatching(/^[A-Za-z_]\w{0,8}$/);
const line = fc.stringMatching(/^[^\r\n]{1,20}$/);
const word = fc.stringMatching(/^[a-z]([a-z ]{0,6}[a-z])?$/);
/** Schemas of all that the form has. */
const { schema: shown } = fc.letrec<{ value: Schema; fields: object; schema: Schema }>((tie) => ({
  value: fc
    .tuple(
      fc.record({ description: line }, { requiredKeys: [] }),
      fc.oneof(
        { maxDepth: 3 },
        fc.record({ type: fc.constantFrom("number", "integer", "boolean", "string") }),
        fc.record({
          type: fc.constant("string"),
          enum: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
        }),
        fc.record({ type: fc.constant("array"), items: tie("value") }),
        tie("schema"),
      ),
    )
    .map(([description, rest]) => ({ ...description, ...rest })),
  fields: fc.dictionary(name, tie("value"), { maxKeys: 3 }),
  schema: tie("fields").chain((properties) =>
    fc
      .subarray(Object.keys(properties as object))
      .map((required) => ({ type: "object", properties, ...(required.length && { required }) })),
  ),
}));

/** Node's own comparison takes the prototypes of objects for a difference. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
const weather = (city: object) => ({ type: "object", properties: { city } });

describe("the parameters of a tool", () => {
  it("are the same in both views, with all that rows can show", () => {
    fc.assert(
      fc.property(shown, (schema) => {
        const { rows, lost } = toRows(schema);
        assert.equal(lost, undefined);
        const again = plain(toSchema(rows!));
        assert.deepEqual(again, plain(schema));
        assert.deepEqual(toRows(again).rows, rows);
      }),
    );
  });

  it("stay a schema as soon as anything in it is not on the form, whatever it is", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const schema = { type: "object", ...JSON.parse(`{"of":${text}}`) };
        assert.equal(toRows(schema).lost, "of");
        const { rows } = toRows(weather(JSON.parse(text)));
        if (rows) assert.deepEqual(plain(toSchema(rows)), weather({ properties: {}, ...JSON.parse(text) }));
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        const { rows, lost } = toRows(JSON.parse(text));
        assert.ok(rows ? JSON.parse(text).type === "object" : lost !== undefined);
        problemOf(text, String);
      }),
    );
  });

  it("are not on the form with these keywords, and the first of them is named", () => {
    const cases: [string, object][] = [
      ["properties.city.minLength", { type: "string", minLength: 1 }],
      ["properties.city.type", { type: ["string", "null"] }],
      ["properties.city.enum.0", { type: "string", enum: ["Washington, D.C."] }],
      ["properties.city.items", { type: "array" }],
      [
        "properties.city.items.items.format",
        { type: "array", items: { type: "array", items: { type: "string", format: "date" } } },
      ],
      ["properties.city.required.0", { type: "object", properties: {}, required: ["name"] }],
      [
        "properties.city.properties.at.anyOf",
        { type: "object", properties: { at: { type: "string", anyOf: [] } } },
      ],
    ];
    for (const [place, city] of cases) assert.equal(toRows(weather(city)).lost, place);
    assert.equal(
      toRows({ ...weather({ type: "string" }), additionalProperties: false }).lost,
      "additionalProperties",
    );
  });

  it("may have a wrong name, also inside of a parameter when it is missing or there twice, and a row without a name is named by its numbers", () => {
    const say = (key: string, values: object) => `${key} ${JSON.stringify(values)}`;
    const inside = (property: string) => {
      const item = {
        type: "object",
        properties: { good: { type: "string" }, [property]: { type: "string" } },
      };
      return JSON.stringify(weather({ type: "array", items: item }));
    };
    const outside = JSON.stringify({ type: "object", properties: { "2nd": { type: "string" } } });
    assert.equal(problemOf(outside, say), 'tool-call.error.parameterName {"name":"2nd"}');
    assert.equal(problemOf(inside("2nd"), say), undefined);
    assert.equal(problemOf(inside(""), say), 'tool-call.error.noName {"number":"1.2"}');
    assert.equal(problemOf(inside("good (2)"), say), 'tool-call.error.duplicateName {"name":"good"}');
    assert.equal(problemOf(inside("better"), say), undefined);
  });

  it("have an example that the check of the arguments accepts", () => {
    const settings = { name: "tool", description: "a tool", behavior: "" as const };
    fc.assert(
      fc.property(shown, (parameters) => {
        const tool = declareTool({ ...settings, parameters: plain(parameters) });
        assert.equal(tool.check(plain(exampleOf(parameters))), undefined);
      }),
    );
    const limited = {
      type: "object",
      properties: {
        short: { type: "string", maxLength: 2 },
        long: { type: "string", minLength: 9 },
        below: { type: "number", maximum: -0.5 },
        above: { type: "integer", minimum: 2.5 },
        two: { type: "array", items: { type: "boolean" }, minItems: 2 },
        either: { anyOf: [{ type: "integer" }, { type: "string" }] },
        given: { type: "string", default: "as given" },
        example: { type: "string", examples: ["as shown"] },
        nothing: { type: ["null", "string"] },
        fixed: { const: 7 },
        shape: { properties: { x: { type: "number" } } },
      },
    };
    const example = exampleOf(limited) as { given: string; example: string };
    assert.equal(declareTool({ ...settings, parameters: limited }).check(example), undefined);
    assert.deepEqual([example.given, example.example], ["as given", "as shown"]);
  });
});
