// How the JSON Schema of a tool becomes a schema of the Gemini API, and which schemas are rejected.

import assert from "node:assert/strict";
import type { Schema } from "@google/genai";
import { describe, it } from "mocha";
import { InputError } from "../../../live/server/errors";
import { declare, withCity } from "./weather";

/** The converted schema of one parameter. */
const converted = (city: unknown, more?: object): Schema | undefined =>
  withCity(city, more).declaration.parameters?.properties?.city;
const rejects = (parameters: unknown, message: RegExp) =>
  assert.throws(
    () => declare({ parameters }),
    (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /^The parameters of the function "get_weather" are not valid: /);
      assert.match(error.message, message);
      return true;
    },
  );
const rejectsCity = (city: unknown, message: RegExp, more: object = {}) =>
  rejects({ type: "object", properties: { city }, ...more }, message);

describe("a JSON Schema is converted for the Gemini API", () => {
  it("with anyOf for oneOf", () => {
    assert.deepEqual(converted({ oneOf: [{ type: "string" }, { type: "integer" }] }), {
      anyOf: [{ type: "STRING" }, { type: "INTEGER" }],
    });
  });

  it("with the keywords beside anyOf moved into each alternative, because the API accepts anyOf only alone", () => {
    const city = {
      type: "object",
      description: "A place,",
      properties: { name: { type: "string" }, code: { type: "string" } },
      anyOf: [{ required: ["name"], description: "by name" }, { required: ["code"] }],
    };
    const properties = { name: { type: "STRING" }, code: { type: "STRING" } };
    assert.deepEqual(converted(city), {
      anyOf: [
        { type: "OBJECT", description: "A place, by name", properties, required: ["name"] },
        { type: "OBJECT", description: "A place,", properties, required: ["code"] },
      ],
    });
  });

  it("with nested anyOf as one list of alternatives", () => {
    const inner = { anyOf: [{ type: "string" }, { type: "boolean" }] };
    assert.deepEqual(converted({ anyOf: [inner, { type: "integer" }] }), {
      anyOf: [{ type: "STRING" }, { type: "BOOLEAN" }, { type: "INTEGER" }],
    });
  });

  it("with enum for const", () => {
    assert.deepEqual(converted({ const: "Rome" }), { type: "STRING", enum: ["Rome"] });
    assert.deepEqual(converted({ oneOf: [{ const: "Rome" }, { const: "Oslo" }] }), {
      anyOf: [
        { type: "STRING", enum: ["Rome"] },
        { type: "STRING", enum: ["Oslo"] },
      ],
    });
  });

  it("with nullable for null among the types, the alternatives or the allowed values", () => {
    const text = { type: "STRING", nullable: true };
    assert.deepEqual(converted({ type: ["string", "null"] }), text);
    assert.deepEqual(converted({ type: "string", nullable: true }), text);
    assert.deepEqual(converted({ anyOf: [{ type: "string" }, { type: "null" }] }), text);
    assert.deepEqual(converted({ type: ["string", "null"], enum: ["C", null] }), { ...text, enum: ["C"] });
    assert.deepEqual(converted({ type: ["string", "integer", "null"], description: "One" }), {
      anyOf: [
        { type: "STRING", nullable: true, description: "One" },
        { type: "INTEGER", nullable: true, description: "One" },
      ],
    });
  });

  it("with allowed numbers in the description, because the API has enum for strings only", () => {
    assert.deepEqual(converted({ type: "integer", enum: [1, 2, 5], description: "How many." }), {
      type: "INTEGER",
      description: "How many. One of: 1, 2, 5.",
    });
    assert.deepEqual(converted({ const: 0.5 }), { type: "NUMBER", description: "One of: 0.5." });
    assert.match(withCity({ enum: [1, 2] }).check({ city: 3 })!, /city must be one of 1, 2/);
  });

  it("with references replaced by what they point to, and the keywords beside them kept", () => {
    const $defs = {
      place: { type: "object", properties: { name: { $ref: "#/$defs/a~1b" } }, description: "A place" },
      "a/b": { type: "string" },
    };
    const place = { type: "OBJECT", properties: { name: { type: "STRING" } } };
    assert.deepEqual(converted({ $ref: "#/$defs/place" }, { $defs }), { ...place, description: "A place" });
    assert.deepEqual(converted({ $ref: "#/$defs/place", description: "Here" }, { $defs }), {
      ...place,
      description: "Here",
    });
    assert.deepEqual(
      converted(
        { anyOf: [{ $ref: "#/definitions/a" }, { $ref: "#/definitions/a" }] },
        { definitions: { a: { type: "string" } } },
      ),
      { anyOf: [{ type: "STRING" }, { type: "STRING" }] },
    );
  });

  it("with the parts of allOf merged", () => {
    const part = (name: string) => ({
      type: "object",
      properties: { [name]: { type: "string" } },
      required: [name],
    });
    assert.deepEqual(converted({ description: "Both", allOf: [part("a"), part("b")] }), {
      type: "OBJECT",
      description: "Both",
      properties: { a: { type: "STRING" }, b: { type: "STRING" } },
      required: ["a", "b"],
    });
  });

  it("without keywords that the API lacks; the arguments are still checked against them", () => {
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

  it("with a missing type inferred from the other keywords", () => {
    assert.deepEqual(converted({ enum: ["a", "b"] }), { type: "STRING", enum: ["a", "b"] });
    assert.deepEqual(converted({ items: { type: "string" } }), { type: "ARRAY", items: { type: "STRING" } });
    assert.deepEqual(converted({ properties: { a: { type: "null" } } }), {
      type: "OBJECT",
      properties: { a: { type: "NULL" } },
    });
  });

  it("also when parameters are named like keywords or properties of JavaScript objects", () => {
    const parameters =
      '{"type":"object","properties":{"type":{"type":"string"},"constructor":{"type":"string"},"required":{"type":"string"}},"required":["type"]}';
    const { declaration } = declare({ parameters });
    assert.deepEqual(Object.keys(declaration.parameters!.properties!), ["type", "constructor", "required"]);
  });
});

describe("a JSON Schema is rejected with the path and the reason", () => {
  it("when it is not JSON, or not an object", () => {
    rejects('{"type": "object"', /JSON/);
    for (const parameters of ["[]", '"object"', "null", "7", [], 7])
      rejects(parameters, /must be a JSON Schema/);
  });

  it("when its type is not object", () => {
    rejects({ type: "string" }, /the type must be "object"/);
    rejects({ properties: { a: { type: "string" } } }, /the type must be "object"/);
    rejects(
      { anyOf: [{ type: "object" }, { type: "object" }] },
      /anyOf and oneOf are not supported for the arguments as a whole/,
    );
  });

  it("when a parameter has a name that the API does not accept", () => {
    for (const name of ["", "2nd", "the city", "größe", "city (2)", "a".repeat(65)])
      rejects(
        { type: "object", properties: { [name]: { type: "string" } } },
        /at properties: the name ".*" is not valid; use letters/,
      );
  });

  it("when a type is unknown or missing", () => {
    rejectsCity({ type: "text" }, /at properties\.city: the type "text" does not exist; use one of string, /);
    rejectsCity(
      { type: ["string", "text"] },
      /at properties\.city\.anyOf\[1\]: the type "text" does not exist/,
    );
    rejectsCity({ description: "Where" }, /at properties\.city: the type is missing; use one of string, /);
    rejectsCity(true, /at properties\.city: true is not a schema/);
    rejectsCity({ type: "array" }, /an array needs items/);
    rejectsCity({ type: "array", items: {} }, /at properties\.city\.items: the type is missing/);
  });

  it("when a required name is none of the properties", () => {
    rejectsCity({ type: "string" }, /at required: "town" is not one of the properties/, {
      required: ["city", "town"],
    });
    rejectsCity({ type: "string" }, /at required: "toString" is not one/, { required: ["toString"] });
    rejectsCity({ type: "string" }, /at required: it must be an array/, { required: true });
  });

  it("when an allowed value is not of the type, or the API does not accept it", () => {
    rejectsCity({ type: "string", enum: ["a", 1] }, /the allowed value 1 is not of type string/);
    rejectsCity({ type: "integer", enum: ["1"] }, /the allowed value "1" is not of type integer/);
    rejectsCity({ enum: ["a", 1] }, /the type is missing/);
    rejectsCity({ type: "object", enum: [{}] }, /the allowed value \{\} is not of type object/);
    rejectsCity({ type: "string", enum: ["", "a"] }, /does not accept an empty string/);
    rejectsCity({ type: "string", enum: "a" }, /at properties\.city\.enum: it must be an array/);
  });

  it("when a reference is recursive, external or points to nothing", () => {
    const $defs = { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } };
    rejectsCity(
      { $ref: "#/$defs/node" },
      /at properties\.city\.properties\.next: \$ref "#\/\$defs\/node" points to itself/,
      { $defs },
    );
    rejectsCity({ $ref: "#" }, /points to itself/);
    rejectsCity({ $ref: "https://example.org/place.json" }, /points out of the schema/);
    rejectsCity({ $ref: "#/$defs/town" }, /points to nothing/);
    rejectsCity({ $dynamicRef: "#node" }, /only \$ref/);
  });

  it("when the API has no equivalent", () => {
    rejectsCity(
      { type: "array", prefixItems: [{ type: "string" }] },
      /does not support arrays with a schema for each position/,
    );
    rejectsCity(
      { type: "array", items: [{ type: "string" }] },
      /does not support arrays with a schema for each position/,
    );
    const two = [{ type: "string" }, { type: "integer" }];
    rejectsCity({ anyOf: two, oneOf: two }, /anyOf and oneOf stand side by side/);
    rejectsCity({ allOf: [{ anyOf: two }, { anyOf: two }] }, /several choices .* apply at once/);
  });

  it("when a keyword has an invalid value", () => {
    rejectsCity({ type: "string", minLength: "one" }, /minLength/);
    rejectsCity({ type: "string", pattern: "(" }, /regular expression/i);
  });

  it("with an InputError, whatever is wrong with it", () => {
    const circular: { [name: string]: unknown } = { type: "object" };
    circular.properties = { city: circular };
    rejects(circular, /./);
    for (const properties of [
      7,
      [],
      null,
      { city: null },
      { city: { properties: 1 } },
      { city: { anyOf: {} } },
    ])
      rejects({ type: "object", properties }, /at properties/);
  });
});
