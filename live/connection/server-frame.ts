// Reads a frame of the server: leaves out values that do not have the protocol's type, and finds the fields that this package does not know.

import type { LiveServerMessage } from "@google/genai";
import { LiveError } from "../server/errors";

/** The shape of a value: a type, `any` value, a list of values, or an object: one with `any` keys, or one whose keys are all known. */
type Shape =
  | "string"
  | "number"
  | "boolean"
  | "any"
  | { list: Shape }
  | { object: Record<string, Shape> | "any" };

const ANY_OBJECT: Shape = { object: "any" };
const TRANSCRIPTION: Shape = {
  object: {
    text: "string",
    finished: "boolean",
    languageCode: "string",
    speakerLabel: "string",
    startOffset: "string",
    endOffset: "string",
    words: { list: ANY_OBJECT },
  },
};
const TOKENS: Shape = { list: { object: { modality: "string", tokenCount: "number" } } };

/** The known fields of a frame (docs/live-api.md 1.3). Fields with the shape `any` at the bottom are known, but not read. */
const FRAME: Shape = {
  object: {
    setupComplete: {
      object: { sessionId: "string", voiceConsentSignature: { object: { signature: "string" } } },
    },
    serverContent: {
      object: {
        modelTurn: {
          object: {
            role: "any",
            parts: {
              list: {
                object: {
                  text: "string",
                  thought: "boolean",
                  thoughtSignature: "any",
                  inlineData: { object: { mimeType: "string", data: "string", displayName: "any" } },
                  executableCode: { object: { language: "string", code: "string", id: "string" } },
                  codeExecutionResult: { object: { outcome: "string", output: "string", id: "string" } },
                },
              },
            },
          },
        },
        inputTranscription: TRANSCRIPTION,
        interimInputTranscription: TRANSCRIPTION,
        outputTranscription: TRANSCRIPTION,
        groundingMetadata: ANY_OBJECT,
        urlContextMetadata: ANY_OBJECT,
        interrupted: "boolean",
        generationComplete: "boolean",
        turnComplete: "boolean",
        turnCompleteReason: "string",
        waitingForInput: "boolean",
        interactionStatus: "string",
      },
    },
    interactionStatus: "string",
    toolCall: {
      object: { functionCalls: { list: { object: { id: "string", name: "string", args: ANY_OBJECT } } } },
    },
    toolCallCancellation: { object: { ids: { list: "string" } } },
    goAway: { object: { timeLeft: "string" } },
    sessionResumptionUpdate: {
      object: { newHandle: "string", resumable: "boolean", lastConsumedClientMessageIndex: "any" },
    },
    voiceActivity: { object: { type: "string", voiceActivityType: "string", audioOffset: "string" } },
    voiceActivityDetectionSignal: { object: { vadSignalType: "string" } },
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
        cacheTokensDetails: TOKENS,
        toolUsePromptTokensDetails: TOKENS,
        trafficType: "string",
        serviceTier: "string",
      },
    },
    error: "any",
  },
};

/** A field of a frame that this package does not know. */
export interface UnknownField {
  /** Without positions in lists, for example `serverContent.modelTurn.parts[].newField`. */
  path: string;
  /** Its value; the beginning of its JSON, with `…`, if that is long. */
  value: unknown;
}

/** What a frame contains. */
export interface ReadFrame {
  /** The frame without values of the wrong type. */
  frame: LiveServerMessage;
  /** The values of the wrong type, for example `goAway.timeLeft is a number`. */
  wrong: string[];
  unknown: UnknownField[];
}

/** Maximum characters of an unknown value as JSON, and of its path. */
const MAX_VALUE = 2_000;
const MAX_PATH = 200;
/** Maximum number of unknown fields, and of values of a wrong type, of one frame that are named. */
const MAX_FINDINGS = 20;

/**
 * Parses a frame into an object.
 * @param hide removes secrets from what the server writes for developers, not from what the model says
 * @throws when it is not a JSON object
 */
export function readFrame(text: string, hide: <T>(notice: T) => T = (notice) => notice): ReadFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LiveError(
      "GEMINI_PROTOCOL",
      `Gemini Live: the server sent a frame of ${Buffer.byteLength(text)} bytes that is not JSON; it was ignored.`,
    );
  }
  const found: Findings = { path: [], wrong: [], unknown: [] };
  const frame = take(value, FRAME, found);
  if (frame === undefined)
    throw new LiveError(
      "GEMINI_PROTOCOL",
      "Gemini Live: the server sent a frame that is not an object; it was ignored.",
    );
  return {
    frame: withNotices(frame as LiveServerMessage & { error?: unknown }, hide),
    wrong: found.wrong,
    unknown: found.unknown.map((field) => readUnknown(field, hide)),
  };
}

/** The field without secrets, which `hide` also finds where a text was cut, and with a value of limited length. */
function readUnknown({ path, value }: UnknownField, hide: <T>(notice: T) => T): UnknownField {
  const json = JSON.stringify(value);
  const shown = json.length > MAX_VALUE ? `${hide(json.slice(0, MAX_VALUE))}…` : hide(value);
  return { path: hide(path.slice(0, MAX_PATH)), value: shown };
}

/** The frame with its notices changed by `hide`: the error, the announcement of the end, and the reason of a turn's end. */
function withNotices(frame: LiveServerMessage & { error?: unknown }, hide: <T>(notice: T) => T) {
  if (frame.error !== undefined) frame.error = hide(frame.error);
  if (frame.goAway) frame.goAway = hide(frame.goAway);
  const reason = frame.serverContent?.turnCompleteReason;
  if (reason) frame.serverContent!.turnCompleteReason = hide(reason);
  return frame;
}

interface Findings {
  /** Where the value is that is being read: keys, and positions in lists. */
  path: (string | number)[];
  wrong: string[];
  unknown: UnknownField[];
}

/** @param position what stands for a position in a list */
const placeOf = (path: Findings["path"], position: (index: number) => string) =>
  path.map((step, n) => (typeof step === "number" ? position(step) : n ? `.${step}` : step)).join("");

/** The value, which it changes, or undefined if it has another type; null in JSON counts as no value. */
function take(value: unknown, shape: Shape, found: Findings): unknown {
  if (value === null || value === undefined) return undefined;
  if (shape === "any") return value;
  const type = Array.isArray(value) ? "list" : typeof value;
  if (type !== (typeof shape === "string" ? shape : "list" in shape ? "list" : "object")) {
    if (found.wrong.length < MAX_FINDINGS)
      found.wrong.push(
        `${placeOf(found.path, (index) => `[${index}]`)} is ${type === "object" ? "an" : "a"} ${type}`,
      );
    return undefined;
  }
  if (typeof shape === "string") return value;
  if ("list" in shape)
    return (value as unknown[])
      .map((item, index) => takeAt(index, item, shape.list, found))
      .filter((item) => item !== undefined);
  if (shape.object === "any") return value;
  const fields = value as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    const known = Object.hasOwn(shape.object, key) ? shape.object[key] : undefined;
    if (known) fields[key] = takeAt(key, fields[key], known, found);
    else if (fields[key] !== null && found.unknown.length < MAX_FINDINGS)
      found.unknown.push({
        path: placeOf([...found.path, key], () => "[]"),
        value: fields[key],
      });
  }
  return fields;
}

/** As take(), of a value at this key or position of the present one. */
function takeAt(step: string | number, value: unknown, shape: Shape, found: Findings): unknown {
  found.path.push(step);
  const taken = take(value, shape, found);
  found.path.pop();
  return taken;
}
