// Writes each kind of input as the client message that the model accepts.

import { FunctionResponseScheduling, type Session } from "@google/genai";
import { InputError } from "../server/errors";
import type { ModelProfile } from "../setup/model-profiles";
import type { HistoryTurn, Input, Sound } from "./input";

/** Where client messages go. */
export interface Writable {
  readonly session: Session;
  /** Sends a message, past the session. */
  readonly send: (json: Buffer) => void;
}

/** Sends one input. @throws InputError if the model does not accept it */
export function write({ session, send }: Writable, profile: ModelProfile, input: Input) {
  switch (input.kind) {
    case "sound":
      return send(soundMessage(input));
    case "image":
      return session.sendRealtimeInput({
        video: { data: input.data.toString("base64"), mimeType: input.mimeType },
      });
    case "signal":
      return session.sendRealtimeInput({ [input.signal]: input.signal === "audioStreamEnd" ? true : {} });
    case "toolResponse": {
      const { id, name, response, scheduling, willContinue } = input;
      return session.sendToolResponse({
        functionResponses: [
          {
            id,
            name,
            response,
            ...(scheduling && { scheduling: FunctionResponseScheduling[scheduling] }),
            ...(willContinue && { willContinue }),
          },
        ],
      });
    }
    case "history":
      // turnComplete ends the history at the start and asks for no answer there (docs/live-api.md 1.2).
      return session.sendClientContent({
        turns: input.turns.map(toContent),
        turnComplete: profile.history === "atStart",
      });
    case "text":
      if (profile.text === "realtimeInput") return writeRealtimeText(session, input);
      return session.sendClientContent({
        turns: [toContent({ ...input, role: "user" })],
        turnComplete: input.turnComplete,
      });
  }
}

const BEFORE_SOUND = '{"realtimeInput":{"audio":{"data":"';

/** The JSON that sendRealtimeInput() of the SDK sends, in one Buffer and at half of its cost: sound is most of what is sent. */
export function soundMessage({ pcm, sampleRate }: Sound): Buffer {
  const data = pcm.toString("base64");
  const after = `","mimeType":"audio/pcm;rate=${sampleRate}"}}}`;
  const json = Buffer.allocUnsafe(BEFORE_SOUND.length + data.length + after.length);
  json.write(BEFORE_SOUND, "latin1");
  json.write(data, BEFORE_SOUND.length, "latin1");
  json.write(after, BEFORE_SOUND.length + data.length, "latin1");
  return json;
}

/**
 * Stops the current answer without requesting another: any clientContent interrupts (docs/live-api.md 1.2). Models that accept text
 * only as realtimeInput have no such message; for them, the rest of the answer is dropped here.
 */
export function writeStop(session: Session, profile: ModelProfile) {
  if (profile.text === "clientContent") session.sendClientContent({ turnComplete: false });
}

function writeRealtimeText(
  session: Session,
  { text, turnComplete }: { text: string; turnComplete: boolean },
) {
  if (!turnComplete)
    throw new InputError("This model answers every text: it accepts no context in an open conversation.");
  session.sendRealtimeInput({ text });
}

function toContent({ role, text, parts = [{ text }] }: HistoryTurn) {
  return { role, parts: [...parts] };
}
