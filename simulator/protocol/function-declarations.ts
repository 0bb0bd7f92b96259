// Tools and function declarations: their fields, the server's checks, and the resulting set of tools.

import { all, type Field, list, message, values } from "./proto-json";
import { invalidArgument, Refusal } from "./refusals";

/** Whether the model waits for the response of a function. */
export type Behavior = "BLOCKING" | "NON_BLOCKING";

/** A function that the model calls, and its arguments. */
export interface FunctionCall {
  name: string;
  args?: object;
}

/** Gemini's subset of JSON Schema: the fields that the checks use. */
interface Schema {
  type?: string;
  enum?: string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
}

/** The declaration of one function. */
interface FunctionDeclaration {
  name?: string;
  behavior?: Behavior | "UNSPECIFIED";
  parameters?: Schema;
  parametersJsonSchema?: unknown;
}

/** An entry of `tools`. Its keys are the kinds of tools. */
export interface ToolEntry {
  functionDeclarations?: FunctionDeclaration[];
  googleSearch?: object;
}

/** The tools that a model may use. */
export interface Tools {
  /** Behaviors of the declared functions, by name. */
  functions: ReadonlyMap<string, Behavior>;
  /** Whether Google Search is on. */
  search: boolean;
}

const schemaTypes = "TYPE_UNSPECIFIED STRING NUMBER INTEGER BOOLEAN ARRAY OBJECT NULL".split(" ");

/** The fields of a schema. */
export const schema: Field = message({
  ...all("string", "format", "title", "description", "pattern"),
  ...all("int64", "maxItems", "minItems", "minProperties", "maxProperties", "minLength", "maxLength"),
  ...all("float", "minimum", "maximum"),
  ...all("value", "default", "example"),
  ...all(list("string"), "enum", "required", "propertyOrdering"),
  // Google's own examples also use lower case.
  type: { values: [...schemaTypes, ...schemaTypes.map((type) => type.toLowerCase())] },
  nullable: "bool",
  properties: { map: () => schema },
  items: () => schema,
  anyOf: list(() => schema),
});

/** The fields of a tool. */
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

/** Refuses a value of the right type that breaks a rule, with the server's message. */
const wrong = (path: string, why: string) => new Refusal(`* BidiGenerateContentRequest.${path}: ${why}`);

/** Checks the rules that clients report for schemas (enum: livekit #4159; the others: generateContent). */
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
 * Checks and reads tools.
 * @param behaviors the behaviors that the model supports, its default first; none: the model supports no tools
 * @param where the path of the message that has the tools, in snake_case, such as `setup`
 * @throws Refusal for tools that the server refuses
 */
export function readTools(tools: readonly ToolEntry[], behaviors: readonly Behavior[], where: string): Tools {
  const [usual] = behaviors;
  const functions = new Map<string, Behavior>();
  for (const [index, tool] of tools.entries()) {
    // Code execution, URL context, Maps and file search exist as types, but no current Live model supports them.
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
