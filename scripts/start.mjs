// npm start: a real Node-RED on the loopback interface with this package and the starter flow. Its user folder is .node-red
// in the checkout, or NODE_RED_HOME; what is changed in the editor stays there.

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
useServer(process.env.GEMINI_API_KEY ? "gemini" : "simulator");

const app = express();
const server = createServer(app);
RED.init(server, {
  userDir,
  flowFile,
  httpAdminRoot: "/",
  httpNodeRoot: "/",
  // What nodes keep, such as the handles of conversations, outlives a restart.
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
    error.code === "EADDRINUSE" ? `Port ${port} is taken: choose another one with PORT.` : error.message,
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
 * Pages of other sites may be open in the same browser, and would be let read and change the flows. So this machine is to be called
 * by its own name, as no name of a stranger leads here then, and pages must come from here, or from a proxy that says its name.
 */
function isOurs({ headers: { host = "", origin, "x-forwarded-host": forwarded } }) {
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)) return false;
  if (origin === undefined) return true;
  const from = URL.canParse(origin) ? new URL(origin).host : "";
  return from === host || from === forwarded;
}

/** Puts this checkout where Node-RED looks for installed packages, and where npm leaves it when the palette installs others. */
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

/** Points the starter flow's connection at the server; the first time, puts the flow there. */
function useServer(kind) {
  const from = existsSync(flowFile) ? flowFile : "examples/talk in the browser.json";
  const flow = JSON.parse(readFileSync(from, "utf8"));
  const starter = JSON.parse(readFileSync("examples/talk in the browser.json", "utf8"));
  const { id } = starter.find(({ type }) => type === "gemini-live-config");
  const connection = flow.find((node) => node.id === id);
  if (connection && connection.server !== "custom") connection.server = kind;
  writeFileSync(flowFile, JSON.stringify(flow, null, 4));
}
