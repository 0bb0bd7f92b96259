// Builds the declaration of a tool for the model from its settings, and a check of the arguments of its calls.

import { Behavior, type FunctionDeclaration } from "@google/genai";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020";
import { InputError } from "../server/errors";
import { type JsonSchema, toGeminiSchema } from "./schema";

export interface ToolSettings {
  /** The function name. */
  name: string;
  /** What the function does and when to call it. The model decides by this text. */
  description: string;
  /** A JSON Schema of type object, as an object or as text. Empty: no arguments. */
  parameters: unknown;
  /** Whether the model waits for the tool response; "": model default. */
  behavior: "" | "BLOCKING" | "NON_BLOCKING";
}

export interface Tool {
  declaration: FunctionDeclaration;
  /** Returns what is wrong with the arguments, as a text for the model; undefined: nothing. */
  check(args: unknown): string | undefined;
}

/** The rule of the Gemini API (FunctionDeclaration.name in the SDK's types), with the shorter length that all models accept. */
const NAME = /^[A-Za-z_][\w.:-]{0,63}$/;
/** Maximum number of errors in the arguments that the model gets at once. */
const MAX_ERRORS = 10;

/** Declares a tool. Throws an InputError that names the invalid setting. */
export function declareTool({ name, description, parameters, behavior }: ToolSettings): Tool {
  if (!NAME.test(name))
    throw new InputError(
      `The function name ${JSON.stringify(name)} is not valid. Start it with a letter or _, and use letters, digits, _ . : or -, at most 64 characters.`,
      "GEMINI_SETTING",
    );
  if (!description.trim())
    throw new InputError(
      `The function "${name}" has no description. Describe what it does: the model decides by this text when to call it.`,
      "GEMINI_SETTING",
    );
  try {
    const schema = readSchema(parameters);
    const converted = toGeminiSchema(schema);
    const declaration: FunctionDeclaration = { name, description };
    // Which of the two is sent depends on the model: see buildSetup().
    if (converted) {
      const { $schema: _, ...parametersJsonSchema } = schema;
      Object.assign(declaration, { parameters: converted, parametersJsonSchema });
    }
    if (behavior) declaration.behavior = Behavior[behavior];
    return { declaration, check: checkOf(name, schema) };
  } catch (error) {
    throw new InputError(
      `The parameters of the function "${name}" are not valid: ${(error as Error).message}.`,
      "GEMINI_SETTING",
    );
  }
}

function readSchema(parameters: unknown): JsonSchema {
  const given: unknown =
    typeof parameters === "string" ? JSON.parse(parameters.trim() || "{}") : (parameters ?? {});
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new InputError("they must be a JSON Schema in an object");
  return Object.keys(given).length ? (given as JsonSchema) : { type: "object" };
}

function checkOf(name: string, { $schema: _, ...schema }: JsonSchema): Tool["check"] {
  // One Ajv for each tool, because an Ajv keeps all that it compiles. Formats are only hints for the model and not checked.
  // Without the meta-schema it is ten times faster and accepts every draft; the keywords check their own values.
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    validateFormats: false,
    validateSchema: false,
    meta: false,
    logger: false,
  });
  const validate = ajv.compile(schema);
  return (args) => {
    if (validate(args ?? {})) return undefined;
    const errors = [...new Set(validate.errors!.map(describe))];
    const more = errors.length > MAX_ERRORS ? `; and ${errors.length - MAX_ERRORS} more` : "";
    return `The arguments of ${name} are not valid: ${errors.slice(0, MAX_ERRORS).join("; ")}${more}. Call it again with valid arguments.`;
  };
}

function describe({ instancePath, keyword, message, params }: ErrorObject): string {
  const where = instancePath.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
  const within = (property: string) => (where ? `${where}.${property}` : property);
  switch (keyword) {
    case "required":
      return `${within(params.missingProperty)} is missing`;
    case "additionalProperties":
      return `${within(params.additionalProperty)} is not a parameter`;
    case "enum":
      return `${where} must be one of ${params.allowedValues.map((value: unknown) => JSON.stringify(value)).join(", ")}`;
    case "const":
      return `${where} must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return `${where || "the arguments"} ${message}`;
  }
}
