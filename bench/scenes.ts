// What is measured of this package beyond its rounds: playback on time, deploys and the editor in the middle, conversations that come
// and go, and how many fit into one process.

import { setTimeout as delay } from "node:timers/promises";
import type { Middle } from "./middles";
import { type Ends, type Figures, measure, open } from "./round";

/** Answers of 4 s, which come four times as fast as they play. @returns figures of which those of the way back count */
export async function playback(ends: Ends, middle: Middle, count: number, ms: number): Promise<Figures> {
  await ends.farEnd.ask("speak", 4_000);
  await open(ends, middle, count);
  const figures = await measure(ends, middle, count, ms);
  await ends.farEnd.ask("speak", 0);
  await ends.devices.ask("close");
  return figures;
}

/**
 * Deploys another flow, and loads the editor as a browser does, while the devices talk.
 * @param times how often, because the latest of all frames varies much
 */
export async function disturbances(ends: Ends, middle: Middle, count: number, ms: number, times: number) {
  await open(ends, middle, count);
  const figures = { calm: [] as Figures[], deploy: [] as Figures[], editor: [] as Figures[] };
  for (let time = 0; time < times; time++) {
    figures.calm.push(await measure(ends, middle, count, ms));
    figures.deploy.push(
      await measure(ends, middle, count, ms, { meanwhile: () => deployUnrelated(middle.url!) }),
    );
    figures.editor.push(await measure(ends, middle, count, ms, { meanwhile: () => openEditor(middle.url!) }));
  }
  await ends.devices.ask("close");
  return figures;
}

async function deployUnrelated(url: string) {
  const headers = { "content-type": "application/json", "node-red-api-version": "v2" };
  const { flows, rev } = (await (await fetch(`${url}/flows`, { headers })).json()) as {
    flows: object[];
    rev: string;
  };
  const other = [
    { id: "other", type: "tab", label: `other ${rev}` },
    {
      id: "other-in",
      type: "inject",
      z: "other",
      name: rev,
      props: [],
      repeat: "",
      once: false,
      wires: [[]],
    },
  ];
  const response = await fetch(`${url}/flows`, {
    method: "POST",
    headers: { ...headers, "node-red-deployment-type": "flows" },
    body: JSON.stringify({ rev, flows: [...flows, ...other] }),
  });
  if (!response.ok) throw new Error(`The deploy failed: ${response.status} ${await response.text()}`);
}

async function openEditor(url: string) {
  const get = async (path: string, accept = "application/json") => {
    const response = await fetch(url + path, { headers: { accept } });
    return response.text();
  };
  const html = await get("/", "text/html");
  const files = [...html.matchAll(/(?:src|href)="([^":]+)"/g)].map(([, path]) => `/${path}`);
  await Promise.all(files.map((file) => get(file, "*/*")));
  for (const path of [
    "/settings",
    "/theme",
    "/plugins",
    "/icons",
    "/nodes",
    "/locales/nodes?lng=en-US",
    "/flows",
  ])
    await get(path);
  await get("/nodes", "text/html");
}

/** Milliseconds after which a live session has forgotten the conversations that have ended. */
const FORGOTTEN_MS = 65_000;

/** Lets conversations come and go, 100 at a time. @returns bytes of the heap after 1,500 and after all, when these are forgotten */
export async function comeAndGo(ends: Ends, middle: Middle, conversations: number) {
  const waves = conversations / 100;
  const heaps: number[] = [];
  for (let wave = 1; wave <= waves; wave++) {
    await open(ends, middle, 100);
    await ends.devices.ask("close");
    if (wave !== 15 && wave !== waves) continue;
    await delay(FORGOTTEN_MS);
    heaps.push((await middle.child.collected()).heap);
  }
  return { conversations, before: heaps[0]!, after: heaps.at(-1)! };
}

/** What limits the conversations of one process. */
export type Limit = "a core" | "all cores" | "the bench" | "not reached";

/** What an overloaded step has used up. The bench has two processes besides the one in the middle. */
function overloaded(step: Figures | undefined): Limit {
  if (step && step.cpu > 85) return "a core";
  return step && step.cpuBench > 85 ? "the bench" : "all cores";
}

/** Adds devices until 1 % of the frames are 100 ms late. */
export async function ramp(ends: Ends, middle: Middle, counts: readonly number[], ms: number) {
  const steps: Figures[] = [];
  let limit: Limit = "not reached";
  for (const count of counts) {
    const isOpen = await open(ends, middle, count).then(
      () => true,
      (error: Error) => console.log(`${count} conversations do not begin: ${error.message}`),
    );
    if (!isOpen) {
      limit = overloaded(steps.at(-1));
      break;
    }
    const step = await measure(ends, middle, count, ms);
    steps.push(step);
    console.log(
      `${count} conversations: ${step.cpu.toFixed(0)} % of a core, p99 ${step.upP99.toFixed(1)} ms, ${(100 * step.lateShare).toFixed(2)} % late`,
    );
    if (step.lateShare < 0.01) continue;
    limit = overloaded(step);
    break;
  }
  await ends.devices.ask("close");
  return { steps, limit };
}
