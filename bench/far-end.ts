// A process of the bench: the Live server. It takes every setup, speaks without a pause from the first sound on, and notes when the
// sound of each device arrives.

import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { answer } from "./child";
import { now, readStamps, STAMP_BYTES, stamp, tone } from "./stamp";

/** 40 ms of 24 kHz. */
const CHUNK = tone(1920, 24_000);
const CHUNK_MS = 40;
const TICK_MS = 10;
const REST = CHUNK.subarray(STAMP_BYTES).toString("base64");
const HEAD =
  '{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"';
const TAIL = '"}}]}}}';
const DATA = Buffer.from('"data":"');

/** One conversation of the program in the middle. */
interface Conversation {
  socket: WebSocket;
  /** The number of its device, once its sound has come. */
  device: number | undefined;
  /** Of its chunks in the turn. */
  seq: number;
  /** Answers that are complete. */
  turns: number;
  /** The tick in which the next chunk is due. */
  dueTick: number;
}

/** How it speaks: one chunk at its time, or answers of `answerMs` that come four times as fast as they play. */
let answerMs = 0;
/** What comes with the answers; undefined: sound only. */
let texts: { firstCharacters: number; handles: number } | undefined;
let delays: number[] = [];
const interruptions: { device: number; at: number }[] = [];
const conversations = new Set<Conversation>();
const stampBytes = Buffer.alloc(STAMP_BYTES);

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("connection", (socket) => {
  const conversation: Conversation = { socket, device: undefined, seq: 0, turns: 0, dueTick: 0 };
  socket.on("message", (data: Buffer) => receive(conversation, data));
  socket.on("error", () => {});
  socket.on("close", () => conversations.delete(conversation));
});

function receive(conversation: Conversation, frame: Buffer) {
  const at = frame.indexOf(DATA);
  if (at < 0) {
    if (frame.includes('"setup"')) conversation.socket.send('{"setupComplete":{}}');
    return;
  }
  const arrived = now();
  const from = at + DATA.length;
  const pcm = Buffer.from(frame.toString("latin1", from, frame.indexOf('"', from)), "base64");
  readStamps(pcm, (stamp) => {
    conversation.device = stamp.device;
    delays.push(arrived - stamp.at);
  });
  if (conversations.has(conversation)) return;
  conversations.add(conversation);
  conversation.dueTick =
    tick + Math.floor(Math.random() * (answerMs ? periodOf(answerMs) : CHUNK_MS / TICK_MS));
}

/** Ticks from the begin of an answer to that of the next one: a quarter of its length to send it, and then time to play it. */
const periodOf = (answerMs: number) => (answerMs * 1.75) / TICK_MS;

let tick = 0;
const start = now();
setInterval(() => {
  for (const due = Math.floor((now() - start) / TICK_MS); tick <= due; tick++)
    for (const conversation of conversations) if (conversation.dueTick <= tick) speak(conversation);
}, TICK_MS / 2);

function speak(conversation: Conversation) {
  const { socket, seq } = conversation;
  stamp(stampBytes, conversation.device ?? 0, seq);
  if (texts) sendTexts(conversation, texts);
  socket.send(HEAD + stampBytes.toString("base64") + REST + TAIL);
  conversation.seq += 1;
  const ticks = CHUNK_MS / TICK_MS;
  conversation.dueTick += answerMs ? ticks / 4 : ticks;
  if (!answerMs || conversation.seq * CHUNK_MS < answerMs) return;
  socket.send('{"serverContent":{"generationComplete":true}}');
  socket.send('{"serverContent":{"turnComplete":true}}');
  conversation.turns += 1;
  conversation.seq = 0;
  conversation.dueTick += (answerMs * 1.5) / TICK_MS;
}

/** The transcripts of both sides, in pieces, and handles. */
function sendTexts(
  { socket, seq, turns }: Conversation,
  { firstCharacters, handles }: NonNullable<typeof texts>,
) {
  const send = (content: object) => socket.send(JSON.stringify(content));
  const chunks = answerMs / CHUNK_MS;
  const heard = "What will the weather be like tomorrow? ";
  if (seq === 0) {
    const text = turns ? heard : heard.repeat(firstCharacters / heard.length);
    send({ serverContent: { inputTranscription: { text } } });
  }
  if (seq % 10 === 5) send({ serverContent: { outputTranscription: { text: "It will be sunny, " } } });
  if (seq % Math.ceil(chunks / handles) === 0)
    send({ sessionResumptionUpdate: { newHandle: `${turns} ${seq} ${"h".repeat(40)}`, resumable: true } });
}

const answers = {
  port: () => (server.address() as AddressInfo).port,
  /**
   * @param ms of each answer; 0: one without an end
   * @param withTexts transcripts, of which the first has so many characters, and so many new handles in each turn
   */
  speak(ms: number, withTexts?: NonNullable<typeof texts>) {
    answerMs = ms;
    texts = withTexts;
  },
  /** Interrupts every conversation, spread over `ms` milliseconds. */
  interrupt(ms: number) {
    const all = [...conversations];
    for (const [n, conversation] of all.entries())
      setTimeout(
        () => {
          conversation.socket.send('{"serverContent":{"interrupted":true}}');
          interruptions.push({ device: conversation.device ?? -1, at: now() });
          conversation.seq = 0;
        },
        (n * ms) / all.length,
      );
  },
  /** What was measured since the last call: the delays of the frames in milliseconds, and the interruptions. */
  measured() {
    const result = { delays, interruptions: interruptions.splice(0) };
    delays = [];
    return result;
  },
};
export type FarEnd = typeof answers;

server.on("listening", () => answer(answers));
