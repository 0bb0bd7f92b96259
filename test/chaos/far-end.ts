// The Live server of a chaos run (docs/live-api.md 1): answers each text, calls a tool when a text asks for that, and lets faults in.
// It shares no code with the simulator, so that a mistake of the simulator does not hide one of the nodes.

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Ledger } from "./ledger";

/** What a text of a device begins with, as `[d3 t17]`. */
const TEXT_ID = /\[(d\d+) t\d+\]/g;
const CHUNK_MS = 100;

/** What the client may send, as far as it matters here. */
interface ClientFrame {
  setup?: { sessionResumption?: { handle?: string } };
  clientContent?: { turns?: { parts: { text?: string }[] }[]; turnComplete?: boolean };
  realtimeInput?: { audio?: { data: string } };
  toolResponse?: { functionResponses: { id: string }[] };
}

/** What the server remembers of a conversation, also while nobody is connected. */
interface Memory {
  device: string | undefined;
  handle: string;
  line: Line | undefined;
}

/** What happens to the next setup instead of its acceptance. */
export type SetupFault = (line: Line, accept: () => void) => void;

/** One connection of a client. */
export class Line {
  readonly #end: FarEnd;
  readonly socket: WebSocket;
  /** When the setup was accepted, and when the connection ended. */
  acceptedAt: number | undefined;
  closedAt: number | undefined;
  memory: Memory | undefined;
  /** It takes and sends nothing. */
  #isFrozen = false;
  /** Frames were held back at some time: what is lost with it cannot be known. */
  wasHeld = false;
  #held: (string | Buffer)[] = [];
  #timers = new Set<NodeJS.Timeout>();
  /** The texts that wait for an answer, and whether one is being given. */
  #asked: string[] = [];
  #isAnswering = false;
  /** Numbers of the first and the last sound that came. */
  sound: { first: number; last: number } | undefined;

  constructor(end: FarEnd, socket: WebSocket) {
    this.#end = end;
    this.socket = socket;
    socket.on("message", (data) => this.#receive(JSON.parse(data.toString())));
    socket.on("error", () => {});
    socket.on("close", () => this.gone());
  }

  get device() {
    return this.memory?.device;
  }

  get isOpen() {
    return this.acceptedAt !== undefined && this.closedAt === undefined;
  }

  /** The connection has ended, as seen from here. */
  gone() {
    if (this.closedAt !== undefined) return;
    this.closedAt = this.#end.now();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    if (this.memory?.line === this) this.memory.line = undefined;
  }

  send(frame: unknown) {
    const data = typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame);
    if (this.#isFrozen) this.#held.push(data);
    else if (this.socket.readyState === this.socket.OPEN) this.socket.send(data);
  }

  /** Calls `run` later if the connection is open then. */
  later(ms: number, run: () => void) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  /** Takes nothing for so long, and with `silent` sends nothing either. */
  hold(ms: number, silent: boolean) {
    this.wasHeld = true;
    this.#isFrozen = silent;
    this.socket.pause();
    setTimeout(() => {
      this.#isFrozen = false;
      if (this.socket.readyState < this.socket.CLOSED) this.socket.resume();
      for (const data of this.#held.splice(0)) this.send(data);
    }, ms);
  }

  cut() {
    this.gone();
    this.socket.terminate();
  }

  close(code: number, reason: string) {
    this.gone();
    this.socket.close(code, reason);
  }

  /** The user of the device has begun to speak, or another text has come. */
  interrupt() {
    if (!this.#isAnswering) return;
    this.#isAnswering = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.send({ serverContent: { interrupted: true } });
    this.#endTurn();
  }

  #receive(frame: ClientFrame) {
    if (this.closedAt !== undefined) return;
    const { setup, clientContent, realtimeInput, toolResponse } = frame;
    if (setup) this.#end.receiveSetup(this, setup.sessionResumption?.handle);
    if (clientContent) this.#receiveContent(clientContent);
    if (realtimeInput?.audio) {
      const number = Buffer.from(realtimeInput.audio.data, "base64").readInt16LE(0);
      this.sound = { first: this.sound?.first ?? number, last: number };
    }
    for (const { id } of toolResponse?.functionResponses ?? [])
      this.#ask(
        this.#end.ledger
          .responded(id)
          .map((text) => `[${text}]`)
          .join(" "),
      );
  }

  /** A text is the last turn of a complete content; everything before it, or without that, is history. */
  #receiveContent({ turns = [], turnComplete }: NonNullable<ClientFrame["clientContent"]>) {
    const said = turns.map(({ parts }) => parts.map(({ text = "" }) => text).join()).join();
    const [, device] = said.match(/\[(d\d+) /) ?? [];
    if (device && !this.device) this.#end.identify(this, device);
    if (turnComplete === false) return this.interrupt();
    for (const [id] of said.matchAll(TEXT_ID)) this.#end.ledger.arrived(id.slice(1, -1), this);
    this.#ask(said);
  }

  #ask(said: string) {
    this.interrupt();
    this.#asked.push(said);
    if (this.#asked.length === 1) this.later(this.#end.between(30, 200), () => this.#answer());
  }

  #answer() {
    const asked = this.#asked.splice(0).join(" ");
    const ids = [...asked.matchAll(TEXT_ID)].map(([id]) => id);
    this.#isAnswering = true;
    this.send({ sessionResumptionUpdate: {} });
    if (asked.includes("look it up")) return this.#callTool(ids);
    const number = this.#end.nextAnswer(this.device ?? "");
    const chunks = this.#end.between(2, 8);
    for (let n = 0; n < chunks; n++)
      this.later(n * 40, () => {
        const data = Buffer.from(new Int16Array(24 * CHUNK_MS).fill(number).buffer).toString("base64");
        this.send({
          serverContent: {
            modelTurn: { role: "model", parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000", data } }] },
            outputTranscription: { text: n ? " and so on" : ids.join(" ") },
          },
        });
      });
    this.later(chunks * 40, () => this.send({ serverContent: { generationComplete: true } }));
    this.later(chunks * CHUNK_MS, () => {
      this.#isAnswering = false;
      this.#endTurn();
    });
  }

  #callTool(texts: string[]) {
    const id = `call_${randomUUID()}`;
    const args = { waitMs: this.#end.between(0, 400), twice: this.#end.between(0, 2) === 0 };
    const frame = { toolCall: { functionCalls: [{ id, name: "look_up", args }] } };
    this.#isAnswering = false;
    this.#end.ledger.calls(
      id,
      this,
      texts.map((text) => text.slice(1, -1)),
    );
    this.send(frame);
    if (this.#end.between(0, 3) === 0) this.send(frame);
    this.send({ serverContent: { generationComplete: true } });
    this.#endTurn();
  }

  #endTurn() {
    const usageMetadata = { promptTokenCount: 20, responseTokenCount: 5, totalTokenCount: 25 };
    this.send({ serverContent: { turnComplete: true }, usageMetadata });
    this.giveHandle();
  }

  giveHandle() {
    this.#end.remember(this);
    this.send({ sessionResumptionUpdate: { newHandle: this.memory!.handle, resumable: true } });
  }
}

export class FarEnd {
  readonly ledger: Ledger;
  /** The faults that the next setups, resumes and handshakes meet, one each. */
  readonly setupFaults: SetupFault[] = [];
  readonly resumeFaults: SetupFault[] = [];
  readonly handshakeFaults: ((socket: Duplex) => void)[] = [];
  /** All connections whose setup was accepted. */
  readonly lines: Line[] = [];
  readonly #memories = new Map<string, Memory>();
  readonly #answers = new Map<string, number>();
  readonly #random: (bound: number) => number;
  readonly #http = createServer();
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false });

  private constructor(ledger: Ledger, random: (bound: number) => number) {
    this.ledger = ledger;
    this.#random = random;
    this.#http.on("upgrade", (request, socket, head) => {
      socket.on("error", () => {});
      const fault = this.handshakeFaults.shift();
      if (fault) return fault(socket);
      this.#server.handleUpgrade(request, socket, head, (client) => new Line(this, client));
    });
  }

  static async start(ledger: Ledger, random: (bound: number) => number) {
    const end: FarEnd = new FarEnd(ledger, random);
    end.#http.listen(0, "127.0.0.1");
    await once(end.#http, "listening");
    return end;
  }

  get port() {
    return (this.#http.address() as AddressInfo).port;
  }

  get openSockets() {
    return this.#server.clients.size;
  }

  now() {
    return this.ledger.now();
  }

  between(from: number, below: number) {
    return from + this.#random(below - from);
  }

  /** Numbers the answers to a device: its sound consists of this number. */
  nextAnswer(device: string) {
    const number = ((this.#answers.get(device) ?? 0) % 32_000) + 1;
    this.#answers.set(device, number);
    return number;
  }

  /** The open connection of a device. */
  lineOf(device: string) {
    return this.lines.findLast((line) => line.device === device && line.isOpen);
  }

  /** A new conversation is that of a device. What still comes over a connection of its that was held is too late. */
  identify({ memory }: Line, device: string) {
    for (const old of this.lines) if (old.device === device && old.isOpen) old.gone();
    memory!.device = device;
  }

  receiveSetup(line: Line, handle: string | undefined) {
    const accept = () => this.#accept(line, handle);
    const fault = (handle && this.resumeFaults.shift()) || this.setupFaults.shift();
    if (fault) fault(line, accept);
    else accept();
  }

  #accept(line: Line, handle: string | undefined) {
    if (line.closedAt !== undefined) return;
    const known = handle === undefined ? undefined : this.#memories.get(handle);
    if (handle && !known) return line.close(1008, "BidiGenerateContent session not found");
    if (known?.line && !known.line.wasHeld) return line.close(1011, "Internal error encountered.");
    // A held one does not see that it was closed: what still comes over it is too late.
    known?.line?.gone();
    line.memory = known ?? { device: undefined, handle: "", line: undefined };
    line.memory.line = line;
    line.acceptedAt = this.now();
    this.lines.push(line);
    line.send({ setupComplete: {} });
    line.giveHandle();
  }

  /** Gives the conversation of a connection a new handle; the old ones stay valid. */
  remember({ memory }: Line) {
    memory!.handle = randomUUID();
    this.#memories.set(memory!.handle, memory!);
  }

  async close() {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}
