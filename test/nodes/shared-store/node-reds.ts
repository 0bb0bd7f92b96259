// Instances of Node-RED, processes of their own, with one Redis and one simulator of the Live server.

import assert from "node:assert/strict";
import { startSimulator } from "../../../simulator/server";
import { cleanUp, opened } from "../../clean-up";
import { node } from "../../flow-node";
import { type EditorNews, listenAsEditor, post } from "../../node-red";
import { type PlainNodeRed, startPlainNodeRed } from "../../plain-node-red";
import { startRedis } from "../../redis-server";

/** What the live session, the tool and the tool response of an instance have sent: texts, events, calls and outcomes. */
export interface Sent {
  event?: string;
  payload: unknown;
  role?: string;
  final?: boolean;
  session?: string;
  toolCall?: { id: string };
  /** The tool response is done with this message, or has an error. */
  outcome?: "done" | { message: string; code: string };
}

export interface Instance extends PlainNodeRed {
  /** What its health path answers: the HTTP status and the JSON. */
  health(): Promise<{ http: number; status?: string; conversations?: number }>;
  /** @param _session of a page */
  say(payload: unknown, action?: string, _session?: object): Promise<unknown>;
  /** Says something that waits for an idle moment. */
  sayWhenIdle(payload: string): Promise<unknown>;
  /** Says something in another conversation. */
  talk(session: string, payload: unknown): Promise<unknown>;
  /** Asks for a token. Returns the status of the answer. */
  askForToken(caller: string): Promise<number>;
  /** Sends the result of a tool call to the tool response. */
  respond(toolCall: Sent["toolCall"], payload: unknown): Promise<unknown>;
  badges: EditorNews["badges"];
  /** Waits for what the nodes send. */
  sends(wanted: (sent: Sent) => boolean, what: string): Promise<Sent>;
}

const SHOWN = "event, payload, role, final, session, toolCall, outcome";

const flowFor = (server: string, store: string, { keepConversations = true, ...limits }: Limits) => [
  { id: "tab", type: "tab", label: "cluster" },
  { id: "config", type: "gemini-live-config", server: "custom", url: server, store, ...limits },
  node("http", "http in", { url: "/say", method: "post" }, [["name", "thanks"]]),
  node("name", "function", { func: 'return {session: "kitchen", ...msg.payload};' }, [["session"]]),
  node("thanks", "http response", {}),
  node("session", "gemini-live-session", { connection: "config", keepConversations }, [
    ["play"],
    ["json"],
    ["tool"],
    ["json"],
  ]),
  // It plays an answer longer than the model speaks.
  node("play", "gemini-audio-out", { jitterBufferMs: 1_000 }, [[], ["json"]]),
  node("tool", "gemini-tool-call", { functionName: "get_weather", description: "Tells the weather." }, [
    ["json"],
    ["json"],
  ]),
  node("results", "http in", { url: "/respond", method: "post" }, [["result", "thanks"]]),
  node("result", "function", { func: "return {...msg.payload};" }, [["response"]]),
  node("response", "gemini-tool-response", {}),
  node("sent", "complete", { scope: ["response"] }, [["done"]]),
  node("ask", "http in", { url: "/token", method: "post" }, [["caller"]]),
  node("caller", "function", { func: "msg.user = msg.payload.caller; return msg;" }, [["token"]]),
  node("token", "gemini-live-token", { session: "session", caller: "user", limit: 2 }, [
    ["issued"],
    ["issued"],
  ]),
  node("issued", "http response", {}),
  node("done", "function", { func: 'msg.outcome = "done"; return msg;' }, [["json"]]),
  node("errors", "catch", { scope: ["response", "session"] }, [["failed"]]),
  node(
    "failed",
    "function",
    { func: "const { message, code } = msg.error; return { outcome: { message, code } };" },
    [["json"]],
  ),
  node(
    "json",
    "function",
    {
      func: `const {${SHOWN}} = msg; msg.payload = JSON.stringify({${SHOWN}}); return msg;`,
    },
    [["debug"]],
  ),
  node("debug", "debug", { active: true, tosidebar: true, complete: "payload", targetType: "msg" }),
];

/** Further settings of the connection, one of the live session, and the credential secret. */
interface Limits {
  secret?: string;
  maxConversations?: number;
  leaveGracefully?: boolean;
  keepConversations?: boolean;
}

export async function startInstance(server: string, store: string, limits: Limits = {}): Promise<Instance> {
  const { secret, ...more } = limits;
  const nodeRed = await startPlainNodeRed(
    `runtimeState: { enabled: true }, ${secret ? `credentialSecret: ${JSON.stringify(secret)},` : ""}`,
    flowFor(server, store, more),
  );
  cleanUp(() => {
    nodeRed.continue();
    return nodeRed.stop();
  });
  const { debug, badges } = await opened(listenAsEditor(nodeRed.url));
  return {
    ...nodeRed,
    health: async () => {
      const response = await fetch(new URL("/gemini-live/health", nodeRed.url));
      const json = response.status === 200 || response.status === 503;
      return { http: response.status, ...(json ? await response.json() : {}) };
    },
    say: (payload, action, _session) => post(nodeRed, "/say", { payload, action, _session }),
    sayWhenIdle: (payload) => post(nodeRed, "/say", { payload, whenIdle: true }),
    talk: (session, payload) => post(nodeRed, "/say", { session, payload }),
    askForToken: async (caller) => {
      const body = new URLSearchParams({ caller });
      return (await fetch(`${nodeRed.url}/token`, { method: "POST", body })).status;
    },
    respond: (toolCall, payload) => post(nodeRed, "/respond", { toolCall, payload }),
    badges,
    sends: async (wanted, what) =>
      JSON.parse((await debug.next(({ id, msg }) => id === "debug" && wanted(JSON.parse(msg)), what)).msg),
  };
}

/** The first text of the conversation, and one whose answer takes some time. */
const FIRST = "my name is Ada";
export const LONG = "one two three four five six seven eight nine ten";

/**
 * Two instances with one Redis and one simulator of the Live server. The first one has a conversation, which has a voice of its own and an
 * answer to its first text.
 */
export async function startTwo(limits: Limits = {}) {
  const redis = await startRedis();
  const simulator = await opened(startSimulator());
  const start = () => startInstance(simulator.url, redis.url, limits);
  const [first, second] = await Promise.all([start(), start()]);
  await first.say({ voice: "Puck" }, "connect");
  await first.say(FIRST);
  await first.sends(isAnswer(FIRST), "the first answer");
  await first.sends(isEvent("turnComplete"), "its end");
  /** The model speaks, and goes on for some time. */
  const speak = async () => {
    await first.say(LONG);
    await first.sends(({ role }) => role === "model", "the beginning of an answer");
  };
  /** Each text has reached the one conversation once, after the first one and in this order. */
  const assertSaid = (...texts: string[]) => {
    assert.equal(simulator.conversations.length, 1);
    const said = simulator.conversations[0]!.context.filter(({ role }) => role === "user");
    assert.deepEqual(
      said.map(({ text }) => text),
      [FIRST, ...texts],
    );
  };
  /** The second instance continues the conversation, of which the server has forgotten nothing. */
  const assertContinues = async (text: string) => {
    await second.say(text);
    const { payload } = await second.sends(isEvent("resumed"), "resumed");
    assert.equal((payload as { remembered: unknown }).remembered, true);
    await second.sends(isAnswer(text), "the answer of the second instance");
  };
  return { redis, simulator, first, second, speak, assertSaid, assertContinues };
}

export type Two = Awaited<ReturnType<typeof startTwo>>;

export const isAnswer = (text: string) => (sent: Sent) =>
  sent.role === "model" && sent.final === true && String(sent.payload).includes(text);
export const isEvent = (event: string) => (sent: Sent) => sent.event === event;
export const isClosed = ({ event, payload }: Sent) =>
  event === "state" && (payload as { state: string }).state === "closed";
