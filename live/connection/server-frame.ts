// Reads a frame of the server, and leaves out values that do not have the protocol's type.

import type { LiveServerMessage } from "@google/genai";

/** The shape of a value: a type, a list of values, or an object with some known keys. */
type Shape = "string" | "number" | "boolean" | { list: Shape } | { object: Record<string, Shape> };

const ANY_OBJECT: Shape = { object: {} };
const TRANSCRIPTION: Shape = { object: { text: "string", languageCode: "string" } };
const TOKENS: Shape = { list: { object: { modality: "string", tokenCount: "number" } } };

/** The fields of a frame that this package reads (docs/live-api.md 1.3). Other fields are kept unchanged. */
const FRAME: Shape = {
  object: {
    setupComplete: ANY_OBJECT,
    serverContent: {
      object: {
        modelTurn: {
          object: {
            parts: {
              list: {
                object: {
                  text: "string",
                  thought: "boolean",
                  inlineData: { object: { mimeType: "string", data: "string" } },
                },
              },
            },
          },
        },
        inputTranscription: TRANSCRIPTION,
        interimInputTranscription: TRANSCRIPTION,
        outputTranscription: TRANSCRIPTION,
        groundingMetadata: ANY_OBJECT,
        interrupted: "boolean",
        generationComplete: "boolean",
        turnComplete: "boolean",
        turnCompleteReason: "string",
        interactionStatus: "string",
      },
    },
    interactionStatus: "string",
    toolCall: {
      object: { functionCalls: { list: { object: { id: "string", name: "string", args: ANY_OBJECT } } } },
    },
    toolCallCancellation: { object: { ids: { list: "string" } } },
    goAway: { object: { timeLeft: "string" } },
    sessionResumptionUpdate: { object: { newHandle: "string", resumable: "boolean" } },
    voiceActivity: { object: { type: "string", voiceActivityType: "string", audioOffset: "string" } },
    usageMetadata: {
      object: {
        promptTokenCount: "number",
        responseTokenCount: "number",
        candidatesTokenCount: "number",
        thoughtsTokenCount: "number",
        toolUsePromptTokenCount: "number",
        cachedContentTokenCount: "number",
        totalTokenCount: "number",
        promptTokensDetails: TOKENS,
        responseTokensDetails: TOKENS,
        candidatesTokensDetails: TOKENS,
      },
    },
  },
};

/**
 * Parses a frame into an object.
 * @param hide removes secrets from what the server writes for developers, not from what the model says
 * @returns the frame without values of the wrong type, and a list of those, such as `goAway.timeLeft is a number`
 * @throws when it is not a JSON object
 */
export function readFrame(
  text: string,
  hide: <T>(notice: T) => T = (notice) => notice,
): { frame: LiveServerMessage; wrong: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(
      `Gemini Live: the server sent a frame of ${Buffer.byteLength(text)} bytes that is not JSON; it was ignored.`,
    );
  }
  const wrong: string[] = [];
  const frame = take(value, FRAME, "", wrong);
  if (frame === undefined)
    throw new Error("Gemini Live: the server sent a frame that is not an object; it was ignored.");
  return { frame: withNotices(frame as LiveServerMessage & { error?: unknown }, hide), wrong };
}

/** The frame with its notices changed by `hide`: the error, the announcement of the end, and the reason of a turn's end. */
function withNotices(frame: LiveServerMessage & { error?: unknown }, hide: <T>(notice: T) => T) {
  if (frame.error !== undefined) frame.error = hide(frame.error);
  if (frame.goAway) frame.goAway = hide(frame.goAway);
  const reason = frame.serverContent?.turnCompleteReason;
  if (reason) frame.serverContent!.turnCompleteReason = hide(reason);
  return frame;
}

/** The value, or undefined if it has another type; null in JSON counts as no value. */
function take(value: unknown, shape: Shape, path: string, wrong: string[]): unknown {
  if (value === null || value === undefined) return undefined;
  const type = Array.isArray(value) ? "list" : typeof value;
  if (type !== (typeof shape === "string" ? shape : Object.keys(shape)[0])) {
    wrong.push(`${path} is ${type === "object" ? "an" : "a"} ${type}`);
    return undefined;
  }
  if (typeof shape === "string") return value;
  if ("list" in shape)
    return (value as unknown[])
      .map((item, index) => take(item, shape.list, `${path}[${index}]`, wrong))
      .filter((item) => item !== undefined);
  const fitting: Record<string, unknown> = { ...value };
  for (const [key, inner] of Object.entries(shape.object))
    if (key in fitting) fitting[key] = take(fitting[key], inner, path ? `${path}.${key}` : key, wrong);
  return fitting;
}
