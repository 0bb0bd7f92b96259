// What may go into a conversation as it stands: some inputs mean nothing to it, and some the server would end it over.

import { InputError } from "./errors";
import { profileOf } from "./models";
import type { Input } from "./outgoing";
import type { ConversationSettings } from "./setup";

/** How a conversation stands. */
export interface Standing {
  /** There is a connection, or one is being made. */
  isOpen: boolean;
  /** Sound alone may open it. */
  soundMayOpen: boolean;
  /** The server knows something of it. */
  hasBegun: boolean;
  /** Why nothing more may be said in it. */
  spent: string | undefined;
}

/** Takes an input, ignores it as it means nothing now, or refuses it with an error that says what to do. */
export function admit(
  input: Input,
  { model, turnDetection }: ConversationSettings,
  { isOpen, soundMayOpen, hasBegun, spent }: Standing,
): "take" | "ignore" | InputError {
  const isSound = input.kind === "sound";
  const isSignal = input.kind === "signal";
  if (isSound && (spent || !(isOpen || soundMayOpen))) return "ignore";
  if (isSignal && (spent || !(isOpen || input.signal === "activityStart"))) return "ignore";
  if (isSignal && input.signal !== "audioStreamEnd" && turnDetection === "automatic")
    return new InputError(
      `"${input.signal}" is for turns that are given by hand: choose that in the session, or leave it out.`,
    );
  if (spent) return new InputError(`Gemini Live: ${spent}. Send "reset" to begin another conversation.`);
  if (input.kind === "history" && hasBegun && profileOf(model).history === "atStart")
    return new InputError(`${model} takes history only before a conversation begins: disconnect it first.`);
  return "take";
}
