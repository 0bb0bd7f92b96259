// Converts a JSON Schema to the Schema of the Gemini API's function declarations, which has fewer keywords. Unknown keywords that
// only restrict values are left out, because the arguments are checked against the original; those that define the structure are
// rewritten or refused.

import { type Schema, Type } from "@google/genai";
import { InputError } from "../server/errors";

/** A parsed JSON Schema, not validated. */
export type JsonSchema = Record<string, unknown>;

/** The position in a schema, for errors and references. */
interface Place {
  root: JsonSchema;
  /** For example `properties.city`; empty for the root. */
  path: string;
  /** The references on the path to this position. */
  refs: readonly string[];
}

const TYPES = ["string", "number", "integer", "boolean", "array", "object", "null"];
/** The Gemini API's rule for parameter names (FunctionDeclaration.parameters in the SDK's types). */
const PARAMETER = /^[A-Za-z_]\w{0,63}$/;
/** The formats that the Gemini API accepts; it refuses a setup with others. */
const FORMATS = ["date-time", "float", "double", "int32", "int64"];
/** Keywords that are copied, by type. The counts are int64, which the API writes as strings. */
const COPIED: Record<string, readonly (keyof Schema)[]> = {
  string: ["pattern"],
  number: ["minimum", "maximum"],
  integer: ["minimum", "maximum"],
};
const COUNTED: Record<string, readonly (keyof Schema)[]> = {
  string: ["minLength", "maxLength"],
  array: ["minItems", "maxItems"],
  object: ["minProperties", "maxProperties"],
};

/**
 * Converts the JSON Schema of a function's arguments. Undefined for no arguments, because the API refuses an object without
 * properties. Throws an InputError that starts with the position in the schema.
 */
export function toGeminiSchema(root: JsonSchema): Schema | undefined {
  const schema = simplify(root, { root, path: "", refs: [] });
  if (schema.anyOf)
    refuse("", "anyOf and oneOf are not supported for the arguments as a whole; put them into a property");
  if (schema.type !== "object") refuse("", `the type must be "object"`);
  const names = Object.keys((schema.properties as JsonSchema | undefined) ?? {});
  for (const name of names)
    if (!PARAMETER.test(name))
      refuse(
        "properties",
        `the name "${name}" is not valid; use letters, digits and _, start with no digit, at most 64 characters`,
      );
  const converted = convert(schema, "");
  return names.length ? converted : undefined;
}

/** Resolves references and allOf, and rewrites every choice of types or schemas as one anyOf without siblings. */
function simplify(given: unknown, place: Place): JsonSchema {
  const { $ref, allOf, oneOf, anyOf, type, properties, items, prefixItems, ...own } = asObject(
    given,
    place.path,
  );
  const { path } = place;
  if (own.$dynamicRef !== undefined || own.$recursiveRef !== undefined)
    refuse(path, "of the references only $ref is supported");
  if (anyOf !== undefined && oneOf !== undefined)
    refuse(path, "anyOf and oneOf stand side by side; nest one in the other");
  if (prefixItems !== undefined || Array.isArray(items))
    refuse(path, "the Gemini API does not support arrays with a schema for each position; use an object");
  if (properties !== undefined)
    own.properties = Object.fromEntries(
      Object.entries(asObject(properties, at(path, "properties"))).map(([name, property]) => [
        name,
        simplify(property, { ...place, path: at(path, `properties.${name}`) }),
      ]),
    );
  if (items !== undefined) own.items = simplify(items, { ...place, path: at(path, "items") });
  const each = (list: unknown, keyword: string) =>
    asList(list, at(path, keyword)).map((part, index) =>
      simplify(part, { ...place, path: at(path, `${keyword}[${index}]`) }),
    );
  const choices = anyOf !== undefined ? each(anyOf, "anyOf") : oneOf !== undefined && each(oneOf, "oneOf");
  if (choices) own.anyOf = choices;
  else if (Array.isArray(type)) own.anyOf = type.map((one) => ({ type: one }));
  if (type !== undefined && !Array.isArray(type)) own.type = type;

  const base = [
    ...($ref === undefined ? [] : [follow($ref, place)]),
    ...(allOf === undefined ? [] : each(allOf, "allOf")),
    own,
  ].reduce((a, b) => merge(a, b, path));
  return distribute(base, path);
}

/** Turns a null among the alternatives into `nullable`, and copies the siblings of anyOf into each, because the API accepts none. */
function distribute({ anyOf, ...shared }: JsonSchema, path: string): JsonSchema {
  if (!anyOf) return shared;
  const all = (anyOf as JsonSchema[]).flatMap((one) => (one.anyOf as JsonSchema[] | undefined) ?? [one]);
  const choices = all.filter(({ type }) => type !== "null");
  if (choices.length < all.length) shared.nullable = true;
  if (choices.length === 0) return { ...shared, type: "null" };
  const merged = choices.map((choice) => ({
    ...merge(shared, choice, path),
    ...(shared.description && choice.description
      ? { description: `${shared.description} ${choice.description}` }
      : {}),
  }));
  return merged.length === 1 ? merged[0]! : { anyOf: merged };
}

/** Merges two schemas; where both have a keyword, the second counts. */
function merge(a: JsonSchema, b: JsonSchema, path: string): JsonSchema {
  if (a.anyOf && b.anyOf)
    refuse(path, "several choices (anyOf, oneOf or lists of types) apply at once; combine them into one");
  const merged = { ...a, ...b };
  if (a.properties && b.properties) {
    const first = a.properties as Record<string, JsonSchema>;
    const second = b.properties as Record<string, JsonSchema>;
    merged.properties = Object.fromEntries(
      Object.keys({ ...first, ...second }).map((name) => {
        const inPath = at(path, `properties.${name}`);
        return [name, distribute(merge(first[name] ?? {}, second[name] ?? {}, inPath), inPath)];
      }),
    );
  }
  if (Array.isArray(a.required) && Array.isArray(b.required))
    merged.required = [...new Set([...a.required, ...b.required])];
  return merged;
}

function follow(ref: unknown, place: Place): JsonSchema {
  const { root, path, refs } = place;
  if (typeof ref !== "string" || !/^#(\/|$)/.test(ref))
    return refuse(path, `$ref ${JSON.stringify(ref)} points out of the schema; use #/…`);
  if (ref === "#" || refs.includes(ref))
    return refuse(path, `$ref "${ref}" points to itself; the Gemini API does not support recursive schemas`);
  let target: unknown = root;
  for (const step of ref.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    target =
      typeof target === "object" && target !== null && Object.hasOwn(target, name)
        ? (target as JsonSchema)[name]
        : undefined;
  }
  if (target === undefined) refuse(path, `$ref "${ref}" points to nothing`);
  return simplify(target, { ...place, refs: [...refs, ref] });
}

function convert(schema: JsonSchema, path: string): Schema {
  const { anyOf, description, format, items, properties, required } = schema;
  const converted: Schema = {};
  if (typeof description === "string" && description) converted.description = description;
  if (schema.nullable === true) converted.nullable = true;
  if (anyOf) {
    converted.anyOf = (anyOf as JsonSchema[]).map((choice, index) =>
      convert(choice, at(path, `anyOf[${index}]`)),
    );
    return converted;
  }
  const type = typeOf(schema, path);
  converted.type = Type[type.toUpperCase() as keyof typeof Type];
  if (FORMATS.includes(format as string)) converted.format = format as string;
  for (const keyword of COPIED[type] ?? [])
    if (schema[keyword] !== undefined) Object.assign(converted, { [keyword]: schema[keyword] });
  for (const keyword of COUNTED[type] ?? [])
    if (schema[keyword] !== undefined) Object.assign(converted, { [keyword]: String(schema[keyword]) });
  allowValues(schema, type, path, converted);
  if (type === "array")
    converted.items = items
      ? convert(items as JsonSchema, at(path, "items"))
      : refuse(path, "an array needs items");
  if (type === "object" && properties) {
    converted.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        convert(property, at(path, `properties.${name}`)),
      ]),
    );
  }
  if (type === "object" && required !== undefined) {
    const names = asList(required, at(path, "required"));
    for (const name of names)
      if (typeof name !== "string" || !Object.hasOwn((properties as object | undefined) ?? {}, name))
        refuse(at(path, "required"), `${JSON.stringify(name)} is not one of the properties`);
    if (names.length) converted.required = names as string[];
  }
  return converted;
}

/** Returns the type, which may also follow from other keywords. */
function typeOf(schema: JsonSchema, path: string): string {
  const { type, properties, items } = schema;
  if (typeof type === "string" && TYPES.includes(type)) return type;
  if (type !== undefined)
    return refuse(path, `the type ${JSON.stringify(type)} does not exist; use one of ${TYPES.join(", ")}`);
  if (properties) return "object";
  if (items) return "array";
  const values = valuesOf(schema, path)?.filter((value) => value !== null) ?? [];
  const fitting = ["string", "boolean", "integer", "number"].find((one) =>
    values.every((value) => isA(value, one)),
  );
  return values.length && fitting
    ? fitting
    : refuse(path, `the type is missing; use one of ${TYPES.join(", ")}`);
}

/** The API has enum for strings only, so the values of other types go into the description. */
function allowValues(schema: JsonSchema, type: string, path: string, converted: Schema) {
  const values = valuesOf(schema, path);
  if (!values) return;
  if (values.includes(null) && type !== "null") converted.nullable = true;
  const own = values.filter((value) => value !== null);
  for (const value of own)
    if (!isA(value, type)) refuse(path, `the allowed value ${JSON.stringify(value)} is not of type ${type}`);
  if (own.includes("")) refuse(path, "the Gemini API does not accept an empty string as an allowed value");
  if (type === "string") converted.enum = own as string[];
  else if (own.length)
    converted.description = `${converted.description ? `${converted.description} ` : ""}One of: ${own.join(", ")}.`;
}

function valuesOf(schema: JsonSchema, path: string): unknown[] | undefined {
  if (schema.const !== undefined) return [schema.const];
  return schema.enum === undefined ? undefined : asList(schema.enum, at(path, "enum"));
}

function isA(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  return ["string", "number", "boolean"].includes(type) && typeof value === type;
}

function asObject(value: unknown, path: string): JsonSchema {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonSchema;
  return refuse(path, `${JSON.stringify(value)} is not a schema; use an object`);
}

function asList(value: unknown, path: string): unknown[] {
  return Array.isArray(value) ? value : refuse(path, "it must be an array");
}

const at = (path: string, step: string) => (path ? `${path}.${step}` : step);

function refuse(path: string, why: string): never {
  throw new InputError(path ? `at ${path}: ${why}` : why);
}
