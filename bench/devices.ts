// A process of the bench: the devices. Each is a WebSocket client that sends a frame of sound every 20 ms, and notes when the sound
// that it gets arrives.

import { once } from "node:events";
import { WebSocket } from "ws";
import { answer } from "./child";
import { now, readStamps, stamp, tone } from "./stamp";

export interface DeviceKind {
  /** What it connects to: a WebSocket, or the page of a browser in node. */
  url: string;
  isPage: boolean;
  /** Of its microphone and its loudspeaker, in Hz. */
  rateIn: number;
  rateOut: number;
}

const FRAME_MS = 20;
const TICK_MS = 10;
/** How far ahead of their time the frames of an answer may leave: the default of audio out. */
const AHEAD_MS = 200;
/** Chunks of 40 ms of a turn that wait until the jitter buffer of audio out, 100 ms by default, is full. */
const WAITING_CHUNKS = 3;

interface Device {
  number: number;
  socket: WebSocket;
  seq: number;
  /** When it will have played the sound that has come. */
  playedAt: number;
  heard: boolean;
}

let kind: DeviceKind;
let frame: Buffer = Buffer.alloc(0);
const devices: Device[] = [];
/** Of chunks, in milliseconds: from when the server sent them, or from when they were due if that is later. */
let delays: number[] = [];
let flushes: { device: number; at: number }[] = [];

async function addressOf({ url, isPage }: DeviceKind) {
  if (!isPage) return url;
  const html = await (await fetch(url)).text();
  const ticket = /data-ticket="([^"]+)"/.exec(html)![1]!;
  return `${url.replace("http", "ws")}/socket?ticket=${encodeURIComponent(ticket)}`;
}

async function open(number: number) {
  const socket = new WebSocket(await addressOf(kind), {
    perMessageDeflate: false,
    ...(kind.isPage && { origin: new URL(kind.url).origin }),
  });
  const device: Device = { number, socket, seq: 0, playedAt: 0, heard: false };
  socket.on("message", (data: Buffer, isBinary) => (isBinary ? hear(device, data) : notice(device, data)));
  socket.on("error", () => {});
  await once(socket, "open");
  if (kind.isPage) socket.send(JSON.stringify({ type: "start", rate: kind.rateIn, language: "en-US" }));
  devices.push(device);
}

function hear(device: Device, pcm: Buffer) {
  const arrived = now();
  device.heard = true;
  const due = device.playedAt - AHEAD_MS;
  // A device that has run dry plays on when the next sound comes.
  device.playedAt = Math.max(device.playedAt, arrived) + (pcm.length / 2 / kind.rateOut) * 1000;
  readStamps(pcm, ({ seq, at }) => {
    if (seq >= WAITING_CHUNKS) delays.push(arrived - Math.max(at, due));
  });
}

/** A text of the flow: every device gets `flush` in its own way. */
function notice(device: Device, data: Buffer) {
  if (!data.includes("flush")) return;
  flushes.push({ device: device.number, at: now() });
  device.playedAt = 0;
}

let tick = 0;
const start = now();
setInterval(() => {
  for (const due = Math.floor((now() - start) / TICK_MS); tick <= due; tick++)
    for (const device of devices) if ((device.number + tick) % (FRAME_MS / TICK_MS) === 0) speak(device);
}, TICK_MS / 2);

function speak(device: Device) {
  // A copy: the socket writes the one before later where the network is slow.
  const pcm = Buffer.from(frame);
  stamp(pcm, device.number, device.seq++);
  device.socket.send(pcm);
}

const answers = {
  /** Opens devices until there are `count`, and waits until each of them has heard something. */
  async open(asKind: DeviceKind, count: number) {
    kind = asKind;
    frame = tone((kind.rateIn / 1000) * FRAME_MS * 2, kind.rateIn);
    while (devices.length < count)
      await Promise.all(
        Array.from({ length: Math.min(10, count - devices.length) }, (_, i) => open(devices.length + i)),
      );
    const deadline = now() + 20_000;
    while (!devices.every(({ heard }) => heard)) {
      if (now() > deadline)
        throw new Error(`${devices.filter(({ heard }) => !heard).length} devices hear nothing.`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
  async close() {
    const closed = devices.map(({ socket }) => once(socket, "close"));
    for (const { socket } of devices.splice(0)) socket.close();
    await Promise.all(closed);
  },
  /** What was measured since the last call, in milliseconds. */
  measured() {
    const result = { delays, flushes };
    delays = [];
    flushes = [];
    return result;
  },
};
export type Devices = typeof answers;

answer(answers);
