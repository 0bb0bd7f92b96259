// Serves the play button of the voice: lets the server say one sentence with the voice that the dialog shows, as a WAV file.

import type { NodeAPI } from "node-red";
import { type Clock, systemClock } from "../../audio/clock";
import { wavHeader } from "../../audio/codecs/wav-header";
import { isMonoPcm16, parseMimeType } from "../../audio/formats";
import { Conversation } from "../../live/conversation";
import { InputError } from "../../live/server/errors";
import type { ConversationSettings } from "../../live/setup/setup";
import type { LiveConfigNode, SharedConnection } from "../flow/node-types";
import { liveSession } from "../settings/live-session";
import { readSettings } from "../settings/table";
import { readerOfEnvironment } from "../settings/variables";
import { conversationSettings } from "./conversation-settings";

/** What the dialog shows: a deployed connection, and settings of the session as their fields have them. */
export interface SampleRequest {
  /** The session's, which may not be deployed yet. */
  id: string;
  connection: string;
  model: string;
  voice: string;
  language: string;
}

/** `wav`: the file in base64. `error`: its code, what is wrong and what to do. */
export type SampleResult = { wav: string } | { error: string };

const PROMPT = "Say only this, in the language of the conversation: Hello, this is my voice.";
/** Longest wait for the whole sample, in milliseconds: somebody looks at the dialog. */
const MAX_WAIT_MS = 20_000;
/** Longest sample: 15 s at 24 kHz. */
const MAX_BYTES = 15 * 48_000;

/**
 * Serves `POST gemini-live-session/voice-sample`, which answers a SampleRequest with a SampleResult. Requires the
 * permission to change flows, which could do the same with a deploy. One sample at a time: the status of another is 409. A dialog that is
 * closed ends its sample.
 */
export function serveVoiceSamples(RED: NodeAPI, clock: Clock = systemClock): void {
  let isRunning = false;
  RED.httpAdmin.post(
    "/gemini-live-session/voice-sample",
    RED.auth.needsPermission("flows.write"),
    (request, response) => {
      if (isRunning)
        return void response
          .status(409)
          .json({ error: "Another voice is being played. Try again in a moment." });
      isRunning = true;
      const dialog = new AbortController();
      response.on("close", () => dialog.abort());
      makeSample(RED, request.body ?? {}, clock, dialog.signal)
        .then((wav): SampleResult => ({ wav: wav.toString("base64") }))
        .catch((error: Error): SampleResult => ({ error: String(error) }))
        .then((result) => {
          isRunning = false;
          if (!dialog.signal.aborted) response.json(result);
        });
    },
  );
}

async function makeSample(
  RED: NodeAPI,
  { id, connection: connectionId, ...shown }: Partial<SampleRequest>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Buffer> {
  const node = RED.nodes.getNode(String(connectionId)) as LiveConfigNode | null;
  if (node?.type !== "gemini-live-config")
    throw new InputError(
      "The connection is not deployed. Deploy it, and play the voice again.",
      "GEMINI_SETTING",
    );
  const connection = node.connection();
  const [model, voice, language] = [shown.model, shown.voice, shown.language].map(
    readerOfEnvironment(RED, id),
  );
  const settings = conversationSettings(readSettings(liveSession, { model, voice, language }));
  const { pcm, mimeType } = await speak(connection, settings, clock, signal);
  const format = mimeType === undefined ? undefined : parseMimeType(mimeType);
  if (!format || !isMonoPcm16(format))
    throw new InputError(`${settings.model} answered without sound.`, "GEMINI_MODEL");
  return Buffer.concat([wavHeader(format.sampleRate, pcm.length), pcm]);
}

/** Opens a conversation of its own, and closes it after the first answer. */
function speak(
  connection: SharedConnection,
  settings: ConversationSettings,
  clock: Clock,
  signal: AbortSignal,
) {
  return new Promise<{ pcm: Buffer; mimeType: string | undefined }>((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    let mimeType: string | undefined;
    const end = (error?: Error) => {
      cancelTimeout();
      if (error) reject(error);
      else resolve({ pcm: Buffer.concat(pieces), mimeType });
      conversation.close();
    };
    const conversation = new Conversation(
      {
        ...connection,
        continuity: { ...connection.continuity, onConnectionLoss: "report", reconnectAttempts: 0 },
        settings,
        tools: () => [],
        // It ends by itself, so it does not count among the conversations that the connection allows.
        admit: () => undefined,
        clock,
        random: Math.random,
      },
      (event) => {
        if (event.type === "failed") end(event.error);
        else if (event.type === "turnComplete") end();
        else if (event.type === "audio") {
          mimeType ??= event.mimeType;
          pieces.push(event.pcm);
          bytes += event.pcm.length;
          if (bytes >= MAX_BYTES) end();
        }
      },
    );
    const cancelTimeout = clock.after(MAX_WAIT_MS, () =>
      end(
        new InputError(
          `The server sent no whole sample within ${MAX_WAIT_MS / 1000} s.`,
          "GEMINI_UNREACHABLE",
        ),
      ),
    );
    signal.addEventListener("abort", () => end(new InputError("The dialog was closed.", "GEMINI_ENDED")));
    conversation.send({ kind: "text", text: PROMPT, turnComplete: true }, (error) => error && end(error));
  });
}
