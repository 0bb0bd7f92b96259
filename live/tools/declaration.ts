// From the settings of a tool to the declaration that the model gets, and to the check of the arguments that it calls the tool with.

import { Behavior, type FunctionDeclaration } from "@google/genai";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020";
import { InputError } from "../server/errors";
import { type JsonSchema, toGeminiSchema } from "./schema";

export interface ToolSettings {
  /** The function's name, as the model sees it. */
  name: string;
  /** What the function does, and when to call it; the model decides by this. */
  description: string;
  /** A JSON Schema of type object, as an object or as text; an empty one takes no arguments. */
  parameters: unknown;
  /** Whether the model waits for the answer; "" leaves it to the model. */
  behavior: "" | "BLOCKING" | "NON_BLOCKING";
}

export interface Tool {
  declaration: FunctionDeclaration;
  /** Says what does not fit, in words that the model can correct itself by; undefined when all fits. Changes nothing in `args`. */
  check(args: unknown): string | undefined;
}

/** The Gemini API's rule (FunctionDeclaration.name in the SDK's types), with the shorter length that all of its models take. */
const NAME = /^[A-Za-z_][\w.:-]{0,63}$/;
/** How many misfits the model is told at once. */
const MOST_MISFITS = 10;

/** Declares a tool. Throws an InputError that names the setting that cannot be used. */
export function declareTool({ name, description, parameters, behavior }: ToolSettings): Tool {
  if (!NAME.test(name))
    throw new InputError(
      `The function name ${JSON.stringify(name)} cannot be used: begin with a letter or _, go on with letters, digits, _ . : or -, and take at most 64 characters.`,
    );
  if (!description.trim())
    throw new InputError(
      `The function "${name}" has no description: say what it does, because the model decides by that when to call it.`,
    );
  try {
    const schema = readSchema(parameters);
    const converted = toGeminiSchema(schema);
    const declaration: FunctionDeclaration = { name, description };
    if (converted) declaration.parameters = converted;
    if (behavior) declaration.behavior = Behavior[behavior];
    return { declaration, check: checkOf(name, schema) };
  } catch (error) {
    throw new InputError(
      `The parameters of the function "${name}" cannot be used: ${(error as Error).message}.`,
    );
  }
}

function readSchema(parameters: unknown): JsonSchema {
  const given: unknown =
    typeof parameters === "string" ? JSON.parse(parameters.trim() || "{}") : (parameters ?? {});
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new InputError("they must be a JSON Schema, which is an object");
  return Object.keys(given).length ? (given as JsonSchema) : { type: "object" };
}

function checkOf(name: string, { $schema: _, ...schema }: JsonSchema): Tool["check"] {
  // One for each tool, because what an Ajv has compiled stays with it. Formats are for the model; nobody checks them. The keywords
  // check themselves: without the meta-schema it is ten times faster, and takes every draft.
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    validateFormats: false,
    validateSchema: false,
    meta: false,
    logger: false,
  });
  const fits = ajv.compile(schema);
  return (args) => {
    if (fits(args ?? {})) return undefined;
    const misfits = [...new Set(fits.errors!.map(inWords))];
    const more = misfits.length > MOST_MISFITS ? `; and ${misfits.length - MOST_MISFITS} more` : "";
    return `The arguments of ${name} do not fit: ${misfits.slice(0, MOST_MISFITS).join("; ")}${more}. Call it again with arguments that do.`;
  };
}

function inWords({ instancePath, keyword, message, params }: ErrorObject): string {
  const where = instancePath.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
  const within = (property: string) => (where ? `${where}.${property}` : property);
  switch (keyword) {
    case "required":
      return `${within(params.missingProperty)} is missing`;
    case "additionalProperties":
      return `there is no parameter ${within(params.additionalProperty)}`;
    case "enum":
      return `${where} must be one of ${params.allowedValues.map((value: unknown) => JSON.stringify(value)).join(", ")}`;
    case "const":
      return `${where} must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return `${where || "the whole"} ${message}`;
  }
}
