// Reads the fields of messages from the types of the installed @google/genai.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const source = readFileSync(
  join(__dirname, "../../node_modules/@google/genai/dist/node/node.d.ts"),
  "utf8",
).replace(/\r|\/\*[\s\S]*?\*\//g, "");

/** The fields of an interface or class, with their types. undefined: the SDK declares no such type */
export function fieldsOf(type: string): Map<string, string> | undefined {
  const [, body] =
    new RegExp(`^(?:export )?declare (?:interface|class) ${type} \\{\\n([\\s\\S]*?)^\\}`, "m").exec(source) ??
    [];
  if (body === undefined) return undefined;
  return new Map(
    [...body.matchAll(/^ {4}(\w+)\??: ([^;]+);/gm)].map(([, field, type]) => [
      field!,
      type!.replace("[]", ""),
    ]),
  );
}

/** @returns whether a type is a single word that the SDK declares as an interface or class */
export const isMessage = (type: string) => /^\w+$/.test(type) && fieldsOf(type) !== undefined;
