import assert from "node:assert/strict";
import type { Schema } from "@google/genai";
import { InputError } from "../../../live/server/errors";
import { declareTool, type ToolSettings } from "../../../live/tools/declaration";
import { replace } from "../../clean-up";

const declare = (settings: Partial<ToolSettings>) =>
  declareTool({
    name: "get_weather",
    description: "Tells the weather.",
    parameters: "",
    behavior: "",
    ...settings,
  });
const withCity = (city: unknown, more: object = {}) =>
  declare({ parameters: { type: "object", properties: { city }, ...more } });
/** What becomes of the schema of one parameter. */
const rewritten = (city: unknown, more?: object): Schema | undefined =>
  withCity(city, more).declaration.parameters?.properties?.city;
const refuses = (parameters: unknown, message: RegExp) =>
  assert.throws(
    () => declare({ parameters }),
    (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /^The parameters of the function "get_weather" are not valid: /);
      assert.match(error.message, message);
      return true;
    },
  );
const refusesCity = (city: unknown, message: RegExp, more: object = {}) =>
  refuses({ type: "object", properties: { city }, ...more }, message);

describe("the declaration of a tool", () => {
  it("has the name, the description and the parameters, with Gemini's names for the types", () => {
    const parameters = {
      type: "object",
      properties: {
        city: { type: "string", description: "Where" },
        days: { type: "integer", minimum: 1, maximum: 7 },
        wind: { type: "boolean" },
        at: { type: "array", items: { type: "number" }, minItems: 1, maxItems: 2 },
        from: {
          type: "object",
          properties: { when: { type: "string", format: "date-time" } },
          required: ["when"],
        },
      },
      required: ["city"],
    };
    const expected = {
      name: "get_weather",
      description: "Tells the weather.",
      parameters: {
        type: "OBJECT",
        properties: {
          city: { type: "STRING", description: "Where" },
          days: { type: "INTEGER", minimum: 1, maximum: 7 },
          wind: { type: "BOOLEAN" },
          at: { type: "ARRAY", items: { type: "NUMBER" }, minItems: "1", maxItems: "2" },
          from: {
            type: "OBJECT",
            properties: { when: { type: "STRING", format: "date-time" } },
            required: ["when"],
          },
        },
        required: ["city"],
      },
    };
    assert.deepEqual(declare({ parameters }).declaration, expected);
    assert.deepEqual(declare({ parameters: JSON.stringify(parameters) }).declaration, expected);
  });

  it("has no parameters when the tool takes none", () => {
    const none = ["", "  ", undefined, {}, "{}", { type: "object" }, '{"type":"object","properties":{}}'];
    for (const parameters of none)
      assert.deepEqual(declare({ parameters }).declaration, {
        name: "get_weather",
        description: "Tells the weather.",
      });
  });

  it("says how the model should wait, when that was chosen", () => {
    assert.ok(!("behavior" in declare({}).declaration));
    assert.equal(declare({ behavior: "BLOCKING" }).declaration.behavior, "BLOCKING");
    assert.equal(declare({ behavior: "NON_BLOCKING" }).declaration.behavior, "NON_BLOCKING");
  });

  it("is refused under a name that the API does not take", () => {
    for (const name of ["f", "_f", "home.light:on-2", "a".repeat(64)]) declare({ name });
    for (const name of ["", "2f", "get weather", "wetter_für", "-f", "a".repeat(65), "f\n"])
      assert.throws(() => declare({ name }), {
        name: "InputError",
        message: /^The function name ".*is not valid\. Start it with/s,
      });
  });

  it("is refused without a description", () => {
    for (const description of ["", " \n"])
      assert.throws(() => declare({ description }), {
        name: "InputError",
        message: /"get_weather" has no description\. Describe what it does/,
      });
  });

  it("does not change the schema that it was given", () => {
    const parameters = {
      type: "object",
      $defs: { place: { type: "string" } },
      properties: { city: { $ref: "#/$defs/place" }, unit: { type: ["string", "null"], const: "C" } },
    };
    const before = structuredClone(parameters);
    declare({ parameters }).check({ city: 1 });
    assert.deepEqual(parameters, before);
  });
});

describe("a JSON Schema is rewritten for the Gemini API", () => {
  it("with anyOf for oneOf", () => {
    assert.deepEqual(rewritten({ oneOf: [{ type: "string" }, { type: "integer" }] }), {
      anyOf: [{ type: "STRING" }, { type: "INTEGER" }],
    });
  });

  it("with what is said beside anyOf in each of its alternatives, because the API takes it only alone", () => {
    const city = {
      type: "object",
      description: "A place,",
      properties: { name: { type: "string" }, code: { type: "string" } },
      anyOf: [{ required: ["name"], description: "by name" }, { required: ["code"] }],
    };
    const properties = { name: { type: "STRING" }, code: { type: "STRING" } };
    assert.deepEqual(rewritten(city), {
      anyOf: [
        { type: "OBJECT", description: "A place, by name", properties, required: ["name"] },
        { type: "OBJECT", description: "A place,", properties, required: ["code"] },
      ],
    });
  });

  it("with one list of alternatives for lists within lists", () => {
    const inner = { anyOf: [{ type: "string" }, { type: "boolean" }] };
    assert.deepEqual(rewritten({ anyOf: [inner, { type: "integer" }] }), {
      anyOf: [{ type: "STRING" }, { type: "BOOLEAN" }, { type: "INTEGER" }],
    });
  });

  it("with enum for const", () => {
    assert.deepEqual(rewritten({ const: "Rome" }), { type: "STRING", enum: ["Rome"] });
    assert.deepEqual(rewritten({ oneOf: [{ const: "Rome" }, { const: "Oslo" }] }), {
      anyOf: [
        { type: "STRING", enum: ["Rome"] },
        { type: "STRING", enum: ["Oslo"] },
      ],
    });
  });

  it("with nullable for null among the types, the alternatives or the allowed values", () => {
    const text = { type: "STRING", nullable: true };
    assert.deepEqual(rewritten({ type: ["string", "null"] }), text);
    assert.deepEqual(rewritten({ type: "string", nullable: true }), text);
    assert.deepEqual(rewritten({ anyOf: [{ type: "string" }, { type: "null" }] }), text);
    assert.deepEqual(rewritten({ type: ["string", "null"], enum: ["C", null] }), { ...text, enum: ["C"] });
    assert.deepEqual(rewritten({ type: ["string", "integer", "null"], description: "One" }), {
      anyOf: [
        { type: "STRING", nullable: true, description: "One" },
        { type: "INTEGER", nullable: true, description: "One" },
      ],
    });
  });

  it("with the allowed numbers in words, because the API has enum for strings only", () => {
    assert.deepEqual(rewritten({ type: "integer", enum: [1, 2, 5], description: "How many." }), {
      type: "INTEGER",
      description: "How many. One of: 1, 2, 5.",
    });
    assert.deepEqual(rewritten({ const: 0.5 }), { type: "NUMBER", description: "One of: 0.5." });
    assert.match(withCity({ enum: [1, 2] }).check({ city: 3 })!, /city must be one of 1, 2/);
  });

  it("with references in place, and what is said beside them", () => {
    const $defs = {
      place: { type: "object", properties: { name: { $ref: "#/$defs/a~1b" } }, description: "A place" },
      "a/b": { type: "string" },
    };
    const place = { type: "OBJECT", properties: { name: { type: "STRING" } } };
    assert.deepEqual(rewritten({ $ref: "#/$defs/place" }, { $defs }), { ...place, description: "A place" });
    assert.deepEqual(rewritten({ $ref: "#/$defs/place", description: "Here" }, { $defs }), {
      ...place,
      description: "Here",
    });
    assert.deepEqual(
      rewritten(
        { anyOf: [{ $ref: "#/definitions/a" }, { $ref: "#/definitions/a" }] },
        { definitions: { a: { type: "string" } } },
      ),
      { anyOf: [{ type: "STRING" }, { type: "STRING" }] },
    );
  });

  it("with the parts of allOf as one", () => {
    const part = (name: string) => ({
      type: "object",
      properties: { [name]: { type: "string" } },
      required: [name],
    });
    assert.deepEqual(rewritten({ description: "Both", allOf: [part("a"), part("b")] }), {
      type: "OBJECT",
      description: "Both",
      properties: { a: { type: "STRING" }, b: { type: "STRING" } },
      required: ["a", "b"],
    });
  });

  it("without what the API has no word for; the arguments are checked for it all the same", () => {
    const tool = declare({
      parameters: {
        $schema: "http://json-schema.org/draft-07/schema#",
        $id: "https://example.org/weather",
        title: "Weather",
        type: "object",
        additionalProperties: false,
        properties: {
          city: { type: "string", title: "City", examples: ["Oslo"], default: "Oslo", format: "hostname" },
          days: { type: "number", multipleOf: 0.5, exclusiveMinimum: 0 },
        },
      },
    });
    assert.deepEqual(tool.declaration.parameters, {
      type: "OBJECT",
      properties: { city: { type: "STRING" }, days: { type: "NUMBER" } },
    });
    assert.match(tool.check({ days: 0.3 })!, /days must be multiple of 0.5/);
    assert.match(tool.check({ days: 0 })!, /days must be > 0/);
    assert.match(tool.check({ town: "Oslo" })!, /town is not a parameter/);
  });

  it("with the type that follows from what else is said", () => {
    assert.deepEqual(rewritten({ enum: ["a", "b"] }), { type: "STRING", enum: ["a", "b"] });
    assert.deepEqual(rewritten({ items: { type: "string" } }), { type: "ARRAY", items: { type: "STRING" } });
    assert.deepEqual(rewritten({ properties: { a: { type: "null" } } }), {
      type: "OBJECT",
      properties: { a: { type: "NULL" } },
    });
  });

  it("also when names in it are words of the language", () => {
    const parameters =
      '{"type":"object","properties":{"type":{"type":"string"},"constructor":{"type":"string"},"required":{"type":"string"}},"required":["type"]}';
    const { declaration } = declare({ parameters });
    assert.deepEqual(Object.keys(declaration.parameters!.properties!), ["type", "constructor", "required"]);
  });
});

describe("a JSON Schema is refused with the place and the reason", () => {
  it("when it is no JSON, or no object", () => {
    refuses('{"type": "object"', /JSON/);
    for (const parameters of ["[]", '"object"', "null", "7", [], 7])
      refuses(parameters, /must be a JSON Schema/);
  });

  it("when its type is not object", () => {
    refuses({ type: "string" }, /the type must be "object"/);
    refuses({ properties: { a: { type: "string" } } }, /the type must be "object"/);
    refuses(
      { anyOf: [{ type: "object" }, { type: "object" }] },
      /anyOf and oneOf are not supported for the arguments as a whole/,
    );
  });

  it("when a parameter has a name that the API does not take", () => {
    for (const name of ["", "2nd", "the city", "größe", "city (2)", "a".repeat(65)])
      refuses(
        { type: "object", properties: { [name]: { type: "string" } } },
        /at properties: the name ".*" is not valid; use letters/,
      );
  });

  it("when a type is unknown or missing", () => {
    refusesCity({ type: "text" }, /at properties\.city: the type "text" does not exist; use one of string, /);
    refusesCity(
      { type: ["string", "text"] },
      /at properties\.city\.anyOf\[1\]: the type "text" does not exist/,
    );
    refusesCity({ description: "Where" }, /at properties\.city: the type is missing; use one of string, /);
    refusesCity(true, /at properties\.city: true is not a schema/);
    refusesCity({ type: "array" }, /an array needs items/);
    refusesCity({ type: "array", items: {} }, /at properties\.city\.items: the type is missing/);
  });

  it("when a required name is none of the properties", () => {
    refusesCity({ type: "string" }, /at required: "town" is not one of the properties/, {
      required: ["city", "town"],
    });
    refusesCity({ type: "string" }, /at required: "toString" is not one/, { required: ["toString"] });
    refusesCity({ type: "string" }, /at required: it must be an array/, { required: true });
  });

  it("when allowed values do not fit the type, or are what the API does not take", () => {
    refusesCity({ type: "string", enum: ["a", 1] }, /the allowed value 1 is not of type string/);
    refusesCity({ type: "integer", enum: ["1"] }, /the allowed value "1" is not of type integer/);
    refusesCity({ enum: ["a", 1] }, /the type is missing/);
    refusesCity({ type: "object", enum: [{}] }, /the allowed value \{\} is not of type object/);
    refusesCity({ type: "string", enum: ["", "a"] }, /does not accept an empty string/);
    refusesCity({ type: "string", enum: "a" }, /at properties\.city\.enum: it must be an array/);
  });

  it("when a reference is recursive, leads out of it or to nothing", () => {
    const $defs = { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } };
    refusesCity(
      { $ref: "#/$defs/node" },
      /at properties\.city\.properties\.next: \$ref "#\/\$defs\/node" points to itself/,
      { $defs },
    );
    refusesCity({ $ref: "#" }, /points to itself/);
    refusesCity({ $ref: "https://example.org/place.json" }, /points out of the schema/);
    refusesCity({ $ref: "#/$defs/town" }, /points to nothing/);
    refusesCity({ $dynamicRef: "#node" }, /only \$ref/);
  });

  it("when the API has nothing that means the same", () => {
    refusesCity(
      { type: "array", prefixItems: [{ type: "string" }] },
      /does not support arrays with a schema for each position/,
    );
    refusesCity(
      { type: "array", items: [{ type: "string" }] },
      /does not support arrays with a schema for each position/,
    );
    const two = [{ type: "string" }, { type: "integer" }];
    refusesCity({ anyOf: two, oneOf: two }, /anyOf and oneOf stand side by side/);
    refusesCity({ allOf: [{ anyOf: two }, { anyOf: two }] }, /several choices .* apply at once/);
  });

  it("when a keyword has a value that it cannot have", () => {
    refusesCity({ type: "string", minLength: "one" }, /minLength/);
    refusesCity({ type: "string", pattern: "(" }, /regular expression/i);
  });

  it("and never by anything but an InputError, however odd it is", () => {
    const circular: { [name: string]: unknown } = { type: "object" };
    circular.properties = { city: circular };
    refuses(circular, /./);
    for (const properties of [
      7,
      [],
      null,
      { city: null },
      { city: { properties: 1 } },
      { city: { anyOf: {} } },
    ])
      refuses({ type: "object", properties }, /at properties/);
  });
});

describe("the arguments of a call", () => {
  const tool = withCity(
    { type: "string" },
    {
      properties: {
        city: { type: "string" },
        unit: { enum: ["C", "F"] },
        always: { const: "yes" },
        places: {
          type: "array",
          items: { type: "object", properties: { lat: { type: "number" } }, required: ["lat"] },
        },
      },
      required: ["city"],
    },
  );

  it("fit without a word, and are not changed", () => {
    const args = Object.freeze({ city: "Oslo", unit: "C", more: 1 });
    assert.equal(tool.check(args), undefined);
    assert.equal(declare({}).check(undefined), undefined);
    assert.equal(declare({}).check({}), undefined);
  });

  it("that do not fit are told all that is wrong at once, by the names that the model knows", () => {
    assert.equal(
      tool.check({ unit: "K", always: 1, places: [{ lat: "59" }, {}] }),
      'The arguments of get_weather are not valid: city is missing; unit must be one of "C", "F"; always must be "yes"; ' +
        "places.0.lat must be number; places.1.lat is missing. Call it again with valid arguments.",
    );
    assert.match(tool.check("Oslo")!, /the arguments must be object/);
    assert.match(tool.check(undefined)!, /city is missing/);
  });

  it("that are wrong in very many places are told the first of them", () => {
    const places = Array.from({ length: 1_000 }, () => ({}));
    const told = tool.check({ city: "Oslo", places })!;
    assert.match(told, /places\.9\.lat is missing; and 990 more\. Call/);
  });

  it("are checked without a word on the console, also for formats and keywords that nobody knows", () => {
    const said: unknown[] = [];
    for (const name of ["log", "warn", "error", "info"] as const)
      replace(console, name, (...words: unknown[]) => said.push(words));
    const odd = withCity({ type: "string", format: "planet", colour: "red" });
    assert.equal(odd.check({ city: "Mars" }), undefined);
    assert.deepEqual(said, []);
  });

  it("are checked by tools that were declared again and again, under the same $id", () => {
    const parameters = {
      $id: "https://example.org/weather",
      type: "object",
      properties: { city: { type: "string" } },
    };
    for (const _ of [1, 2, 3])
      assert.match(declare({ parameters }).check({ city: 1 })!, /city must be string/);
  });
});
