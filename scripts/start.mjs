// npm start: runs Node-RED on the loopback interface with this package and the starter flow. The user folder is .node-red in the
// checkout, or NODE_RED_HOME. What you change in the editor is saved there.

import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const require = createRequire(import.meta.url);
const express = createRequire(require.resolve("node-red"))("express");
const RED = require("node-red");
const { name } = require("../package.json");

const port = Number(process.env.PORT || 1880);
const userDir = resolve(process.env.NODE_RED_HOME || ".node-red");
const flowFile = join(userDir, "flows.json");

linkPackage();
writeStarterFlow(process.env.GEMINI_API_KEY ? "gemini" : "simulator");

const app = express();
const server = createServer(app);
RED.init(server, {
  userDir,
  flowFile,
  flowFilePretty: false,
  httpAdminRoot: "/",
  httpNodeRoot: "/",
  // Keeps what nodes store, such as resumption handles, across restarts.
  contextStorage: { default: { module: "localfilesystem" } },
  telemetry: { enabled: false },
  editorTheme: { tours: false, projects: { enabled: false } },
  logging: { console: { level: "error" } },
});
app.use((request, response, next) => (isOurs(request) ? next() : response.sendStatus(403)));
server.prependListener("upgrade", (request, socket) => isOurs(request) || socket.destroy());
app.use("/", RED.httpAdmin);
app.use("/", RED.httpNode);

server.on("error", (error) => {
  console.error(
    error.code === "EADDRINUSE" ? `Port ${port} is in use. Set PORT to another port.` : error.message,
  );
  process.exit(1);
});
server.listen(port, "127.0.0.1", async () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  RED.events.once("flows:started", () => console.log(`Talk to it:   ${address}/talk`));
  await RED.start();
  console.log(`\nThe editor:   ${address}`);
});

for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, async () => {
    await RED.stop();
    process.exit(0);
  });

/**
 * Accepts only requests to a loopback address that come from a page of this server, or of a proxy that says so, or from no page. A
 * page of another site in the same browser could read and change the flows otherwise, also through a host name that it has made
 * resolve to 127.0.0.1 (DNS rebinding).
 */
function isOurs({ headers: { host = "", origin, "x-forwarded-host": forwarded } }) {
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)) return false;
  if (origin === undefined) return true;
  const from = URL.canParse(origin) ? new URL(origin).host : "";
  return from === host || from === forwarded;
}

/** Links this checkout to where Node-RED looks for packages, and lists it, so that npm keeps it when the palette installs others. */
function linkPackage() {
  const link = join(userDir, "node_modules", name);
  mkdirSync(join(link, ".."), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(resolve("."), link, "junction");
  const list = join(userDir, "package.json");
  if (existsSync(list)) return;
  const dependencies = { [name]: `file:${resolve(".")}` };
  writeFileSync(list, JSON.stringify({ name: "node-red-project", private: true, dependencies }, null, 4));
}

/**
 * Writes the starter flow on the first start. Until the first deploy its connection uses the server that GEMINI_API_KEY selects;
 * then the flow belongs to the user, and nothing in it changes.
 */
function writeStarterFlow(selected) {
  const starter = JSON.parse(readFileSync("examples/1 - first steps/01 - talk in the browser.json", "utf8"));
  const withServer = (server) =>
    JSON.stringify(
      starter.map((node) => (node.type === "gemini-live-config" ? { ...node, server } : node)),
      null,
      "\t",
    );
  const saved = existsSync(flowFile) ? readFileSync(flowFile, "utf8") : undefined;
  // Tabs are only written here: a deployed flow is never equal to these.
  if (saved === undefined || ["simulator", "gemini"].map(withServer).includes(saved))
    return writeFileSync(flowFile, withServer(selected));
  const usesSimulator = ({ type, server }) => type === "gemini-live-config" && server === "simulator";
  if (selected === "gemini" && JSON.parse(saved).some(usesSimulator))
    console.log(
      '\nThe connection uses the simulator. To use GEMINI_API_KEY, choose "Gemini API" as its server.',
    );
}
