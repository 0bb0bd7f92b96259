// Instances of Node-RED, processes of their own, with one Redis and one simulator of the Live server.

import type { SimulatedConversation } from "../../../simulator/session/session";
import { cleanUp, opened } from "../../clean-up";
import { node } from "../../flow-node";
import { type EditorNews, listenAsEditor, post } from "../../node-red";
import { type PlainNodeRed, startPlainNodeRed } from "../../plain-node-red";

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
  /** Asks for the tokens that were used, which claims a conversation. */
  askUsage(session: string): Promise<unknown>;
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
    [],
    ["json"],
    ["tool"],
    ["json"],
  ]),
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
    askUsage: (session) => post(nodeRed, "/say", { session, action: "usage" }),
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

/** What the user has said in the context of a conversation. */
export const saidIn = ({ context }: SimulatedConversation) =>
  context.filter(({ role }) => role === "user").map(({ text }) => text);

export const isAnswer = (text: string) => (sent: Sent) =>
  sent.role === "model" && sent.final === true && String(sent.payload).includes(text);
export const isEvent = (event: string) => (sent: Sent) => sent.event === event;
export const isClosed = ({ event, payload }: Sent) =>
  event === "state" && (payload as { state: string }).state === "closed";
