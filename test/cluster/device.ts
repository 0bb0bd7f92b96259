// A device of the example cluster, by socket or by MQTT: it says hello, sends sound and texts, sends again what it got no receipt for,
// and comes back when its instance is gone.

import type { MqttClient } from "mqtt";
import { WebSocket } from "ws";
import { cleanUp } from "../clean-up";
import { mqtt } from "../examples/esp32/mosquitto";
import { DEADLINE_MS, Inbox } from "../inbox";
import { chunksOf, silence } from "../speech";
import type { Cluster } from "./cluster";

/** What a device is told; `instance` says by whom. */
export interface Told {
  /** `hello`, `sent`, `failed`, `text`, `light`, `flush`, or an event of the live session or audio out. */
  event: string;
  instance: string;
  id?: string;
  role?: string;
  text?: string;
  color?: string;
  state?: string;
  attempt?: number;
  /** Of the end of a turn. */
  reason?: string;
  topic?: string;
  pauseMs?: number;
  /** Milliseconds since 1970, of its arrival. */
  at: number;
}

export type Way = "socket" | "MQTT 3.1.1" | "MQTT 5";

/** Milliseconds of sound in one message, and between two tries to reach an instance, scattered by as much. */
const SOUND_MS = 200;
const AGAIN_MS = 200;
/** Milliseconds after which a hello without an answer is said again. */
const HELLO_AGAIN_MS = 2_000;

/** A longer pause is one between two answers. */
const ANSWER_PAUSE_MS = 1_500;

export class Device {
  readonly name: string;
  readonly way: Way;
  readonly #cluster: Cluster;
  readonly told = new Inbox<Told>();
  /** Of sound that it got. */
  soundBytes = 0;
  #soundAt = Number.NaN;
  /** Milliseconds between two frames of an answer, and when the second one came, in milliseconds since 1970. */
  readonly pauses: { at: number; ms: number }[] = [];
  /** The instance that it talks to. */
  instance: string | undefined;
  #socket: WebSocket | undefined;
  #mqtt: MqttClient | undefined;
  #topic = "";
  /** Of the texts that it has said. */
  readonly ids: string[] = [];
  /** Texts without a receipt. */
  readonly #waiting = new Map<string, string>();
  #speech: Buffer[] = [];
  readonly #listeners = new Set<(told: Told) => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;

  constructor(name: string, way: Way, cluster: Cluster) {
    this.name = name;
    this.way = way;
    this.#cluster = cluster;
    cleanUp(() => this.stop());
  }

  /** Connects, and sends sound without speech from then on. Resolves when an instance has answered. */
  async start() {
    if (this.way === "socket") this.#openSocket();
    else await this.#openMqtt(this.way === "MQTT 5" ? 5 : 4);
    await this.told.next(({ event }) => event === "hello", `a hello to ${this.name}`);
    this.#every(SOUND_MS, () => this.#sendSound(this.#speech.shift() ?? silence(SOUND_MS)));
  }

  /** Says this 16 kHz mono PCM16, in real time. */
  speak(sound: Buffer) {
    this.#speech.push(...chunksOf(sound, SOUND_MS * 32));
  }

  /**
   * The first that it was told since a time, or is told, and that is `wanted`.
   * @param since milliseconds since 1970; absent: now
   */
  hears(
    wanted: (told: Told) => boolean,
    what: string,
    since = Date.now(),
    patienceMs = DEADLINE_MS,
  ): Promise<Told> {
    const known = this.told.items.find((told) => told.at >= since && wanted(told));
    if (known) return Promise.resolve(known);
    const error = new Error(`${this.name}: not told ${what} in ${patienceMs / 1_000} s`);
    return new Promise((resolve, reject) => {
      const end = this.#after(patienceMs, () => {
        this.#listeners.delete(listener);
        const last = this.told.items
          .slice(-15)
          .map(({ at, ...told }) => `${at - since} ms: ${JSON.stringify(told)}`);
        error.message += `; ${this.way}, at ${this.instance}, was told since then:\n${last.join("\n")}`;
        reject(error);
      });
      const listener = (told: Told) => {
        if (!wanted(told)) return;
        this.#listeners.delete(listener);
        end();
        resolve(told);
      };
      this.#listeners.add(listener);
    });
  }

  /** Says a text, now or when it is back. Returns its id, which stands in the text. */
  say(text: string): string {
    const id = `${this.name} t${this.ids.length + 1}`;
    this.ids.push(id);
    this.#waiting.set(id, text.includes("%") ? text.replaceAll("%", id) : `[${id}] ${text}`);
    this.#sendText(id);
    return id;
  }

  #sendSound(sound: Buffer) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(sound);
    else if (this.#topic) this.#mqtt?.publish(`${this.#topic}/sound`, sound);
  }

  /** Cuts its own connection, and comes back. */
  drop() {
    this.#socket?.terminate();
  }

  async stop() {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#socket?.terminate();
    await this.#mqtt?.endAsync(true);
  }

  #openSocket() {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#cluster.port}/device?device=${this.name}`);
    this.#socket = socket;
    socket.on("open", () => socket.send(JSON.stringify({ hello: this.name })));
    socket.on("message", (data: Buffer, isSound) => this.#receive(isSound, data));
    socket.on("error", () => {}); // Its close follows.
    socket.on("close", () => {
      this.instance = undefined;
      this.#after(AGAIN_MS * (1 + Math.random()), () => this.#openSocket());
    });
  }

  async #openMqtt(protocolVersion: 4 | 5) {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${this.#cluster.mqttPort}`, { protocolVersion });
    this.#mqtt = client;
    client.on("message", (topic, data, { properties }) => {
      if (topic === `voice/gone/${this.instance}`) this.#leave();
      else if (topic.startsWith("voice/to/"))
        this.#receive(topic.endsWith("/sound"), data, properties?.responseTopic);
    });
    await client.subscribeAsync([`voice/to/${this.name}/+`, "voice/gone/+"], { qos: 1 });
    this.#hello();
  }

  #hello() {
    if (this.instance) return;
    const properties = { responseTopic: `voice/to/${this.name}/text` };
    this.#mqtt!.publish(`voice/hello/${this.name}`, "", {
      qos: 1,
      ...(this.way === "MQTT 5" && { properties }),
    });
    this.#after(HELLO_AGAIN_MS, () => this.#hello());
  }

  /** Looks for another instance. */
  #leave() {
    this.instance = undefined;
    this.#topic = "";
    this.#socket?.close();
    if (this.#mqtt) this.#after(AGAIN_MS * Math.random(), () => this.#hello());
  }

  #receive(isSound: boolean, data: Buffer, responseTopic?: string) {
    if (isSound) {
      this.soundBytes += data.length;
      const at = Date.now();
      if (at - this.#soundAt < ANSWER_PAUSE_MS) this.pauses.push({ at, ms: at - this.#soundAt });
      this.#soundAt = at;
      return;
    }
    const told = { ...JSON.parse(data.toString()), at: Date.now() } as Told;
    if (told.event === "hello") {
      this.instance = told.instance;
      // As a device that speaks MQTT 5, or as one that reads the payload.
      this.#topic = (this.way === "MQTT 5" ? responseTopic : told.topic) ?? "";
      for (const id of this.#waiting.keys()) this.#sendText(id);
    }
    if (["left", "refused"].includes(told.event) && told.instance === this.instance) this.#leave();
    if (told.event === "sent") this.#waiting.delete(told.id!);
    this.told.push(told);
    for (const listener of this.#listeners) listener(told);
  }

  #sendText(id: string) {
    if (!this.instance) return;
    const data = JSON.stringify({ id, text: this.#waiting.get(id) });
    if (this.#socket) this.#socket.send(data);
    else this.#mqtt?.publish(`${this.#topic}/text`, data, { qos: 1 });
  }

  #after(ms: number, run: () => void) {
    if (this.#isStopped) return () => {};
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  #every(ms: number, run: () => void) {
    this.#after(ms, () => {
      run();
      this.#every(ms, run);
    });
  }
}
