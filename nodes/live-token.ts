// gemini-live-token: a message in, a short-lived token out, so that a browser or a device can talk to Gemini by itself without
// ever seeing the API key.

import { join } from "node:path";
import type { Node, NodeAPI, NodeDef, NodeMessage } from "node-red";
import { systemClock } from "../audio/clock";
import { reasonOf } from "../live/connection/connection";
import { mintToken, type Token, type TokenTerms, tokenAddress } from "../live/server/ephemeral-token";
import { InputError } from "../live/server/errors";
import type { Server } from "../live/server/server";
import { type LockedField, lockOf } from "../live/setup/token-lock";
import { callerOf, doorkeeper, type HouseRules } from "./callers";
import type { LiveSessionNode } from "./live-session";
import { liveToken } from "./settings/live-token";
import { refuseEverything } from "./settings/refuse";
import { readSettings } from "./settings/table";

interface TokenSettings extends HouseRules {
  /** The id of the session whose connection, model and settings the tokens are for. */
  session: string;
  lock: "all" | LockedField[];
  terms: TokenTerms;
}

/** What goes to whom a token is for: all that a client needs to connect, as plain data. */
export interface TokenPayload {
  /** `auth_tokens/…`: the secret */
  token: string;
  /** ISO 8601, until when the token is good */
  expiresAt: string;
  /** ISO 8601, until when a conversation can begin */
  startBefore: string;
  /** of the WebSocket, without the token */
  url: string;
  /** without `models/` */
  model: string;
  apiVersion: string;
}

/** What a flow sends on to a `http response`, besides all that was on the message before. */
interface TokenMessage extends NodeMessage {
  headers?: unknown;
  statusCode?: unknown;
}

/** Milliseconds between two badges: a flood of requests is to be no flood of badges. */
const BADGE_MS = 500;

export default function (RED: NodeAPI) {
  function LiveToken(this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    try {
      runLiveToken(RED, this, tokenSettings(RED, def));
    } catch (error) {
      refuseEverything(this, error as Error);
    }
  }
  RED.nodes.registerType("gemini-live-token", LiveToken);
  // Google's SDK for pages that connect with a token, as browsers find no packages.
  RED.httpNode.get("/gemini-live/genai.js", (_, response) =>
    response.sendFile("genai.js", { root: join(__dirname, "../browser") }),
  );
}

function runLiveToken(RED: NodeAPI, node: Node, settings: TokenSettings) {
  const { session, lock } = settings;
  const admit = doorkeeper(settings);
  const counts = { issued: 0, refused: 0 };
  /** Why the last token could not be made, if so. */
  let failure: string | undefined;
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
  /** Who, when, for what and until when, but never the token itself; Node-RED adds the time. */
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
    const { connection, setup } = blueprintOf(RED, session);
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

  /** Makes of a message what goes out of the two outputs. */
  const answer = async (msg: TokenMessage): Promise<(NodeMessage | null)[]> => {
    const caller = callerOf(RED, msg, settings.caller);
    const refusal = await admit(caller);
    if (refusal) {
      counts.refused += 1;
      audit("refused", caller, { reason: refusal.payload.error });
      const { statusCode, headers, payload } = refusal;
      Object.assign(msg, {
        statusCode,
        payload,
        ...(headers && { headers: { ...headersOf(msg), ...headers } }),
      });
      return [null, msg];
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
    answer(msg)
      .finally(() => closed || badge.show())
      .then((outputs) => {
        if (closed) return;
        send(outputs);
        done();
      })
      .catch((error) => closed || done(error));
  });
  node.on("close", () => {
    closed = true;
    badge.stop();
    node.status({});
  });
}

function tokenSettings(RED: NodeAPI, def: NodeDef): TokenSettings {
  const settings = readSettings(liveToken, def);
  const { session, callerRequired, limit, limitSeconds } = settings;
  if (!session) throw new InputError("The node has no live session: choose one in its dialog.");
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
    );
  }
}

/** Looked up for every token: a deploy may have put another session, or other tools, in its place. */
function blueprintOf(RED: NodeAPI, id: string) {
  const session = RED.nodes.getNode(id) as LiveSessionNode | null;
  if (session?.type !== "gemini-live-session")
    throw new InputError(
      "The live session that the token would be for is not there: choose one in the dialog of the live token, or enable it.",
    );
  if (!session.blueprint)
    throw new InputError("The live session that the token would be for cannot work: its badge says why.");
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

/** Calls `action` at once, but not again before `ms` milliseconds are over: then once for all the calls meanwhile. */
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
