// Puts what the compiler does not copy next to the compiled nodes, where Node-RED's loader looks: dialogs, icons and texts.

import { chmodSync, cpSync, readFileSync, writeFileSync } from "node:fs";

cpSync("nodes", "dist/nodes", { recursive: true, filter: (path) => !path.endsWith(".ts") });
cpSync("icons", "dist/nodes/icons", { recursive: true });
cpSync("locales", "dist/nodes/locales", { recursive: true });
chmodSync("dist/simulator/cli.js", 0o755);

// The page of the starter flow is written as a page and travels in the flow's template node.
const starter = "examples/talk in the browser.json";
const flow = JSON.parse(readFileSync(starter, "utf8"));
flow.find(({ type }) => type === "template").template = readFileSync("examples/talk.html", "utf8");
writeFileSync(starter, `${JSON.stringify(flow, null, 2)}\n`);
