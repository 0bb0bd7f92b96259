// An example flow with the machine's microphone and loudspeaker, in a real Node-RED, with devices of ALSA that are files.

import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cleanUp } from "../clean-up";
import { listenAsEditor, startNodeRed } from "../node-red";
import { FileDevices, playing, temporaryFolder, writeProgram } from "../sound-programs";
import { example } from "./example";

/** An aplay that plays in real time, and keeps what it has played, also over its starts. */
export function keepingPlayer() {
  const programs = temporaryFolder();
  const aplay = join(programs, "aplay");
  writeProgram(aplay, playing);
  return {
    PATH: [programs, process.env.PATH].join(delimiter),
    played: () => (existsSync(`${aplay}.played`) ? readFileSync(`${aplay}.played`) : Buffer.alloc(0)),
    /** How much had been played before each start. */
    starts: () => readFileSync(`${aplay}.starts`, "utf8").trim().split("\n").map(Number),
  };
}

/** Starts Node-RED for an example, with devices whose names are in no other test that runs at the same time. It does not deploy `flow`. */
export async function startSpeaker(name: string, PATH = process.env.PATH) {
  const devices = new FileDevices(`speaker${process.pid}`);
  const nodeRed = await startNodeRed({ ALSA_CONFIG_PATH: devices.config, PATH });
  cleanUp(() => nodeRed.stop());
  const news = await listenAsEditor(nodeRed.url);
  cleanUp(() => news.close());
  const chosen: Record<string, string> = {
    "gemini-microphone": devices.microphone,
    "gemini-loudspeaker": devices.loudspeaker,
  };
  const { flow, idOf } = example(name);
  for (const node of flow) if (node.type in chosen) Object.assign(node, { device: chosen[node.type] });
  /** Waits until the badge of the node of this type shows this text. */
  const shows = (type: string, text?: string) =>
    news.badges.next((badge) => badge.node === idOf(type) && badge.text === text);
  return { devices, nodeRed, news, flow, idOf, shows };
}
