// Further setup: fields of the setup frame that have no setting of their own. Says which of them cannot be sent, and merges the others
// into the frame.

/** Fields of the setup frame, by their names on the wire. */
export type FurtherSetup = Record<string, unknown>;

/**
 * Merges fields into a setup frame: objects field by field, and tools behind those that are there. Any other value takes the place of
 * the one in the frame.
 * @returns a new frame; neither argument changes
 */
export function mergeSetup(setup: FurtherSetup, further: FurtherSetup): FurtherSetup {
  // A field may have any name, also that of a property of all objects.
  const merged = new Map(Object.entries(setup));
  for (const [name, value] of Object.entries(further)) {
    const before = merged.get(name);
    if (isObject(before) && isObject(value)) merged.set(name, mergeSetup(before, value));
    else if (name === "tools" && Array.isArray(before)) merged.set(name, before.concat(value));
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

const isObject = (value: unknown): value is FurtherSetup =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Checks further setup. A field that is not known here can be sent: it may be newer than this package.
 * Runs in the dialog as well, so it can use nothing but its argument, and no function with a name.
 * @param settings with the other settings that decide what can be sent
 * @returns true, or the path of the first field that cannot be sent and what is wrong with it
 */
export function checkFurtherSetup({
  furtherSetup,
  voice,
}: {
  furtherSetup: object;
  voice?: string;
}): true | string {
  /** Why a field cannot be sent. `[]` stands for each entry of a list. */
  const refused: Record<string, string> = {
    model: 'is the setting "Model"',
    systemInstruction: 'is the setting "Instruction"',
    "generationConfig.temperature": 'is the setting "Temperature"',
    "generationConfig.mediaResolution": 'is the setting "Media resolution"',
    "generationConfig.enableAffectiveDialog": 'is the setting "Affective dialog"',
    "generationConfig.translationConfig": 'is the setting "Target language"',
    "generationConfig.speechConfig.languageCode": 'is the setting "Language"',
    "generationConfig.speechConfig.voiceConfig.prebuiltVoiceConfig": 'is the setting "Voice"',
    "generationConfig.thinkingConfig.thinkingLevel": 'is the setting "Thinking level"',
    "generationConfig.thinkingConfig.includeThoughts": 'is the setting "Include thoughts"',
    "inputAudioTranscription.languageCodes": 'is the setting "Input languages"',
    "inputAudioTranscription.languageHints": 'is the setting "Input languages"',
    "inputAudioTranscription.languageAuto": 'is the setting "Input languages"',
    "inputAudioTranscription.customVocabulary": 'is the setting "Vocabulary"',
    "inputAudioTranscription.adaptationPhrases": 'is the setting "Vocabulary"',
    "inputAudioTranscription.mode": 'is the setting "Transcription mode"',
    "realtimeInputConfig.automaticActivityDetection": 'is the setting "Turn detection"',
    "realtimeInputConfig.activityHandling": 'is the setting "Allow barge-in"',
    "realtimeInputConfig.turnCoverage": 'is the setting "Turn coverage"',
    contextWindowCompression: 'is the setting "Context compression (sliding window)" of the live connection',
    sessionResumption: 'is the setting "On connection loss" of the live connection',
    historyConfig: "is set by the live session when there is a history",
    "tools[].functionDeclarations": "comes from the tool call nodes",
    "generationConfig.responseModalities": "is set by the live session",
    avatarConfig: "needs an output for video, which the live session does not have",
    // What the Live API does not take (docs/live-api.md 1.2).
    "generationConfig.responseLogprobs": "is not supported by the Live API",
    "generationConfig.logprobs": "is not supported by the Live API",
    "generationConfig.responseMimeType": "is not supported by the Live API",
    "generationConfig.responseSchema": "is not supported by the Live API",
    "generationConfig.stopSequences": "is not supported by the Live API",
    "generationConfig.routingConfig": "is not supported by the Live API",
    "generationConfig.audioTimestamp": "is not supported by the Live API",
    "generationConfig.speechConfig.multiSpeakerVoiceConfig": "is not supported by the Live API",
    "inputAudioTranscription.wordTimestamp": "is not supported by the Live API",
    "inputAudioTranscription.diarization": "is not supported by the Live API",
    "outputAudioTranscription.wordTimestamp": "is not supported by the Live API",
    "outputAudioTranscription.diarization": "is not supported by the Live API",
  };
  /** What a field must be; `*` stands for each name in a map. */
  const types: Record<string, string> = {
    generationConfig: "an object",
    "generationConfig.topP": "a number",
    "generationConfig.topK": "a number",
    "generationConfig.presencePenalty": "a number",
    "generationConfig.frequencyPenalty": "a number",
    "generationConfig.maxOutputTokens": "a whole number",
    "generationConfig.candidateCount": "a whole number",
    "generationConfig.seed": "a whole number",
    "generationConfig.enableEnhancedCivicAnswers": "true or false",
    "generationConfig.thinkingConfig": "an object",
    "generationConfig.thinkingConfig.thinkingBudget": "a whole number",
    "generationConfig.speechConfig": "an object",
    "generationConfig.speechConfig.voiceConfig": "an object",
    "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig": "an object",
    "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig.mimeType": "a text",
    "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig.voiceSampleAudio": "a text",
    "generationConfig.speechConfig.voiceConfig.replicatedVoiceConfig.consentAudio": "a text",
    tools: "a list",
    "tools[]": "an object",
    inputAudioTranscription: "an object",
    outputAudioTranscription: "an object",
    "outputAudioTranscription.languageCodes": "a list",
    "outputAudioTranscription.languageCodes[]": "a text",
    "outputAudioTranscription.customVocabulary": "a list",
    "outputAudioTranscription.customVocabulary[]": "a text",
    realtimeInputConfig: "an object",
    "realtimeInputConfig.interimTranscriptTimestampEnabled": "true or false",
    proactivity: "an object",
    "proactivity.proactiveAudio": "true or false",
    "proactivity.proactiveVideo": "true or false",
    explicitVadSignal: "true or false",
    safetySettings: "a list",
    "safetySettings[]": "an object",
    "safetySettings[].category": "a text",
    "safetySettings[].threshold": "a text",
    labels: "an object",
    "labels.*": "a text",
  };
  const maxDepth = 100;
  /** Fields that are still to be checked: their paths, and the same as they are called above. */
  const fields: [path: string, known: string, value: unknown, depth: number][] = [["", "", furtherSetup, 0]];
  for (const [path, known, value, depth] of fields) {
    if (Object.hasOwn(refused, known)) return `${path} ${refused[known]}`;
    if (depth > maxDepth) return `${path} is nested more than ${maxDepth} levels deep`;
    const type = types[known];
    const isList = Array.isArray(value);
    const isObject = typeof value === "object" && value !== null && !isList;
    if (
      (type === "a number" && typeof value !== "number") ||
      (type === "a whole number" && !Number.isInteger(value)) ||
      (type === "a text" && typeof value !== "string") ||
      (type === "true or false" && typeof value !== "boolean") ||
      (type === "a list" && !isList) ||
      (type === "an object" && !isObject)
    )
      return `${path} must be ${type}`;
    if (known.endsWith(".replicatedVoiceConfig") && voice)
      return `${path} and the setting "Voice" exclude each other`;
    if (isList)
      for (const [index, entry] of value.entries())
        fields.push([`${path}[${index}]`, `${known}[]`, entry, depth + 1]);
    if (!isObject) continue;
    const dot = path ? "." : "";
    for (const [name, entry] of Object.entries(value)) {
      const isMap = `${known}.*` in types;
      const camel = name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
      const meant = known + dot + camel;
      if (camel !== name && !isMap && (Object.hasOwn(types, meant) || Object.hasOwn(refused, meant)))
        return `${path}${dot}${name} must be written as ${camel}`;
      fields.push([path + dot + name, isMap ? `${known}.*` : known + dot + name, entry, depth + 1]);
    }
  }
  return true;
}
