// The tools of a setup or a context update: which fields they may have, what the server checks in them beyond that, and
// what is then known of them.

import { all, type Field, list, message, values } from "./proto-json";
import { invalidArgument, Refusal } from "./refusals";

/** Whether the model waits for the response of a function. */
export type Behavior = "BLOCKING" | "NON_BLOCKING";

/** A function that the model calls, and its arguments. */
export interface FunctionCall {
  name: string;
  args?: object;
}

/** Gemini's subset of a schema, as far as it is looked at here. */
interface Schema {
  type?: string;
  enum?: string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
}

/** One function that the model may call. */
interface FunctionDeclaration {
  name?: string;
  behavior?: Behavior | "UNSPECIFIED";
  parameters?: Schema;
  parametersJsonSchema?: unknown;
}

/** One tool of the setup: the keys are the kinds of tools. */
export interface Tool {
  functionDeclarations?: FunctionDeclaration[];
  googleSearch?: object;
}

/** What a model may use. */
export interface Tools {
  /** by name */
  functions: ReadonlyMap<string, Behavior>;
  /** Google Search. */
  search: boolean;
}

const schemaTypes = "TYPE_UNSPECIFIED STRING NUMBER INTEGER BOOLEAN ARRAY OBJECT NULL".split(" ");

/** A schema, as the server's table has it. */
export const schema: Field = message({
  ...all("string", "format", "title", "description", "pattern"),
  ...all("int64", "maxItems", "minItems", "minProperties", "maxProperties", "minLength", "maxLength"),
  ...all("float", "minimum", "maximum"),
  ...all("value", "default", "example"),
  ...all(list("string"), "enum", "required", "propertyOrdering"),
  // Google's own examples write these in small letters too.
  type: { values: [...schemaTypes, ...schemaTypes.map((type) => type.toLowerCase())] },
  nullable: "bool",
  properties: { map: () => schema },
  items: () => schema,
  anyOf: list(() => schema),
});

/** A tool, likewise. */
export const tool: Field = message({
  functionDeclarations: list(
    message({
      ...all("string", "name", "description"),
      behavior: values("", "UNSPECIFIED", "BLOCKING", "NON_BLOCKING"),
      ...all(schema, "parameters", "response"),
      ...all("value", "parametersJsonSchema", "responseJsonSchema"),
    }),
  ),
  ...all("struct", "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext", "googleMaps"),
  ...all("struct", "fileSearch", "computerUse"),
});

const functionName = /^[a-z_][\w.:-]{0,127}$/i;

/** The server's words for a value that has the right type and still makes no sense. */
const wrong = (path: string, why: string) => new Refusal(`* BidiGenerateContentRequest.${path}: ${why}`);

/** The rules that Google's clients report for schemas (livekit #4159 for enum, generateContent for the others). */
function checkSchema(part: Schema, path: string) {
  const type = part.type?.toUpperCase();
  if (part.enum?.length && type !== "STRING") throw wrong(`${path}.enum`, "only allowed for STRING type");
  if (type === "ARRAY" && !part.items) throw wrong(`${path}.items`, "missing field.");
  for (const [index, name] of (part.required ?? []).entries())
    if (part.properties && !Object.hasOwn(part.properties, name))
      throw wrong(`${path}.required[${index}]`, "property is not defined");
  for (const [name, each] of Object.entries(part.properties ?? {}))
    checkSchema(each, `${path}.properties[${name}]`);
  if (part.items) checkSchema(part.items, `${path}.items`);
  for (const [index, each] of (part.anyOf ?? []).entries()) checkSchema(each, `${path}.any_of[${index}]`);
}

function checkFunction({ name = "", parameters, parametersJsonSchema }: FunctionDeclaration, path: string) {
  if (!functionName.test(name))
    throw wrong(
      `${path}.name`,
      "Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), " +
        "underscores (_), dots (.), colons (:) or dashes (-), with a maximum length of 128.",
    );
  if (parameters && parametersJsonSchema !== undefined) throw invalidArgument();
  if (parameters) checkSchema(parameters, `${path}.parameters`);
}

/**
 * Checks tools, and reads what a model is to know of them.
 * @param where they stand, in snake_case, such as `setup`
 * @throws Refusal as the server would
 */
export function readTools(tools: readonly Tool[], behaviors: readonly Behavior[], where: string): Tools {
  const [usual] = behaviors;
  const functions = new Map<string, Behavior>();
  for (const [index, tool] of tools.entries()) {
    // Code execution, URL context, Maps and file search exist as types, but no current Live model has them.
    const has = (kind: string) => usual && (kind === "functionDeclarations" || kind === "googleSearch");
    if (!usual || !Object.keys(tool).every(has)) throw invalidArgument();
    for (const [number, declaration] of (tool.functionDeclarations ?? []).entries()) {
      checkFunction(declaration, `${where}.tools[${index}].function_declarations[${number}]`);
      const { name = "", behavior = "UNSPECIFIED" } = declaration;
      const known = behavior === "UNSPECIFIED" ? usual : behavior;
      if (!behaviors.includes(known) || functions.has(name)) throw invalidArgument();
      functions.set(name, known);
    }
  }
  return { functions, search: tools.some(({ googleSearch }) => googleSearch) };
}
