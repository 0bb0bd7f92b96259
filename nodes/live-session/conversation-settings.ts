// Converts the settings of a live session to those of its conversations.

import type { ConversationSettings, OwnSettings } from "../../live/setup/setup";
import type { LiveSessionSettings } from "../settings/live-session";

/** @param own those among the settings that a message has set for one conversation */
export function conversationSettings(settings: LiveSessionSettings, own?: OwnSettings): ConversationSettings {
  const { voice, language, instruction, temperature, thinkingLevel, affectiveDialog } = settings;
  const { turnDetection, startSensitivity, endSensitivity, silenceDurationMs, prefixPaddingMs } = settings;
  const { bargeIn, speaksFirst, turnCoverage, singleTurn, googleSearch } = settings;
  return {
    model: settings.model.trim(),
    voice,
    language,
    instruction,
    temperature,
    thinkingLevel,
    includeThoughts: settings.includeThoughts,
    affectiveDialog,
    targetLanguage: settings.targetLanguage.trim(),
    echoTarget: settings.echoTarget,
    inputLanguages: settings.inputLanguages,
    vocabulary: settings.vocabulary,
    transcriptionMode: settings.transcriptionMode,
    mediaResolution: settings.mediaResolution,
    furtherSetup: settings.furtherSetup,
    transcripts: { user: settings.transcribeUser, model: settings.transcribeModel },
    turnDetection,
    detection: { start: startSensitivity, end: endSensitivity, silenceDurationMs, prefixPaddingMs },
    bargeIn,
    speaksFirst,
    turnCoverage,
    segmentSilenceMs: settings.segmentSilenceMs,
    singleTurn,
    googleSearch,
    own,
  };
}
