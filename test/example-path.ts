// Where the shipped examples are: in numbered folders, with numbers before their names.

import { readdirSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(__dirname, "../examples");

/** The paths of all examples from the folder of the examples, in the order of the editor's import menu. */
export const exampleFiles = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".json"))
  .sort();

/** The name of an example, such as `talk in the browser`. @param file its path */
export const exampleName = (file: string) => /(?:\d+ - )?([^/]+)\.json$/.exec(file)![1]!;

/** The path of an example by its name. */
export const examplePath = (name: string) =>
  join(FOLDER, exampleFiles.find((file) => exampleName(file) === name)!);
