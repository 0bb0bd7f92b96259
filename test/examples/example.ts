// Reads a shipped example.

import { readFileSync } from "node:fs";
import { examplePath } from "../example-path";

interface FlowNode {
  id: string;
  type: string;
  name?: string;
}

/**
 * @param change adapts its text to this machine, for example to free ports
 * @returns its flow, and the id of a node by its name or type
 */
export function example(name: string, change = (text: string) => text) {
  const text = readFileSync(examplePath(name), "utf8");
  const flow = JSON.parse(change(text)) as FlowNode[];
  const idOf = (nameOrType: string) =>
    flow.find(({ name, type }) => name === nameOrType || type === nameOrType)!.id;
  return { flow, idOf };
}
