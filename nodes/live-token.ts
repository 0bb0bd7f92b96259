// gemini-live-token: requests an ephemeral token for each message. A browser or a device connects to Gemini with it and never gets
// the API key.

import { join } from "node:path";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { systemClock } from "../audio/clock";
import { mintToken, type Token, type TokenTerms, tokenAddress } from "../live/server/ephemeral-token";
import { InputError, reasonOf } from "../live/server/errors";
import type { Server } from "../live/server/server";
import { type LockedField, lockOf } from "../live/setup/token-lock";
import type { TokenPayload } from "./flow/messages";
import type { LiveSessionNode } from "./flow/node-types";
import {
  type CallerRules,
  callerLimit,
  callerOf,
  restarting,
  type TokenRefusal,
} from "./live-token/caller-limit";
import { rejectMessages } from "./settings/invalid-settings";
import { liveToken } from "./settings/live-token";
import { readSettings } from "./settings/table";

interface TokenSettings extends CallerRules {
  /** The id of the live session whose connection, model and settings the tokens are for. */
  session: string;
  lock: "all" | LockedField[];
  terms: TokenTerms;
}

/** What an http in node adds to a message, and what an http response node reads. */
interface TokenMessage extends NodeMessage {
  headers?: unknown;
  statusCode?: unknown;
  res?: { _res?: HttpResponse };
}

/** The part of Express's response that we use. */
interface HttpResponse {
  headersSent: boolean;
  status(code: number): HttpResponse;
  set(headers: Record<string, string>): HttpResponse;
  json(body: object): HttpResponse;
}

/** Minimum milliseconds between two changes of the badge. */
const BADGE_MS = 500;

export = (RED: NodeAPI) => {
  function LiveToken(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runLiveToken(RED, this, tokenSettings(RED, def));
    } catch (error) {
      rejectMessages(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-live-token", LiveToken);
  // For pages that connect with a token: Google's SDK in one file, since browsers cannot import packages, and the microphone and
  // loudspeaker of our own page.
  for (const file of ["genai.js", "sound.js", "worklets.js"])
    RED.httpNode.get(`/gemini-live/${file}`, (_, response) =>
      response.sendFile(file, { root: join(__dirname, "../browser") }),
    );
};

function runLiveToken(RED: NodeAPI, node: Node, settings: TokenSettings) {
  const { session, lock } = settings;
  const refuse = callerLimit(settings, node.id, () =>
    (RED.nodes.getNode(session) as LiveSessionNode | null)?.sharedLimits?.(),
  );
  const counts = { issued: 0, refused: 0 };
  /** The error of the last request for a token. */
  let failure: string | undefined;
  /** Requests that have no answer yet. */
  const open = new Set<TokenMessage>();
  let closed = false;

  const badge = paced(BADGE_MS, () => {
    const text = RED._("live-token.badge.counts", {
      issued: String(counts.issued),
      refused: String(counts.refused),
    });
    node.status(
      failure ? { fill: "red", shape: "ring", text: failure } : { fill: "green", shape: "dot", text },
    );
  });
  /** Logs the caller, the uses and the expiry of each token, but not the token; Node-RED adds the time. */
  const audit = (what: "issued" | "refused" | "failed", caller: string | undefined, details: object) => {
    const event = `gemini-live-token.${what}`;
    const entry = {
      level: RED.log.AUDIT,
      event,
      node: node.id,
      caller: caller ?? null,
      session,
      ...details,
    };
    RED.log.audit(entry);
  };

  const make = async (caller: string | undefined) => {
    const { connection, setup } = await blueprintOf(RED, session);
    const server = await connection.server();
    const model = setup.model.replace(/^models\//, "");
    const token = await mintToken(server, settings.terms, {
      lock: lockOf(setup, lock),
      timeoutMs: connection.connectTimeoutMs,
      clock: systemClock,
    });
    const payload = payloadOf(token, server, model);
    const { expiresAt, startBefore } = payload;
    audit("issued", caller, { model, locked: lock, uses: settings.terms.uses, startBefore, expiresAt });
    return payload;
  };

  /** Answers a message: returns it for one of the two outputs. */
  const answer = async (msg: TokenMessage): Promise<(NodeMessage | null)[]> => {
    const caller = callerOf(RED, msg, settings.caller);
    const refusal = await refuse(caller);
    if (refusal) {
      counts.refused += 1;
      audit("refused", caller, { reason: refusal.payload.error });
      return [null, refused(msg, refusal)];
    }
    try {
      const payload = await make(caller);
      counts.issued += 1;
      failure = undefined;
      Object.assign(msg, { payload, headers: { ...headersOf(msg), "Cache-Control": "no-store" } });
      return [msg, null];
    } catch (error) {
      failure = reasonOf(error as Error);
      audit("failed", caller, { reason: (error as Error).message });
      throw error;
    }
  };

  node.on("input", (msg: TokenMessage, send, done) => {
    open.add(msg);
    answer(msg)
      .finally(() => closed || badge.show())
      .then((outputs) => {
        if (!open.delete(msg)) return;
        send(outputs);
        done();
      })
      .catch((error) => open.delete(msg) && done(error));
  });
  node.on("close", () => {
    closed = true;
    for (const msg of open) answerRestart(node, msg);
    open.clear();
    badge.stop();
    node.status({});
  });
}

/** Answers an open request when the node stops. A HTTP request is answered here, because a deploy may stop the rest of the flow too. */
function answerRestart(node: Node, msg: TokenMessage) {
  const response = msg.res?._res;
  if (!response) return node.send([null, refused({ ...msg }, restarting)]);
  const { statusCode, headers = {}, payload } = restarting;
  if (!response.headersSent) response.status(statusCode).set(headers).json(payload);
}

/** The message as the answer to a caller that gets no token. */
function refused(msg: TokenMessage, { statusCode, headers, payload }: TokenRefusal): TokenMessage {
  const all = headers && { headers: { ...headersOf(msg), ...headers } };
  return Object.assign(msg, { statusCode, payload, ...all });
}

function tokenSettings(RED: NodeAPI, def: NodeDef): TokenSettings {
  const settings = readSettings(liveToken, def);
  const { session, callerRequired, limit, limitSeconds } = settings;
  if (!session)
    throw new InputError("The live token has no live session. Choose one in its dialog.", "GEMINI_SETTING");
  return {
    session,
    lock: settings.lock === "all" ? "all" : settings.lockedFields,
    terms: {
      uses: settings.uses,
      startWithinMs: 1_000 * settings.startWithinSeconds,
      lifetimeMs: 60_000 * settings.lifetimeMinutes,
    },
    caller: readProperty(RED, settings.caller),
    callerRequired,
    limit,
    limitSeconds,
  };
}

function readProperty(RED: NodeAPI, value: string): string {
  const property = value.trim().replace(/^msg\./, "");
  try {
    RED.util.normalisePropertyExpression(property);
    return property;
  } catch {
    throw new InputError(
      `The setting "Caller" must be a property of msg, such as req.ip; it is ${JSON.stringify(value)}.`,
      "GEMINI_SETTING",
    );
  }
}

/** Looks the live session up for every token: a deploy may have replaced it or its tools. */
function blueprintOf(RED: NodeAPI, id: string) {
  const session = RED.nodes.getNode(id) as LiveSessionNode | null;
  if (session?.type !== "gemini-live-session")
    throw new InputError(
      "The live session of the live token is missing or disabled. Choose another one, or enable it.",
      "GEMINI_SETTING",
    );
  if (!session.blueprint)
    throw new InputError(
      "The live session of the live token has invalid settings. Its badge says which.",
      "GEMINI_SETTING",
    );
  return session.blueprint();
}

function payloadOf({ name, expiresAt, startBefore }: Token, server: Server, model: string): TokenPayload {
  return {
    token: name,
    expiresAt: new Date(expiresAt).toISOString(),
    startBefore: new Date(startBefore).toISOString(),
    url: tokenAddress(server),
    model,
    apiVersion: server.apiVersion,
  };
}

const headersOf = ({ headers }: TokenMessage): object =>
  typeof headers === "object" && headers !== null ? headers : {};

/** Calls `action` at once, and at most every `ms` milliseconds: calls in between become one. */
function paced(ms: number, action: () => void) {
  let cancel: (() => void) | undefined;
  let again = false;
  const show = () => {
    again = cancel !== undefined;
    if (again) return;
    action();
    cancel = systemClock.after(ms, () => {
      cancel = undefined;
      if (again) show();
    });
  };
  return { show, stop: () => cancel?.() };
}
