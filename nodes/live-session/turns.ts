// Reads the turns in a message: a text with images as one turn, and the history of a conversation.

import type { HistoryTurn, TurnPart } from "../../live/input/input";
import { InputError } from "../../live/server/errors";
import { copyAsJson } from "../flow/messages";
import { isImageType, requireImage } from "./image";

/** Maximum bytes of sound or images in one message. */
export const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;

type Fields = Record<string, unknown>;

/** What the parts of a turn say, and the parts themselves if they are more than texts. */
export type Turn = Omit<HistoryTurn, "role">;

/**
 * Reads `{parts}`, a turn of the user.
 * @throws InputError
 */
export function readUserTurn(parts: unknown): Turn {
  const turn = readParts(parts, "msg.payload.parts");
  if (turn.parts?.some((part) => "functionCall" in part || "functionResponse" in part))
    throw new InputError("msg.payload.parts has a tool call or its result: only a history may have them.");
  checkSize(turn.parts ?? []);
  return turn;
}

/**
 * Reads the parts of a turn in the API's form; the data of an image is a Buffer or base64.
 * @param where the place in the message, for errors
 * @throws InputError
 */
function readParts(parts: unknown, where: string): Turn {
  if (!Array.isArray(parts) || !parts.length)
    throw new InputError(`${where} must be an array of {text} and {inlineData: {mimeType, data}}.`);
  const read = parts.map((part, index) => readPart(part, `${where}[${index}]`));
  const text = read.flatMap((part) => ("text" in part ? part.text : [])).join("\n");
  return read.every((part) => "text" in part) ? { text } : { text, parts: read };
}

/**
 * Reads a history: `{role, text}`, `{role, parts}`, or messages of the text output, of which the final ones count.
 * @throws InputError that names the entry
 */
export function readHistory(entries: readonly unknown[]): HistoryTurn[] {
  const turns = entries.flatMap((entry, index) => readEntry(fieldsOf(entry), `msg.payload[${index}]`));
  if (!turns.length) throw new InputError("msg.payload is a history without a final text.");
  checkSize(turns.flatMap(({ parts = [] }) => parts));
  return turns;
}

function readEntry(entry: Fields, where: string): HistoryTurn[] {
  const { role, text, parts, payload, final, thought, heard } = entry;
  const fail = (): never => {
    throw new InputError(
      `${where} is not a turn of a history. Each needs a role, "user" or "model", and a text or parts; or it is a message of the text output.`,
    );
  };
  if (role !== "user" && role !== "model") return fail();
  if (parts !== undefined) return [{ role, ...readParts(parts, `${where}.parts`) }];
  if (final === undefined) return typeof text === "string" && text ? [{ role, text }] : fail();
  if (final !== true || thought === true) return [];
  const said = heard ?? payload;
  if (typeof said !== "string") return fail();
  return said ? [{ role, text: said }] : [];
}

function readPart(part: unknown, where: string): TurnPart {
  const { text, inlineData, functionCall, functionResponse } = fieldsOf(part);
  if (typeof text === "string" && text) return { text };
  if (inlineData !== undefined) return readImage(fieldsOf(inlineData), where);
  const call = copyAsJson(fieldsOf(functionCall ?? functionResponse), where);
  const content = functionCall ? (call.args ?? {}) : call.response;
  if (typeof call.name === "string" && call.name && isObject(content))
    return { [functionCall ? "functionCall" : "functionResponse"]: call } as unknown as TurnPart;
  throw new InputError(
    `${where} is not a part. Use {text}, {inlineData: {mimeType, data}}, and in a history also {functionCall: {name, args}} or {functionResponse: {name, response}}.`,
  );
}

function checkSize(parts: readonly TurnPart[]) {
  const bytes = parts.reduce(
    (sum, part) => sum + ("inlineData" in part ? Buffer.byteLength(part.inlineData.data, "base64") : 0),
    0,
  );
  if (bytes > MAX_PAYLOAD_BYTES)
    throw new InputError(
      `The images in msg.payload have ${bytes} bytes. The limit is ${MAX_PAYLOAD_BYTES} bytes: send fewer or smaller ones.`,
    );
}

function readImage({ mimeType, data }: Fields, where: string): TurnPart {
  if (!isImageType(mimeType))
    throw new InputError(
      `${where}.inlineData.mimeType is ${JSON.stringify(mimeType)}. Use image/jpeg or image/png.`,
    );
  const bytes = bytesOf(data);
  if (!bytes?.length)
    throw new InputError(
      `${where}.inlineData.data must be a Buffer or base64 that is not empty, without "data:" in front.`,
    );
  requireImage(bytes, mimeType, `${where}.inlineData.data`);
  return { inlineData: { mimeType, data: bytes.toString("base64") } };
}

/** A Buffer, also one that went through JSON, or base64. */
function bytesOf(data: unknown): Buffer | undefined {
  if (Buffer.isBuffer(data)) return data;
  // Buffer.from() skips other characters, and would make another image of a data URL.
  if (typeof data === "string") return /[^\w+/=\s-]/.test(data) ? undefined : Buffer.from(data, "base64");
  const { type, data: bytes } = fieldsOf(data);
  return type === "Buffer" && Array.isArray(bytes) ? Buffer.from(bytes) : undefined;
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});
