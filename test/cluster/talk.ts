// Many devices of the example cluster that talk at once, and what must hold of all that they have said, whatever ends in between.

import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { randomBelow } from "../audio/tone";
import { DEADLINE_MS } from "../inbox";
import { speech } from "../speech";
import type { Cluster, Instance } from "./cluster";
import { Device, type Told, type Way } from "./device";

/** Of every four devices, two use a socket. */
const WAYS: Way[] = ["socket", "MQTT 3.1.1", "socket", "MQTT 5"];
/** Milliseconds for which a device waits for an answer before it says something else, and for which it is quiet in between at most. */
const PATIENCE_MS = 15_000;
const QUIET_MS = 1_000;
/** Milliseconds within which every call continues after its device is back, and by which the store may be behind. */
const CONTINUED_MS = { kill: 5_000, stop: 2_000 };
const BEHIND_MS = 1_000;

const isConnected = ({ event, state }: Told) => event === "state" && state === "connected";
const isPlaying = ({ event }: Told) => event === "playing";
const isModel = ({ event, role }: Told) => event === "text" && role === "model";
const isAnswer = (id: string) => (told: Told) => isModel(told) && has(told.text!, id);

export class Talk {
  readonly devices: Device[];
  readonly #cluster: Cluster;
  readonly #random: (bound: number) => number;
  /** Milliseconds that the slowest first connection to the server took. */
  #openingMs = 0;
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  #isOver = false;
  #talking: Promise<unknown> = Promise.resolve();
  readonly broken: string[] = [];
  readonly #endings: number[] = [];

  constructor(cluster: Cluster, count: number, seed: number) {
    this.#cluster = cluster;
    this.#random = randomBelow(seed);
    this.devices = Array.from({ length: count }, (_, n) => new Device(`d${n + 1}`, WAYS[n % 4]!, cluster));
  }

  /** Connects all devices. When each has had an answer, all talk. */
  async begin() {
    await Promise.all(this.devices.map((device) => device.start()));
    await Promise.all(this.devices.map((device) => this.isAnswered(device)));
    const at = (device: Device, isIt: (told: Told) => boolean) => device.told.items.find(isIt)!.at;
    this.#openingMs = Math.max(
      ...this.devices.map((device) => at(device, isConnected) - at(device, ({ event }) => event === "hello")),
    );
    this.#delay.enable();
    this.#talking = Promise.all(this.devices.map((device) => this.#talkOn(device)));
  }

  /** Lets a device ask something, and waits for the answer. */
  isAnswered(device: Device) {
    const id = device.say("Do you hear me?");
    return device.hears(isAnswer(id), `the answer to ${id}`);
  }

  /** Lets what is being said end. */
  async finish() {
    this.#isOver = true;
    await this.#talking;
    this.#delay.disable();
  }

  /**
   * Ends an instance as a crash or an update does, and waits until its devices are connected to another one and have an answer there. Notes
   * what is broken.
   */
  async end(instance: Instance, how: "kill" | "stop") {
    const devices = this.devices.filter((device) => device.instance === instance.name);
    if (!devices.length) this.broken.push(`${instance.name} has no devices`);
    await Promise.any(devices.map((device) => device.hears(isPlaying, "the beginning of an answer")));
    const endedAt = Date.now();
    await instance[how]();
    await Promise.all(
      devices.map(async (device) => {
        if (how === "stop") this.#noteCutAnswer(device, instance, endedAt);
        const texts = device.ids.length;
        const told = (event: string, isIt: (told: Told) => boolean = () => true) =>
          device.hears((told) => told.event === event && isIt(told), event, endedAt);
        const hello = await told("hello", (told) => told.instance !== instance.name);
        const isHere = ({ instance }: Told) => instance === hello.instance;
        const open = await told("state", (told) => isHere(told) && isConnected(told));
        // A machine that is busy with something else takes longer, as it did at the beginning.
        if (open.at - hello.at > CONTINUED_MS[how] + this.#openingMs + this.#delay.max / 1e6)
          this.broken.push(`${device.name} continued ${open.at - hello.at} ms after it was back`);
        await told("gap", isHere);
        await device.hears(
          (told) => isHere(told) && device.ids.slice(texts).some((id) => isAnswer(id)(told)),
          "an answer to what it has said since then",
          endedAt,
          2 * DEADLINE_MS,
        );
      }),
    );
    if (how === "kill") this.#endings.push(endedAt);
  }

  /** What an instance plays, it plays to the end before its device goes elsewhere. */
  #noteCutAnswer({ name, told }: Device, instance: Instance, endedAt: number) {
    const own = told.items.filter((each) => each.instance === instance.name);
    const last = own.findLast(({ event }) => ["playing", "played", "flush"].includes(event));
    const isCut = own.some(({ at, reason }) => at >= endedAt && reason === "DISCONNECTED");
    if (isCut || last?.event === "playing")
      this.broken.push(`an answer to ${name} was cut: ${JSON.stringify(own.slice(-9))}`);
  }

  /**
   * What is broken: texts that were lost or doubled, tools that ran twice, conversations that began anew.
   * @param refused devices whose conversation may have begun anew, because the server has refused it for too long
   */
  check(refused: readonly Device[] = []): string[] {
    const broken = [...this.broken];
    const { conversations } = this.#cluster.simulator;
    for (const device of this.devices) {
      const own = conversations.filter(({ context }) =>
        context.some(({ role, text }) => role === "user" && text.includes(`${device.name} t`)),
      );
      if (own.length !== 1 && !refused.includes(device))
        broken.push(`${device.name} has ${own.length} conversations`);
      for (const id of device.ids) {
        const times = own.map(
          ({ context }) => context.filter(({ role, text }) => role === "user" && has(text, id)).length,
        );
        const most = Math.max(0, ...times);
        if (!most) broken.push(`${id} never arrived`);
        if (most > 2 || this.#isTwice(device, isAnswer(id))) broken.push(`${id} arrived ${times} times`);
        if (this.#isTwice(device, ({ event, color }) => event === "light" && color === id))
          broken.push(`the tool of ${id} ran more than once`);
      }
      for (const call of own.flatMap(({ calls }) => calls))
        if (call.responses.length > 1)
          broken.push(`${call.id} of ${device.name} has ${call.responses.length} results`);
    }
    return broken;
  }

  /** Whether a device was told something again that must have been in the store when its instance ended. */
  #isTwice(device: Device, isIt: (told: Told) => boolean) {
    const [first, ...more] = device.told.items.filter(isIt);
    return more.length > 0 && !this.#endings.some((at) => Math.abs(at - first!.at) < BEHIND_MS);
  }

  async #talkOn(device: Device) {
    while (!this.#isOver) {
      await sleep(this.#random(QUIET_MS));
      const at = Date.now();
      const choice = this.#random(4);
      let isHeard = isModel;
      if (choice === 0) device.speak(speech);
      else isHeard = isAnswer(device.say(choice === 1 ? 'call set_light with {"color":"%"}' : "And then?"));
      const isMoved = ({ event }: Told) => event === "hello";
      await device
        .hears((told) => isHeard(told) || isMoved(told), "an answer", at, PATIENCE_MS)
        .catch(() => {});
    }
  }
}

/** Whether a text has an id, and not only the beginning of a longer one. */
const has = (text: string, id: string) => new RegExp(`${id}\\b`).test(text);
