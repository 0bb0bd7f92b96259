// Decides which input a conversation accepts in its current state: sound alone does not always open it, some input has no effect
// now, and some would make the server close the connection.

import type { Clock } from "../../audio/clock";
import { InputError } from "../server/errors";
import type { ModelProfile } from "../setup/model-profiles";
import type { ConversationSettings } from "../setup/setup";
import { blocks, type ConversationState, isBlocked, isOpen } from "../state/state";
import type { Input } from "./input";

/** Maximum milliseconds for which sound is held back while a blocking call is pending (docs/live-api.md 2). */
const HOLD_SOUND_MS = 10_000;

/**
 * Decides whether an input is accepted, ignored because it has no effect now, or refused with an error.
 * @param hasBegun whether the server already has a part of the conversation
 * @param now clock time, in milliseconds
 */
export function judge(
  input: Input,
  state: ConversationState,
  { model, turnDetection }: Pick<ConversationSettings, "model" | "turnDetection">,
  profile: ModelProfile,
  hasBegun: boolean,
  now: number,
): "take" | "ignore" | InputError {
  const opens = isOpen(state) || now >= state.soundOpensFrom;
  if (input.kind === "sound") return state.spent || !opens ? "ignore" : "take";
  if (input.kind === "signal") {
    if (input.signal !== "activityStart" && (state.spent || !isOpen(state))) return "ignore";
    if (input.signal !== "audioStreamEnd" && turnDetection === "automatic")
      return new InputError(
        `"${input.signal}" needs manual turn detection: choose it in the live session, or do not send the action.`,
      );
  }
  if (state.spent)
    return new InputError(
      `Not sent: ${state.spent}. Send the action "reset" to begin another conversation.`,
      "GEMINI_TOKEN_BUDGET",
    );
  if (input.kind === "text" && input.isPrompt && profile.text === "none")
    return new InputError(
      `${model} cannot be asked to speak: send the action "reply" to a live session with another model.`,
    );
  if (profile.text === "none" && ["text", "image", "history"].includes(input.kind))
    return new InputError(
      `${model} takes sound only: send texts and images to a live session with another model.`,
    );
  const turns = input.kind === "history" ? input.turns : input.kind === "text" ? [input] : [];
  if (!profile.parts && turns.some(({ parts }) => parts))
    return new InputError(
      `${model} takes only texts in a turn and in the history: send an image as a message of its own.`,
    );
  if (input.kind === "history" && hasBegun && profile.history === "atStart")
    return new InputError(
      `${model} takes history only before a conversation begins: send the action "disconnect" first.`,
    );
  return "take";
}

/** Whether sound would make the server close the connection now, because a blocking call is pending (docs/live-api.md 2). */
export function isSilencedByTools(
  state: ConversationState,
  { deafWhileBlocked }: ModelProfile,
  clock: Clock,
): boolean {
  if (!deafWhileBlocked || !isBlocked(state)) return false;
  const since = Math.min(...state.calls.filter(blocks).map(({ calledAt }) => calledAt));
  return clock.now() - since < HOLD_SOUND_MS;
}
