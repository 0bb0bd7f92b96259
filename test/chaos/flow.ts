// The flow of a chaos run: devices on a WebSocket, one live session, one tool, and the sound back; and the changes that are deployed.

import { type FlowNode, node, tab } from "../flow-node";

/** A frame of a device: a Buffer is its number and sound, a text is JSON with the properties of the message. */
const READ = `
if (Buffer.isBuffer(msg.payload)) {
  msg.session = "d" + msg.payload.readUInt16LE(0);
  msg.payload = msg.payload.subarray(2);
  return [null, msg];
}
const { odd, stop, ...said } = JSON.parse(msg.payload);
delete msg.payload;
Object.assign(msg, said, odd && new Function("return " + odd)());
return stop ? [null, null, msg] : [msg];`;

/** The interruption says up to which answer the sound is over: audio out passes it on with its flush message. */
const MARK = `
const newest = flow.get("newest") || {};
if (Buffer.isBuffer(msg.payload) && msg.payload.length > 1) newest[msg.session] = msg.payload.readInt16LE(0);
if (msg.event === "interrupted") msg.upTo = newest[msg.session];
flow.set("newest", newest);
return msg;`;

/** Sound as it is, the rest as JSON. Both go this way, because a flush that goes over one more node comes after newer sound. */
const TELL = `
if (!Buffer.isBuffer(msg.payload)) msg.payload = JSON.stringify(msg);
return msg;`;

/** The tool takes its time, and completes some calls twice. */
const WORK = `
const { waitMs, twice } = msg.payload;
setTimeout(() => {
  node.send({ ...msg, payload: "done" });
  if (twice) node.send({ ...msg, payload: "done again" });
  node.done();
}, waitMs);`;

const fn = (id: string, func: string, outputs: number, ...wires: string[][]) =>
  node(id, "function", { func, outputs, timeout: 0 }, wires);

/** What a deploy has changed. */
export interface Changes {
  instruction?: string;
  toolDescription?: string;
  connectTimeoutSeconds?: number;
  note?: string;
}

/** @param port of the far end */
export function chaosFlow(port: number, changes: Changes = {}): FlowNode[] {
  const { instruction = "", toolDescription = "Looks something up.", note = "" } = changes;
  return [
    tab(),
    { id: "listener", type: "websocket-listener", path: "/device", wholemsg: "false" },
    {
      id: "connection",
      type: "gemini-live-config",
      server: "custom",
      url: `http://127.0.0.1:${port}`,
      credentials: { apiKey: "chaos" },
      connectTimeoutSeconds: changes.connectTimeoutSeconds ?? 2,
      stallTimeoutSeconds: 2,
      onStall: "resume",
      offlineAudioSeconds: 1,
      maxConversations: 1_000,
    },
    node("in", "websocket in", { server: "listener" }, [["read"]]),
    fn("read", READ, 3, ["session"], ["audio in"], ["interrupt"]),
    node("audio in", "gemini-audio-in", { frameMs: 100, endAfterMs: 0 }, [["session"], []]),
    node("interrupt", "gemini-interrupt", {}, [["session", "audio out"]]),
    node(
      "session",
      "gemini-live-session",
      { connection: "connection", keepConversations: true, instruction },
      [["mark"], ["told"], ["tool"], ["told"]],
    ),
    fn("mark", MARK, 1, ["audio out"]),
    node("audio out", "gemini-audio-out", { frameMs: 100 }, [["told"], ["told"]]),
    fn("told", TELL, 1, ["out"]),
    node("out", "websocket out", { server: "listener" }, []),
    node(
      "tool",
      "gemini-tool-call",
      { functionName: "look_up", description: toolDescription, timeoutSeconds: 5 },
      [["work"], []],
    ),
    fn("work", WORK, 1, ["response"]),
    node("response", "gemini-tool-response"),
    node("catch", "catch", { scope: null, uncaught: false }, [[]]),
    node("note", "comment", { name: note }),
  ];
}
