// Reads JSON by a table of fields, as Google's servers read ProtoJSON: accepts camelCase and snake_case names, refuses
// unknown names and invalid values with the server's messages.

import { Refusal } from "./refusals";

/** A scalar type. `value`: any JSON; `struct`: any JSON object; `timestamp`: read as ms since 1970. */
type Scalar = "string" | "bytes" | "bool" | "int32" | "int64" | "float" | "timestamp" | "struct" | "value";

/** The type of a field. A function refers to a type that contains itself. */
export type Field =
  | Scalar
  | { values: readonly string[] }
  | { list: Field }
  | { map: Field }
  | { fields: Readonly<Record<string, Field>> }
  | (() => Field);

/** A duration as the server writes it, such as `0.160s` or `10s`. */
export const duration = (ms: number) => `${ms % 1000 ? (ms / 1000).toFixed(3) : ms / 1000}s`;

/** Several fields of the same type. */
export const all = (type: Field, ...names: string[]) => Object.fromEntries(names.map((name) => [name, type]));
/** A message with these fields. */
export const message = (fields: Record<string, Field>): Field => ({ fields });
/** A repeated field. */
export const list = (type: Field): Field => ({ list: type });
/** An enumeration. @param prefix the common prefix of its values */
export const values = (prefix: string, ...names: string[]): Field => ({
  values: names.map((name) => prefix + name),
});

type Json = Record<string, unknown>;

const types = "type.googleapis.com/google.ai.generativelanguage.v1beta.";
const base64 = /^[\w+/-]*={0,2}$/;
/** RFC 3339, as ProtoJSON accepts it. */
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
/** Types that are messages of protobuf itself. */
const wellKnown: Partial<Record<Scalar, string>> = {
  struct: "type.googleapis.com/google.protobuf.Struct",
  timestamp: "type.googleapis.com/google.protobuf.Timestamp",
};

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function unknownName(name: string, path: string, why: string) {
  const where = path && ` at '${path}'`;
  return new Refusal(`Invalid JSON payload received. Unknown name "${name}"${where}: ${why}`);
}

function invalidValue(value: unknown, path: string, type: string) {
  return new Refusal(`Invalid value at '${path}' (${type}), ${JSON.stringify(value)}`);
}

/** The type's name as the server prints it: the field's name in PascalCase. */
function typeName(path: string) {
  const last = path.slice(path.lastIndexOf(".") + 1).replace(/\[.*/, "");
  return types + camel(`_${last}`);
}

const isInteger = (value: unknown, most: number) => {
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  return Number.isInteger(number) && Math.abs(number as number) <= most;
};

const isTimestamp = (value: string) => timestamp.test(value) && !Number.isNaN(Date.parse(value));

function readScalar(value: unknown, type: Scalar, path: string): unknown {
  const fits =
    type === "value" ||
    (type === "struct" && isObject(value)) ||
    (type === "bool" && typeof value === "boolean") ||
    (type === "float" && typeof value === "number") ||
    (type === "int32" && isInteger(value, 2 ** 31 - 1)) ||
    (type === "int64" && isInteger(value, 2 ** 63)) ||
    (type === "timestamp" && typeof value === "string" && isTimestamp(value)) ||
    ((type === "string" || type === "bytes") && typeof value === "string");
  if (!fits) throw invalidValue(value, path, wellKnown[type] ?? `TYPE_${type.toUpperCase()}`);
  if (type === "bytes" && (!base64.test(String(value)) || String(value).replace(/=+$/, "").length % 4 === 1))
    throw new Refusal(`Invalid value at '${path}' (TYPE_BYTES), Base64 decoding failed for "${value}"`);
  if (type === "timestamp") return Date.parse(String(value));
  return type === "int32" || type === "int64" ? Number(value) : value;
}

/**
 * Checks a value. null counts as absent, as in ProtoJSON.
 * @param path the field's path in snake_case; empty for the frame itself
 * @returns a copy with all names in camelCase
 * @throws Refusal for an unknown name or an invalid value
 */
export function readField(value: unknown, field: Field, path: string): unknown {
  if (typeof field === "function") return readField(value, field(), path);
  if (typeof field === "string") return readScalar(value, field, path);
  if ("values" in field) {
    if (!field.values.includes(value as string)) throw invalidValue(value, path, typeName(path));
    return value;
  }
  if ("list" in field) {
    // The server accepts a single value for a list of one.
    const items: unknown[] = Array.isArray(value) ? value : [value];
    return items.map((item, index) => readField(item, field.list, `${path}[${index}]`));
  }
  if (Array.isArray(value)) {
    const dot = path.lastIndexOf(".");
    throw unknownName(
      path.slice(dot + 1),
      path.slice(0, Math.max(dot, 0)),
      "Proto field is not repeating, cannot start list.",
    );
  }
  if (!isObject(value)) throw invalidValue(value, path, typeName(path));
  if ("map" in field)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, readField(item, field.map, `${path}[${key}]`)]),
    );
  const result: Json = {};
  for (const [key, item] of Object.entries(value)) {
    const name = [key, camel(key)].find((name) => Object.hasOwn(field.fields, name));
    if (name === undefined) throw unknownName(key, path, "Cannot find field.");
    if (item === null) continue;
    result[name] = readField(item, field.fields[name]!, path ? `${path}.${snake(name)}` : snake(name));
  }
  return result;
}

/**
 * Reads one path of a field mask, such as `generationConfig.topK`.
 * @returns its names in camelCase; undefined if the message has no such field (a path must not enter a list or a map)
 */
export function readPath(path: string, field: Field): string[] | undefined {
  const names = path.split(".").map(camel);
  let at: Field | undefined = field;
  for (const name of names) {
    if (typeof at === "function") at = at();
    const fields: Readonly<Record<string, Field>> = typeof at === "object" && "fields" in at ? at.fields : {};
    if (!Object.hasOwn(fields, name)) return undefined;
    at = fields[name];
  }
  return names;
}

/**
 * Parses the text of a frame.
 * @throws Refusal unless it is a JSON object
 */
export function parseObject(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal("Invalid JSON payload received. Unexpected token.");
  }
  if (!isObject(value)) throw new Refusal("Invalid JSON payload received. Root element must be a message.");
  return value;
}
