// Fields of the SDK's types that the corpus does not hold, by the reason. `Type.field` names each.

const requestsOnly = "of requests that are not Live (ai.google.dev/api/live lists what Live does not take)";
const otherTools = "of tools that no current Live model has";
const noSource = "of a content in the types; no source says that Live uses it";

/** In what a server sends. */
export const LEFT_OUT_BY_SERVERS: Record<string, readonly string[]> = {
  [noSource]: [
    "Part.mediaResolution",
    "Part.audioTranscription",
    "Part.fileData",
    "Part.functionCall",
    "Part.functionResponse",
    "Part.thoughtSignature",
    "Part.videoMetadata",
    "Part.partMetadata",
    "Part.mediaProcessing",
    "Part.speechMetadata",
    "Blob_2.displayName",
    "CodeExecutionResult.id",
    "ExecutableCode.id",
    "FunctionCall.partialArgs",
    "FunctionCall.willContinue",
    "SearchEntryPoint.sdkBlob",
    "GroundingSupport.renderedParts",
  ],
  [otherTools]: [
    "Part.toolCall",
    "Part.toolResponse",
    "GroundingChunk.maps",
    "GroundingChunk.image",
    "GroundingChunk.retrievedContext",
    "GroundingMetadata.retrievalMetadata",
    "GroundingMetadata.googleMapsWidgetContextToken",
    "GroundingMetadata.imageSearchQueries",
    "GroundingMetadata.retrievalQueries",
    "GroundingMetadata.sourceFlaggingUris",
  ],
};

/** In what a client sends. The tools of a setup are not compared: their type is a union. */
export const LEFT_OUT_BY_CLIENTS: Record<string, readonly string[]> = {
  [requestsOnly]: [
    "GenerationConfig.modelSelectionConfig",
    "GenerationConfig.responseJsonSchema",
    "GenerationConfig.audioTranscriptionConfig",
    "GenerationConfig.audioTimestamp",
    "GenerationConfig.logprobs",
    "GenerationConfig.responseFormat",
    "GenerationConfig.responseLogprobs",
    "GenerationConfig.responseMimeType",
    "GenerationConfig.responseSchema",
    "GenerationConfig.routingConfig",
    "GenerationConfig.stopSequences",
    "GenerationConfig.enableEnhancedCivicAnswers",
    "SafetySetting.method",
    "VoiceConfig.voice",
  ],
  "refused by the SDK in Live": ["SpeechConfig.multiSpeakerVoiceConfig"],
  "of avatars, whose video this package does not play": [
    "AvatarConfig.customizedAvatar",
    "AvatarConfig.audioBitrateBps",
    "AvatarConfig.videoBitrateBps",
  ],
  [noSource]: [
    "Part.mediaResolution",
    "Part.audioTranscription",
    "Part.codeExecutionResult",
    "Part.executableCode",
    "Part.fileData",
    "Part.functionCall",
    "Part.functionResponse",
    "Part.thought",
    "Part.thoughtSignature",
    "Part.videoMetadata",
    "Part.partMetadata",
    "Part.mediaProcessing",
    "Part.speechMetadata",
    "Part.toolCall",
    "Part.toolResponse",
    "Blob_2.displayName",
    "FunctionResponse.parts",
  ],
};
