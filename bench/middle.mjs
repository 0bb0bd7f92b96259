// A process of the bench: a program in the middle that is not Node-RED. Each device that connects gets a conversation of a client.
// middle.mjs <driver> <address of the Live server>; the drivers are those of test/clients, and bare-ws.mjs.

import { pathToFileURL } from "node:url";
import { WebSocketServer } from "ws";

const [driver, url] = process.argv.slice(2);
const { open } = await import(pathToFileURL(driver).href);

const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
server.on("connection", async (device) => {
  const conversation = open({
    url,
    model: "gemini-3.8-live",
    reports: {
      sounded: (pcm) => device.send(pcm),
      interrupted: () => device.send("flush"),
      said() {},
      turnEnded() {},
      failed() {},
    },
  });
  let client;
  device.on("message", (pcm) => client?.hear(pcm));
  device.on("close", async () => (await conversation).close());
  client = await conversation;
});
server.on("listening", () => console.log(`port ${server.address().port}`));
