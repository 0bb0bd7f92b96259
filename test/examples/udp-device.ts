// A device with one UDP socket, whose microphone and loudspeaker are ffmpeg, and the example flow that it talks to.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { cleanUp } from "../clean-up";
import { DEADLINE_MS } from "../inbox";
import { listenAsEditor, post, startNodeRed } from "../node-red";
import { example } from "./example";
import { AT_ONCE, ffmpeg, MICROPHONE } from "./ffmpeg";

/** Waits until the condition holds. @param what names it in the error when it never does */
export async function until(condition: () => boolean, what = String(condition)) {
  for (const deadline = Date.now() + DEADLINE_MS; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`Not in ${DEADLINE_MS / 1_000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function bound(port = 0): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** A UDP port that was free a moment ago, and the next one, which RTP takes for RTCP, as well. */
export async function freeUdpPorts(): Promise<number> {
  for (;;) {
    const first = await bound();
    const { port } = first.address();
    const second = await bound(port + 1).catch(() => undefined);
    first.close();
    second?.close();
    if (second) return port;
  }
}

/** Whether a program listens on this UDP port, as Linux shows it. */
const isOpen = (port: number) =>
  readFileSync("/proc/net/udp", "utf8").includes(`:${port.toString(16).toUpperCase().padStart(4, "0")} `);

/**
 * Runs a shipped example in a real Node-RED, on a free UDP port in place of `shipped`; `change` adapts its text further.
 * Returns when it takes datagrams.
 */
export async function startUdpExample(name: string, shipped: string, change = (flow: string) => flow) {
  const nodeRed = await startNodeRed();
  cleanUp(() => nodeRed.stop());
  const news = await listenAsEditor(nodeRed.url);
  cleanUp(() => news.close());
  const port = await freeUdpPorts();
  const { flow, idOf } = example(name, (text) => change(text.replaceAll(`"${shipped}"`, `"${port}"`)));
  await post(nodeRed, "/flows", flow);
  await news.badges.next(({ node }) => node === idOf("gemini-live-session"));
  await until(() => isOpen(port));
  /** Waits for an event of audio out, which the debug node shows, and returns its details. */
  const played = async (event: string) => {
    const { msg } = await news.debug.next(
      ({ id, msg }) => id === idOf("playback") && msg.includes(`"${event}"`),
    );
    return JSON.parse(msg) as { seq: number; turn: number };
  };
  return { nodeRed, news, port, idOf, played };
}

/** A datagram and when it came, in milliseconds. */
export interface Heard {
  at: number;
  datagram: Buffer;
}

export class UdpDevice {
  readonly #socket: Socket;
  readonly #flowPort: number;
  /** What the flow has sent, in order. */
  readonly heard: Heard[] = [];
  /** Where datagrams for the loudspeaker go. */
  #speakerPort: number | undefined;
  /** What the network makes of each datagram of the microphone. */
  network = (datagram: Buffer): Buffer[] => [datagram];

  private constructor(socket: Socket, flowPort: number) {
    this.#socket = socket;
    this.#flowPort = flowPort;
    socket.on("message", (datagram, { port }) => {
      if (port !== flowPort) return this.send(...this.network(datagram));
      this.heard.push({ at: performance.now(), datagram });
      if (this.#speakerPort) socket.send(datagram, this.#speakerPort, "127.0.0.1");
    });
  }

  /** @param flowPort the UDP port of the flow */
  static async open(flowPort: number): Promise<UdpDevice> {
    const socket = await bound();
    cleanUp(() => socket.close());
    return new UdpDevice(socket, flowPort);
  }

  get port(): number {
    return (this.#socket.address() as AddressInfo).port;
  }

  /** Sends datagrams to the flow. */
  send(...datagrams: Buffer[]) {
    for (const datagram of datagrams) this.#socket.send(datagram, this.#flowPort, "127.0.0.1");
  }

  /** Says 16 kHz mono PCM16 in real time: ffmpeg sends it to this device as `parameters` say. Returns when it has. */
  async say(pcm: Buffer, parameters: (port: number) => string[]) {
    const { program, closed } = ffmpeg([...MICROPHONE, ...parameters(this.port)]);
    program.stdin!.end(pcm);
    const [code] = await closed;
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  }

  /** Starts the loudspeaker: ffmpeg, which plays what comes on `port`. Returns a function that returns what it has played so far. */
  async startSpeaker(port: number, parameters: string[]): Promise<() => Buffer> {
    const { output } = ffmpeg([...AT_ONCE, ...parameters, "-flush_packets", "1", "-"]);
    await until(() => isOpen(port));
    this.#speakerPort = port;
    return output;
  }
}
