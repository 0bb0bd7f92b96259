// A conversation with a far end of the test's own, on a clock that the test drives, and a log of everything that the far end saw.

import { once } from "node:events";
import type { WebSocket } from "ws";
import { type FarEnd, startFarEnd } from "../far-end";
import { Inbox } from "../inbox";
import { endWithTest, Talk, type TalkOptions } from "./talk";

/** One connection as the far end sees it. */
export interface Line {
  /** Counted from 1. */
  number: number;
  socket: WebSocket;
  reply(value: unknown): void;
}

export interface SetupFrame {
  sessionResumption?: { handle?: string };
  historyConfig?: object;
  systemInstruction?: { parts: { text: string }[] };
  tools?: { functionDeclarations?: { name: string; behavior?: string }[]; googleSearch?: object }[];
}

export interface ResponseFrame {
  id: string;
  name: string;
  response: Record<string, unknown>;
  scheduling?: string;
  willContinue?: boolean;
}

interface Frame {
  setup?: SetupFrame;
  clientContent?: { turns?: { role: string; parts: { text: string }[] }[]; turnComplete: boolean };
  realtimeInput?: {
    audio?: { data: string };
    video?: { data: string };
    text?: string;
    activityStart?: object;
    activityEnd?: object;
    audioStreamEnd?: boolean;
  };
  toolResponse?: { functionResponses: ResponseFrame[] };
}

/** What the far end does on each setup and each text that wants an answer. */
export interface Script {
  /** By default the setup is accepted, and `handle <number of the connection>` issued. */
  setup?(line: Line): void;
  text?(line: Line, text: string): void;
}

export const accept = ({ number, reply }: Line) => {
  reply({ setupComplete: {} });
  reply({ sessionResumptionUpdate: { newHandle: `handle ${number}`, resumable: true } });
};
const sound = { inlineData: { mimeType: "audio/pcm;rate=24000", data: "AAAA" } };
/** Begins an answer. */
export const begin = ({ reply }: Line) =>
  reply({ serverContent: { modelTurn: { parts: [sound] }, outputTranscription: { text: "Well, " } } });
/** Ends an answer and its turn, in the order of docs/live-api.md 1.5. */
export const finish = ({ reply }: Line, text = "yes") => {
  reply({ serverContent: { outputTranscription: { text } } });
  reply({ serverContent: { generationComplete: true } });
  reply({ serverContent: { turnComplete: true } });
};
export const answer = (line: Line) => {
  begin(line);
  finish(line);
};
/** Drops the connection without a close frame, as a lost network does. */
export const cut = ({ socket }: Line) => socket.terminate();

export class Exchange {
  readonly talk: Talk;
  readonly farEnd: FarEnd;
  /**
   * In order, each with the number of its connection: `1 setup new`, `1 text user: hello`, `1 context user: …`, `1 realtimeText …`,
   * `1 sound <ms>`, `1 image <bytes as text>`, `1 activityStart`, `1 activityEnd`,
   * `1 audioStreamEnd`, `1 response <id>`, `1 closed`.
   */
  readonly log: Inbox<string>;
  /** The tool responses. */
  readonly responses: Inbox<ResponseFrame>;
  readonly line: () => Line;

  /** Starts a far end and a conversation with it; both end with the test. */
  static async start(script: Script = {}, options: TalkOptions = {}): Promise<Exchange> {
    const log = new Inbox<string>();
    const responses = new Inbox<ResponseFrame>();
    const open: Line[] = [];
    const farEnd = await startFarEnd((frame: Frame, reply, socket) => {
      let line = open.find((known) => known.socket === socket);
      if (!line) {
        line = { number: open.length + 1, socket, reply };
        open.push(line);
        const { number } = line;
        socket.on("close", () => log.push(`${number} closed`));
      }
      record(frame, line, log);
      for (const response of frame.toolResponse?.functionResponses ?? []) responses.push(response);
      if (frame.setup) (script.setup ?? accept)(line);
      const text = frame.clientContent?.turnComplete && frame.clientContent.turns?.at(-1)?.parts[0]?.text;
      if (text) script.text?.(line, text);
    });
    return new Exchange(new Talk(farEnd.url, options), farEnd, log, responses, () => open.at(-1)!);
  }

  private constructor(
    talk: Talk,
    farEnd: FarEnd,
    log: Inbox<string>,
    responses: Inbox<ResponseFrame>,
    line: () => Line,
  ) {
    this.talk = talk;
    this.farEnd = farEnd;
    this.log = log;
    this.responses = responses;
    this.line = line;
    endWithTest(talk, farEnd);
  }

  /** Sends a frame over the newest connection. */
  reply(frame: object) {
    this.line().reply(frame);
  }

  /** The server's speech detection reports that the user starts or stops speaking (docs/live-api.md 1.3). */
  userSpeaks(speaking: boolean) {
    this.reply({ voiceActivity: { type: speaking ? "ACTIVITY_START" : "ACTIVITY_END" } });
  }

  /** The next tool response, while the time runs. */
  response() {
    return this.talk.clock.during(this.responses.next(undefined, "a tool response"));
  }

  /** The setups so far. */
  get setups(): SetupFrame[] {
    return (this.farEnd.frames as Frame[]).flatMap(({ setup }) => setup ?? []);
  }

  /** Waits until the far end has seen `wanted`, while the time runs. */
  seen(wanted: string) {
    return this.talk.clock.during(this.log.next((entry) => entry === wanted, wanted));
  }

  /** What the far end has seen so far that matches. */
  lines(pattern: RegExp) {
    return this.log.items.filter((entry) => pattern.test(entry));
  }

  /** Lets the time run for `ms`, with what the sockets do meanwhile, and the sweep of once a second. */
  async pass(ms: number) {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.talk.clock.advance(Math.min(1_000, ms - passed));
      this.talk.conversation.watch();
      await this.settled();
    }
  }

  /** Waits until both ends have read what was sent. */
  async settled() {
    const socket = this.farEnd.sockets.at(-1);
    if (socket?.readyState !== 1) return new Promise<void>((resolve) => setImmediate(resolve));
    const over = new AbortController();
    const { signal } = over;
    socket.ping();
    await Promise.race([once(socket, "pong", { signal }), once(socket, "close", { signal })]).finally(() =>
      over.abort(),
    );
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function record(
  { setup, clientContent, realtimeInput, toolResponse }: Frame,
  line: Line,
  log: Inbox<string>,
) {
  const push = (entry: string) => log.push(`${line.number} ${entry}`);
  const resumption = setup?.sessionResumption;
  if (setup) push(`setup ${resumption ? (resumption.handle ?? "new") : "plain"}`);
  if (clientContent) {
    const texts = (clientContent.turns ?? []).map(({ role, parts }) => `${role}: ${parts[0]?.text}`);
    push(`${clientContent.turnComplete ? "text" : "context"} ${texts.join(" | ")}`);
  }
  const { audio, video, text, ...signals } = realtimeInput ?? {};
  if (audio) push(`sound ${Buffer.from(audio.data, "base64").length / 32}`);
  if (video) push(`image ${Buffer.from(video.data, "base64")}`);
  if (text) push(`realtimeText ${text}`);
  for (const signal of Object.keys(signals)) push(signal);
  for (const { id } of toolResponse?.functionResponses ?? []) push(`response ${id}`);
}
