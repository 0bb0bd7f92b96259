// The warnings about settings of a live session that have no effect, or may not exist.

import { profileOf, VOICES } from "../../live/setup/model-profiles";
import type { ConversationSettings } from "../../live/setup/setup";
import { liveSession } from "../settings/live-session";
import type { Setting } from "../settings/table";

const table: Record<string, Setting | undefined> = liveSession.settings;

/** @param leftOut the names of the settings that are not sent, with `tools` for the declarations */
export function settingWarnings(
  { model, voice }: Pick<ConversationSettings, "model" | "voice">,
  leftOut: readonly string[],
): string[] {
  const labels = leftOut.filter((name) => name !== "tools").map((name) => table[name]?.label ?? name);
  const isKnown = !voice || VOICES.includes(voice) || profileOf(model).refuses.includes("voice");
  return [
    ...(labels.length ? [`${model} does not support these settings: ${labels.join(", ")}.`] : []),
    ...(leftOut.includes("tools") ? [`${model} calls no tools: the tool call nodes are never called.`] : []),
    ...(isKnown
      ? []
      : [
          `"${voice}" is not a prebuilt voice. It is sent, but the server may refuse the connection. Known voices: ${VOICES.join(", ")}.`,
        ]),
  ];
}
