// Serves the button "Test connection": opens a conversation with the settings that the dialog shows, and says what came of it.

import type { NodeAPI } from "node-red";
import { type Clock, systemClock } from "../../audio/clock";
import { openSocket } from "../../live/connection/socket";
import { Credentials } from "../../live/server/credentials";
import { InputError } from "../../live/server/errors";
import { buildSetup } from "../../live/setup/setup";
import { conversationSettings } from "../live-session/conversation-settings";
import { liveConfig } from "../settings/live-config";
import { liveSession } from "../settings/live-session";
import { readSettings } from "../settings/table";
import { readerOfEnvironment } from "../settings/variables";
import { OwnSimulator, readConnection } from "./connection";

/** What the dialog sends. */
export interface TestRequest {
  /** The connection's, which may not be deployed yet. */
  id: string;
  /** By the names in the settings table, as the fields of the dialog show them. */
  settings: Record<string, unknown>;
  /** As the field shows it: a key that is stored already is `__PWRD__`. */
  apiKey: string;
  /** Of a live session with this connection; "": the default. */
  model: string;
}

/** The model that accepted the setup, and the milliseconds that it took; or the code of an error, what is wrong and what to do. */
export type TestResult = { model: string; setupMs: number } | { error: string };

/** What the editor shows instead of a stored credential. */
const STORED = "__PWRD__";
/** Longest wait for a server, in milliseconds: somebody looks at the dialog. */
const MAX_WAIT_MS = 20_000;

/**
 * Serves `POST gemini-live-config/test`, which answers a TestRequest with a TestResult. Requires the permission to change flows, which
 * could do the same with a deploy. One test at a time: the status of another is 409. A dialog that is closed ends its test.
 */
export function serveConnectionTest(RED: NodeAPI, clock: Clock = systemClock): void {
  let isRunning = false;
  RED.httpAdmin.post(
    "/gemini-live-config/test",
    RED.auth.needsPermission("flows.write"),
    (request, response) => {
      if (isRunning)
        return void response
          .status(409)
          .json({ error: "Another connection is being tested. Try again in a moment." });
      isRunning = true;
      const dialog = new AbortController();
      response.on("close", () => dialog.abort());
      testConnection(RED, request.body ?? {}, clock, dialog.signal)
        .catch((error: Error): TestResult => ({ error: String(error) }))
        .then((result) => {
          isRunning = false;
          if (!dialog.signal.aborted) response.json(result);
        });
    },
  );
}

async function testConnection(
  RED: NodeAPI,
  { id, settings = {}, apiKey, model }: Partial<TestRequest>,
  clock: Clock,
  signal: AbortSignal,
): Promise<TestResult> {
  const deployed = readerOfEnvironment(RED, id);
  const given = Object.entries(settings).map(([name, value]) => [name, deployed(value)]);
  const entered = readSettings(liveConfig, Object.fromEntries(given));
  if ([entered.proxy, entered.tls].some((other) => other && !RED.nodes.getNode(other)))
    throw new InputError(
      "The proxy or the TLS configuration is not deployed. Deploy it, and test again.",
      "GEMINI_SETTING",
    );
  const key = deployed(apiKey === STORED ? storedKey(RED, id) : apiKey) as string | undefined;
  const simulator = new OwnSimulator();
  try {
    const connection = readConnection(RED, entered, { apiKey: key }, simulator);
    const connectTimeoutMs = Math.min(connection.connectTimeoutMs, MAX_WAIT_MS);
    const credentials = new Credentials({ ...connection, connectTimeoutMs, clock });
    const server = await credentials.show(false, signal);
    const ofSession = readSettings(liveSession, model ? { model: deployed(model) } : {});
    const setup = buildSetup(conversationSettings(ofSession), connection.continuity, { tools: [] });
    const begun = clock.now();
    const handlers = { onFrame() {}, onBadFrame() {}, onClose() {} };
    const socket = await openSocket(server, setup, handlers, connectTimeoutMs, clock, signal);
    const setupMs = Math.round(clock.now() - begun);
    await socket.close();
    return { model: setup.model.replace(/^models\//, ""), setupMs };
  } finally {
    await simulator.close();
  }
}

/** The stored key of a deployed connection, which may be disabled; no credential of a node of another type. */
function storedKey(RED: NodeAPI, id: string | undefined): string | undefined {
  let isConnection = false;
  RED.nodes.eachNode((node) => {
    if (node.id === id) isConnection = node.type === "gemini-live-config";
  });
  return isConnection
    ? (RED.nodes.getCredentials(String(id)) as { apiKey?: string } | null)?.apiKey
    : undefined;
}
