// A mosquitto for one test, and Node-RED's own MQTT client to talk to it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { MqttClient } from "mqtt";
import { cleanUp } from "../../clean-up";
import { freePort } from "../../plain-node-red";
import { temporaryFolder } from "../../sound-programs";

const nodes = createRequire(require.resolve("node-red")).resolve("@node-red/nodes/package.json");
export const mqtt = createRequire(nodes)("mqtt") as typeof import("mqtt");

/** Starts a broker with this configuration, and returns its port. */
export async function startMosquitto(
  configFor = (port: number) => `listener ${port} 127.0.0.1\nallow_anonymous true\n`,
): Promise<number> {
  const port = await freePort();
  const config = join(temporaryFolder(), "mosquitto.conf");
  writeFileSync(config, configFor(port));
  const broker = spawn("mosquitto", ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(broker, "exit");
  cleanUp(() => {
    broker.kill();
    return exited;
  });
  let printed = "";
  for await (const text of broker.stderr) {
    printed += text;
    if (/ running$/m.test(printed)) return port;
  }
  throw new Error(`mosquitto has ended:\n${printed}`);
}

/** Connects a client that sends `offline` to the topic `will` when it is lost. */
export async function connectClient(port: number, will: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    reconnectPeriod: 0,
    will: { topic: will, payload: Buffer.from("offline"), qos: 0, retain: false },
  });
  cleanUp(() => client.endAsync(true));
  return client;
}
