// npm run examples: puts the page of the example "token for a browser", which is written as a page, into its template node.

import { readFileSync, writeFileSync } from "node:fs";

const file = "examples/1 - first steps/04 - token for a browser.json";
const flow = JSON.parse(readFileSync(file, "utf8"));
const page = flow.find(({ name }) => name === "page that talks directly");
page.template = readFileSync("examples/direct.html", "utf8");
writeFileSync(file, `${JSON.stringify(flow, null, 2)}\n`);
