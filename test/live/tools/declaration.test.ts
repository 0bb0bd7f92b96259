// The declaration of a tool, and the check of the arguments of its calls.

import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { replace } from "../../clean-up";
import { declare, withCity } from "./weather";

describe("the declaration of a tool", () => {
  it("has the name, the description and the parameters: as they are, and in the schema of the Gemini API", () => {
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
      parametersJsonSchema: parameters,
    };
    assert.deepEqual(declare({ parameters }).declaration, expected);
    assert.deepEqual(declare({ parameters: JSON.stringify(parameters) }).declaration, expected);
  });

  it("has no parameters when the tool takes no arguments", () => {
    const none = ["", "  ", undefined, {}, "{}", { type: "object" }, '{"type":"object","properties":{}}'];
    for (const parameters of none)
      assert.deepEqual(declare({ parameters }).declaration, {
        name: "get_weather",
        description: "Tells the weather.",
      });
  });

  it("has a behavior only when one was chosen", () => {
    assert.ok(!("behavior" in declare({}).declaration));
    assert.equal(declare({ behavior: "BLOCKING" }).declaration.behavior, "BLOCKING");
    assert.equal(declare({ behavior: "NON_BLOCKING" }).declaration.behavior, "NON_BLOCKING");
  });

  it("is rejected with a function name that the API does not accept", () => {
    for (const name of ["f", "_f", "home.light:on-2", "a".repeat(64)]) declare({ name });
    for (const name of ["", "2f", "get weather", "wetter_für", "-f", "a".repeat(65), "f\n"])
      assert.throws(() => declare({ name }), {
        code: "GEMINI_SETTING",
        message: /^The function name ".*is not valid\. Start it with/s,
      });
  });

  it("is rejected without a description", () => {
    for (const description of ["", " \n"])
      assert.throws(() => declare({ description }), {
        code: "GEMINI_SETTING",
        message: /"get_weather" has no description\. Describe what it does/,
      });
  });

  it("does not change the schema of the settings", () => {
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

describe("the arguments of a tool call", () => {
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

  it("pass when they are valid, and are not changed", () => {
    const args = Object.freeze({ city: "Oslo", unit: "C", more: 1 });
    assert.equal(tool.check(args), undefined);
    assert.equal(declare({}).check(undefined), undefined);
    assert.equal(declare({}).check({}), undefined);
  });

  it("get one error that names everything invalid by its path in the arguments", () => {
    assert.equal(
      tool.check({ unit: "K", always: 1, places: [{ lat: "59" }, {}] }),
      'The arguments of get_weather are not valid: city is missing; unit must be one of "C", "F"; always must be "yes"; ' +
        "places.0.lat must be number; places.1.lat is missing. Call it again with valid arguments.",
    );
    assert.match(tool.check("Oslo")!, /the arguments must be object/);
    assert.match(tool.check(undefined)!, /city is missing/);
  });

  it("get an error with the first 10 invalid values and the number of the others", () => {
    const places = Array.from({ length: 1_000 }, () => ({}));
    const error = tool.check({ city: "Oslo", places })!;
    assert.match(error, /places\.9\.lat is missing; and 990 more\. Call/);
  });

  it("are checked without output on the console, also for unknown formats and keywords", () => {
    const printed: unknown[] = [];
    for (const name of ["log", "warn", "error", "info"] as const)
      replace(console, name, (...words: unknown[]) => printed.push(words));
    const odd = withCity({ type: "string", format: "planet", colour: "red" });
    assert.equal(odd.check({ city: "Mars" }), undefined);
    assert.deepEqual(printed, []);
  });

  it("are checked also when tools with the same $id are declared again", () => {
    const parameters = {
      $id: "https://example.org/weather",
      type: "object",
      properties: { city: { type: "string" } },
    };
    for (const _ of [1, 2, 3])
      assert.match(declare({ parameters }).check({ city: 1 })!, /city must be string/);
  });
});
