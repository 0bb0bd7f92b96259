// What every foreign client is asked to do with the simulator. Runs in a process of its own, once for each client:
// scenarios.ts <driver> <model> <scenario>…

import { setTimeout as delay } from "node:timers/promises";
import { type Simulator, startSimulator } from "../../simulator/server";
import { silence, speech } from "../speech";

/** What a driver tells of its client's conversation. */
export interface Reports {
  /** the model's words, piece by piece */
  said(text: string): void;
  /** the model's audio, 24 kHz PCM16 mono */
  sounded(pcm: ArrayBuffer | ArrayBufferView): void;
  interrupted(): void;
  turnEnded(): void;
  /** a tool call; returns the result that the client sends */
  called(name: string, args: unknown): object;
  failed(error: unknown): void;
}

/** One conversation of a foreign client, driven through the client's public API. */
export interface Conversation {
  say(text: string): unknown;
  /** takes 40 ms of sound, 16 kHz PCM16 mono */
  hear(pcm: Buffer): unknown;
  /** resumes the conversation after a goAway, as an application would; absent: the client does it by itself */
  resume?(): Promise<unknown>;
  close(): unknown;
}

/** A driver's only export. */
export type Open = (where: { url: string; model: string; reports: Reports }) => Promise<Conversation>;

/** One scenario's result; without an error it went well. */
export interface Result {
  scenario: Scenario;
  error?: string;
}

const DEADLINE_MS = 20_000;
const CHUNK_MS = 40;
/** 1 s of 24 kHz PCM16 mono, in bytes. */
const SECOND = 48_000;

/** Keeps what a driver reports. */
class Log implements Reports {
  words = "";
  bytes = 0;
  ends = 0;
  /** how many turns had ended at each interruption */
  interruptions: number[] = [];
  readonly calls: { name: string; args: unknown }[] = [];
  error?: unknown;

  said(text: string) {
    this.words += text;
  }
  sounded({ byteLength }: { byteLength: number }) {
    this.bytes += byteLength;
  }
  interrupted() {
    this.interruptions.push(this.ends);
  }
  turnEnded() {
    this.ends++;
  }
  called(name: string, args: unknown) {
    this.calls.push({ name, args });
    return { temperature: "21 °C" };
  }
  failed(error: unknown) {
    this.error ??= error;
  }

  /** Waits until the condition holds. @param what the condition in words, for the error */
  async until(what: string, condition: () => boolean) {
    const deadline = Date.now() + DEADLINE_MS;
    while (!condition()) {
      if (this.error) throw this.error;
      if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}; ${this}`);
      await delay(20);
    }
  }

  toString() {
    const { words, bytes, interruptions, ends, calls } = this;
    return JSON.stringify({ words: words.slice(-300), bytes, interruptions, ends, calls });
  }
}

/** A scenario's view of its client and of the simulator. */
interface Stage {
  client: Conversation;
  log: Log;
  simulator: Simulator;
  /** a microphone: sends the recorded speech in real time, then silence until the scenario ends */
  speak(): void;
}

const context = (simulator: Simulator) =>
  simulator.conversations.flatMap((conversation) => conversation.context.map(({ text }) => text)).join(" | ");

/** Sends a text. A client that never returns fails at the next deadline. */
function say({ client, log }: Stage, text: string) {
  Promise.resolve(client.say(text)).catch((error) => log.failed(error));
}

/** Waits for a complete answer to `text`. */
async function ask(stage: Stage, text: string) {
  const { log, simulator } = stage;
  const { bytes, ends } = log;
  say(stage, text);
  await log.until(`the model speaks for a second about “${text}”`, () => log.bytes > bytes + SECOND);
  await log.until("the end of the turn", () => log.ends > ends);
  if (!context(simulator).includes(text)) throw new Error(`“${text}” did not arrive: ${context(simulator)}`);
}

const longText = Array.from({ length: 40 }, (_, i) => `word ${i}`).join(", ");

const scenarios = {
  async "text turn"(stage: Stage) {
    await ask(stage, "The quick brown fox jumps over the lazy dog.");
  },

  async speech({ log, speak }: Stage) {
    speak();
    await log.until("the model speaks for two seconds", () => log.bytes > 2 * SECOND);
    await log.until("the end of the turn", () => log.ends > 0);
  },

  async "tool call"(stage: Stage) {
    const { log, simulator } = stage;
    say(stage, 'call get_weather with {"city": "Berlin"}');
    await log.until("a call of get_weather", () => log.calls.length > 0);
    const { name, args } = log.calls[0]!;
    if (name !== "get_weather" || JSON.stringify(args) !== '{"city":"Berlin"}')
      throw new Error(`the client was given another call: ${log}`);
    await log.until("the response", () => simulator.conversations[0]?.calls[0]?.state === "answered");
    const { bytes } = log;
    await log.until("the model speaks about the result", () => log.bytes > bytes);
    const { ends } = log;
    await log.until("the end of the turn", () => log.ends > ends);
    if (!context(simulator).includes("21 °C"))
      throw new Error(`the result did not arrive: ${context(simulator)}`);
  },

  async "barge-in"(stage: Stage) {
    const { log, speak } = stage;
    say(stage, longText);
    await log.until("the model speaks", () => log.bytes > SECOND);
    const { ends } = log;
    log.interruptions = [];
    speak();
    await log.until("the client reports the interruption", () => log.interruptions.length > 0);
    if (log.interruptions[0]! > ends) throw new Error(`the turn had ended before the interruption: ${log}`);
    const { bytes } = log;
    await log.until("the model answers the speech", () => log.bytes > bytes + 2 * SECOND);
    const before = log.ends;
    await log.until("the end of the turn", () => log.ends > before);
  },

  async resume(stage: Stage) {
    const { client, log, simulator } = stage;
    await ask(stage, "This is the first question.");
    simulator.order({ at: "now", do: "goAway", timeLeftMs: 5000 });
    let resumed = !client.resume;
    client.resume?.().then(
      () => {
        resumed = true;
      },
      (error) => log.failed(error),
    );
    await log.until(
      "the client resumes the conversation",
      () => resumed && simulator.conversations.some(({ open, connections }) => open && connections === 2),
    );
    await ask(stage, "This is the second question.");
    if (simulator.conversations.length > 1) throw new Error("the client began a second conversation");
  },
};

/** The name of a scenario. */
export type Scenario = keyof typeof scenarios;

export const scenarioNames = Object.keys(scenarios) as Scenario[];

function microphone(client: Conversation, log: Log) {
  const sound = Buffer.concat([silence(400), speech]);
  const bytes = CHUNK_MS * 32;
  let sent = 0;
  const start = Date.now();
  return setInterval(() => {
    for (; sent * CHUNK_MS < Date.now() - start; sent++) {
      const said = sound.subarray(sent * bytes, (sent + 1) * bytes);
      const chunk = Buffer.concat([said], bytes);
      Promise.resolve(client.hear(chunk)).catch((error) => log.failed(error));
    }
  }, CHUNK_MS);
}

async function run(open: Open, model: string, scenario: Scenario): Promise<Result> {
  const simulator = await startSimulator();
  const log = new Log();
  const crash = (error: unknown) => log.failed(error);
  process.on("uncaughtException", crash).on("unhandledRejection", crash);
  let client: Conversation | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    const opened = open({ url: simulator.url, model, reports: log });
    opened.then((conversation) => {
      client = conversation;
    }, crash);
    await log.until("the client connects", () => client !== undefined);
    const speak = () => {
      timer = microphone(client!, log);
    };
    await scenarios[scenario]({ client: client!, log, simulator, speak });
    return { scenario };
  } catch (error) {
    return { scenario, error: error instanceof Error ? error.message : JSON.stringify(error) };
  } finally {
    clearInterval(timer);
    await Promise.resolve(client?.close()).catch(() => {});
    await simulator.close();
    process.off("uncaughtException", crash).off("unhandledRejection", crash);
  }
}

async function main([driver = "", model = "", ...wanted]: string[]) {
  // The client may still throw when its server is gone.
  process.on("uncaughtException", () => {}).on("unhandledRejection", () => {});
  const { open } = (await import(driver)) as { open: Open };
  for (const scenario of wanted as Scenario[]) process.send!(await run(open, model, scenario));
  process.disconnect();
  process.exit();
}

if (require.main === module)
  main(process.argv.slice(2)).catch((error) => {
    console.error(error);
    process.exit(1);
  });
