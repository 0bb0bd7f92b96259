// The programs in the middle, between the devices and the Live server.

import { join } from "node:path";
import { clients } from "../test/clients/clients";
import { folderOf, newerNode, notInstallable, prepare } from "../test/clients/install";
import { Child } from "./child";
import type { DeviceKind } from "./devices";
import { type Ends, flowOf, startNodeRed } from "./node-red";

/** A running program, and how devices reach it. */
export interface Middle {
  name: string;
  child: Child<object>;
  kind: DeviceKind;
  /** Of Node-RED: `http://127.0.0.1:port` */
  url?: string;
}

/** @param liveUrl of the Live server @returns undefined, with a word on the console, for a client that cannot be installed here */
type Start = (liveUrl: string) => Promise<Middle | undefined>;

const DEVICE: Omit<DeviceKind, "url"> = { isPage: false, rateIn: 16_000, rateOut: 24_000 };

async function startProgram(name: string, driver: string, liveUrl: string, execPath = process.execPath) {
  const child = new Child<object>(join(__dirname, "middle.mjs"), [driver, liveUrl], { execPath });
  const port = await child.printed(/port (\d+)/);
  return { name, child, kind: { ...DEVICE, url: `ws://127.0.0.1:${port}` } };
}

/** @param home the folder that clients of other people are installed into */
const foreign =
  (name: string, driver: string, home: string): Start =>
  async (liveUrl) => {
    const client = clients.find((client) => client.driver === driver)!;
    const folder = folderOf(client, home);
    try {
      const node = await newerNode(home);
      await prepare(folder, client.packages);
      return await startProgram(name, join(folder, driver), liveUrl, node);
    } catch (error) {
      console.log(`${name}: ${notInstallable(error)}`);
      return undefined;
    }
  };

/**
 * @param rate of the devices in Hz, in both directions; absent: what the Live server takes and sends
 * @param store the Redis that keeps conversations; absent: nothing does
 */
export const nodeRed =
  (name: string, ends: Ends, rate?: number, store?: string): Start =>
  async (liveUrl) => {
    const { child, url } = await startNodeRed(flowOf(ends, liveUrl, rate, store));
    const isPage = ends === "browser";
    const place = isPage ? `${url}/talk` : `${url.replace("http", "ws")}/device`;
    const rates = rate ? { rateIn: rate, rateOut: rate } : {};
    return { name, child, url, kind: { ...DEVICE, isPage, url: place, ...rates } };
  };

/** What everything is compared with. */
export const SDK = "bare @google/genai";
export const PACKAGE = "this package: websocket nodes";
/** The least that a node can do in Node-RED. */
const BARE = "Node-RED with a bare ws: websocket in → bare-live → websocket out";
export const ALONE = "Node-RED alone: websocket in → websocket out";

export const starts = (home: string): Record<string, Start> => ({
  [SDK]: (url) => startProgram(SDK, require.resolve("../test/clients/genai.mjs"), url),
  "bare ws": (url) => startProgram("bare ws", join(__dirname, "bare-ws.mjs"), url),
  "Mastra voice-google-gemini-live": foreign("Mastra voice-google-gemini-live", "mastra.mjs", home),
  "LiveKit agents-plugin-google": foreign("LiveKit agents-plugin-google", "livekit.mjs", home),
  [PACKAGE]: nodeRed(PACKAGE, "websocket"),
  "this package: websocket nodes, 48 kHz": nodeRed(
    "this package: websocket nodes, 48 kHz",
    "websocket",
    48_000,
  ),
  "this package: browser nodes": nodeRed("this package: browser nodes", "browser"),
  [BARE]: nodeRed(BARE, "bare"),
  [ALONE]: nodeRed(ALONE, "alone"),
});
