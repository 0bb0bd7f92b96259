// Puts what the compiler does not copy next to the compiled nodes, where Node-RED's loader looks: dialogs, icons and texts.

import { chmodSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

cpSync("nodes", "dist/nodes", { recursive: true, filter: (path) => !path.endsWith(".ts") });
cpSync("icons", "dist/nodes/icons", { recursive: true });
cpSync("locales", "dist/nodes/locales", { recursive: true });
chmodSync("dist/simulator/cli.js", 0o755);

// The page with the microphone is written as a page, and travels in the template nodes of the examples that have one.
const page = readFileSync("examples/talk.html", "utf8");
for (const name of readdirSync("examples").filter((file) => file.endsWith(".json"))) {
  const file = `examples/${name}`;
  const flow = JSON.parse(readFileSync(file, "utf8"));
  for (const node of flow) if (node.name === "page with microphone and player") node.template = page;
  writeFileSync(file, `${JSON.stringify(flow, null, 2)}\n`);
}
