// Every field that a server may send, with a frame that has it and the message that shows it; and the fields that are left out.

import type { Msg } from "../flow";

/** A field by its path in a frame. */
export interface Field {
  path: string;
  /** What shows it, in the words of docs/live-api.md. */
  as: string;
  frames: readonly object[];
  output: "audio" | "text" | "tools" | "events" | "caught";
  /** Properties of the message, at least. */
  shows: object;
  /** Of the live session. */
  properties?: object;
}

type More = Pick<Field, "properties">;

const field = (
  path: string,
  as: string,
  frames: object | readonly object[],
  output: Field["output"],
  shows: object,
  more: More = {},
): Field => ({ path, as, frames: [frames].flat(), output, shows, ...more });

const event = (
  path: string,
  name: string,
  details: object,
  frames: object | readonly object[],
  more?: More,
) =>
  field(
    path,
    `event \`${name}\``,
    frames,
    "events",
    { event: name, payload: { event: name, ...details } },
    more,
  );

const content = (serverContent: object) => ({ serverContent });
const part = (...parts: object[]) => content({ modelTurn: { role: "model", parts } });
const END = content({ turnComplete: true });
const SIGNATURE = "c2lnbmF0dXJl";
const SOUND = { mimeType: "audio/pcm;rate=24000", data: "AAAA" };
const SOURCES = { webSearchQueries: ["weather in Bern"] };
const PAGES = {
  urlMetadata: [{ retrievedUrl: "https://example.com/", urlRetrievalStatus: "URL_RETRIEVAL_STATUS_SUCCESS" }],
};
const CALL = { id: "call_1", name: "book_slot", args: { slot: "3pm" } };

/** A field of a part that comes out as an unknown one. */
const otherPart = (name: string, value: unknown) =>
  event(
    `serverContent.modelTurn.parts.${name}`,
    "other",
    { path: `serverContent.modelTurn.parts[].${name}`, value },
    part({ [name]: value }),
  );

/** A field of a transcript. */
const transcribed = (
  kind: "inputTranscription" | "outputTranscription",
  name: string,
  value: unknown,
  shows: object = { [name]: value },
) =>
  field(
    `serverContent.${kind}.${name}`,
    `text, \`${Object.keys(shows)[0]}\``,
    content({ [kind]: { text: "Hello", [name]: value } }),
    "text",
    { role: kind === "inputTranscription" ? "user" : "model", ...shows },
  );

const TRANSCRIBE = { properties: { model: "gemini-3.5-transcribe-live" } };
const interim = (name: string, value: unknown, shows: object) =>
  field(
    `serverContent.interimInputTranscription.${name}`,
    `text, \`${Object.keys(shows)[0]}\``,
    content({ interimInputTranscription: { text: "hel", [name]: value } }),
    "text",
    { role: "user", interim: true, ...shows },
    TRANSCRIBE,
  );

/** A count of the turn in the event `usage`. */
const counted = (name: string, value: unknown, turn: object) =>
  field(
    `usageMetadata.${name}`,
    `event \`usage\`, \`turn.${Object.keys(turn)[0]}\``,
    { ...END, usageMetadata: { [name]: value } },
    "events",
    { event: "usage", payload: { turn } },
  );
const TOKENS = [{ modality: "AUDIO", tokenCount: 7 }];

export const FIELDS: readonly Field[] = [
  event(
    "setupComplete.sessionId",
    "state",
    { state: "connected", sessionId: "id" },
    { setupComplete: { sessionId: "id" } },
  ),
  event(
    "setupComplete.voiceConsentSignature.signature",
    "voiceConsentSignature",
    { signature: SIGNATURE },
    {
      setupComplete: { voiceConsentSignature: { signature: SIGNATURE } },
    },
  ),
  field("serverContent.modelTurn.parts.text", "text, `payload`", part({ text: "Hello" }), "text", {
    role: "model",
    payload: "Hello",
  }),
  field(
    "serverContent.modelTurn.parts.thought",
    "text, `thought`",
    part({ text: "hm", thought: true }),
    "text",
    { payload: "hm", thought: true },
    { properties: { model: "gemini-3.8-live-extended-thinking", includeThoughts: true } },
  ),
  field(
    "serverContent.modelTurn.parts.inlineData.data",
    "audio, `payload`",
    part({ inlineData: SOUND }),
    "audio",
    {
      payload: Buffer.from(SOUND.data, "base64"),
    },
  ),
  field(
    "serverContent.modelTurn.parts.inlineData.mimeType",
    "audio, `mimeType`",
    part({ inlineData: SOUND }),
    "audio",
    {
      mimeType: SOUND.mimeType,
    },
  ),
  ...(["language", "code", "id"] as const).map((name) =>
    event(
      `serverContent.modelTurn.parts.executableCode.${name}`,
      "code",
      { [name]: "x" },
      part({ executableCode: { [name]: "x" } }),
    ),
  ),
  ...(["outcome", "output", "id"] as const).map((name) =>
    event(
      `serverContent.modelTurn.parts.codeExecutionResult.${name}`,
      "codeResult",
      { [name]: "x" },
      part({ codeExecutionResult: { [name]: "x" } }),
    ),
  ),
  otherPart("fileData", { fileUri: "https://example.com/a.png", mimeType: "image/png" }),
  otherPart("functionCall", CALL),
  otherPart("functionResponse", { id: "call_1", response: {} }),
  otherPart("toolCall", { id: "1" }),
  otherPart("toolResponse", { id: "1" }),
  otherPart("audioTranscription", { text: "Hello" }),
  otherPart("mediaResolution", { level: "MEDIA_RESOLUTION_LOW" }),
  otherPart("videoMetadata", { fps: 1 }),
  otherPart("partMetadata", { a: 1 }),
  otherPart("mediaProcessing", {}),
  otherPart("speechMetadata", {}),
  field(
    "serverContent.inputTranscription.text",
    "text, `payload`",
    content({ inputTranscription: { text: "Hello" } }),
    "text",
    {
      role: "user",
      payload: "Hello",
      final: false,
    },
  ),
  transcribed("inputTranscription", "finished", true, { final: true }),
  transcribed("inputTranscription", "languageCode", "de", { language: "de" }),
  transcribed("inputTranscription", "speakerLabel", "1"),
  transcribed("inputTranscription", "startOffset", "0.1s"),
  transcribed("inputTranscription", "endOffset", "0.5s"),
  transcribed("inputTranscription", "words", [{ word: "Hello" }]),
  field(
    "serverContent.outputTranscription.text",
    "text, `payload`",
    content({ outputTranscription: { text: "Hello" } }),
    "text",
    {
      role: "model",
      payload: "Hello",
      final: false,
    },
  ),
  field(
    "serverContent.outputTranscription.finished",
    "text, `final`, if the model sends no end of a turn",
    content({ outputTranscription: { text: "Hello", finished: true } }),
    "text",
    { role: "model", final: true },
    { properties: { model: "gemini-3.5-live-translate-preview" } },
  ),
  transcribed("outputTranscription", "languageCode", "de", { language: "de" }),
  transcribed("outputTranscription", "speakerLabel", "1"),
  transcribed("outputTranscription", "startOffset", "0.1s"),
  transcribed("outputTranscription", "endOffset", "0.5s"),
  transcribed("outputTranscription", "words", [{ word: "Hello" }]),
  interim("text", "hello", { payload: "hello" }),
  interim("languageCode", "de", { language: "de" }),
  interim("speakerLabel", "1", { speakerLabel: "1" }),
  interim("startOffset", "0.1s", { startOffset: "0.1s" }),
  interim("endOffset", "0.5s", { endOffset: "0.5s" }),
  interim("words", [{ word: "hello" }], { words: [{ word: "hello" }] }),
  event("serverContent.interrupted", "interrupted", {}, [
    part({ inlineData: SOUND }),
    content({ interrupted: true }),
  ]),
  field(
    "serverContent.generationComplete",
    "audio, `event` `generationComplete`",
    [part({ inlineData: SOUND }), content({ generationComplete: true })],
    "audio",
    { event: "generationComplete" },
  ),
  event("serverContent.turnComplete", "turnComplete", {}, END),
  event(
    "serverContent.turnCompleteReason",
    "turnComplete",
    { reason: "RESPONSE_REJECTED", cause: "The model rejected its answer. Ask in another way." },
    content({ turnComplete: true, turnCompleteReason: "RESPONSE_REJECTED" }),
  ),
  event(
    "serverContent.waitingForInput",
    "turnComplete",
    { waitingForInput: true },
    content({ turnComplete: true, waitingForInput: true }),
  ),
  event(
    "serverContent.interactionStatus",
    "thinking",
    { thinking: true },
    content({ turnComplete: true, interactionStatus: "IN_PROGRESS" }),
  ),
  event("interactionStatus", "thinking", { thinking: true }, { ...END, interactionStatus: "IN_PROGRESS" }),
  event("serverContent.groundingMetadata", "grounding", SOURCES, content({ groundingMetadata: SOURCES })),
  event("serverContent.urlContextMetadata", "grounding", PAGES, content({ urlContextMetadata: PAGES })),
  ...(["id", "name"] as const).map((name) =>
    field(
      `toolCall.functionCalls.${name}`,
      `tools, \`toolCall.${name}\``,
      { toolCall: { functionCalls: [CALL] } },
      "tools",
      {
        toolCall: { [name]: CALL[name] },
      },
    ),
  ),
  field("toolCall.functionCalls.args", "tools, `payload`", { toolCall: { functionCalls: [CALL] } }, "tools", {
    payload: CALL.args,
  }),
  ...(["partialArgs", "willContinue"] as const).map((name) =>
    event(
      `toolCall.functionCalls.${name}`,
      "other",
      { path: `toolCall.functionCalls[].${name}`, value: [] },
      { toolCall: { functionCalls: [{ ...CALL, [name]: [] }] } },
    ),
  ),
  field(
    "toolCallCancellation.ids",
    "tools, `event` `cancelled`",
    [{ toolCall: { functionCalls: [CALL] } }, { toolCallCancellation: { ids: [CALL.id] } }],
    "tools",
    { event: "cancelled", toolCall: { id: CALL.id } },
  ),
  event("goAway.timeLeft", "goAway", { timeLeft: "50s" }, { goAway: { timeLeft: "50s" } }),
  event("voiceActivity.type", "speech", { speaking: true }, { voiceActivity: { type: "ACTIVITY_START" } }),
  event(
    "voiceActivity.voiceActivityType",
    "speech",
    { speaking: true },
    { voiceActivity: { voiceActivityType: "ACTIVITY_START" } },
  ),
  event(
    "voiceActivity.audioOffset",
    "speech",
    { offsetMs: 440 },
    { voiceActivity: { type: "ACTIVITY_START", audioOffset: "0.440s" } },
  ),
  event(
    "voiceActivityDetectionSignal.vadSignalType",
    "speech",
    { speaking: true },
    { voiceActivityDetectionSignal: { vadSignalType: "VAD_SIGNAL_TYPE_SOS" } },
  ),
  counted("promptTokenCount", 7, { prompt: 7 }),
  counted("promptTokensDetails", TOKENS, { promptByModality: { AUDIO: 7 } }),
  counted("responseTokenCount", 7, { response: 7 }),
  counted("responseTokensDetails", TOKENS, { responseByModality: { AUDIO: 7 } }),
  counted("candidatesTokenCount", 7, { response: 7 }),
  counted("candidatesTokensDetails", TOKENS, { responseByModality: { AUDIO: 7 } }),
  counted("cachedContentTokenCount", 7, { cached: 7 }),
  counted("cacheTokensDetails", TOKENS, { cachedByModality: { AUDIO: 7 } }),
  counted("toolUsePromptTokenCount", 7, { toolUse: 7 }),
  counted("toolUsePromptTokensDetails", TOKENS, { toolUseByModality: { AUDIO: 7 } }),
  counted("thoughtsTokenCount", 7, { thoughts: 7 }),
  counted("totalTokenCount", 7, { total: 7 }),
  ...(["trafficType", "serviceTier"] as const).map((name) =>
    field(
      `usageMetadata.${name}`,
      `event \`usage\`, \`${name}\``,
      { ...END, usageMetadata: { [name]: "x" } },
      "events",
      {
        event: "usage",
        payload: { [name]: "x" },
      },
    ),
  ),
  field(
    "error",
    "Catch node, `error.cause`",
    { error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "Too much." } },
    "caught",
    {
      error: { code: "GEMINI_QUOTA", cause: { code: 429, status: "RESOURCE_EXHAUSTED" } },
    },
  ),
];

/** Fields that no message shows, by the reason. */
export const LEFT_OUT: Record<string, readonly string[]> = {
  "always `model`": ["serverContent.modelTurn.role"],
  "opaque; only to be sent back, and Live takes none": ["serverContent.modelTurn.parts.thoughtSignature"],
  "the name of a file; Live sends none": ["serverContent.modelTurn.parts.inlineData.displayName"],
  "an interim transcript is never the end": ["serverContent.interimInputTranscription.finished"],
  "kept for the resume of the conversation, and a secret": [
    "sessionResumptionUpdate.newHandle",
    "sessionResumptionUpdate.resumable",
  ],
  "only with transparent resumption, which is not used": [
    "sessionResumptionUpdate.lastConsumedClientMessageIndex",
  ],
};

/** Whether a message has at least the properties that are expected. */
export function holds(msg: Msg, expected: object): boolean {
  return Object.entries(expected).every(([key, value]) => {
    const held = msg?.[key];
    if (Buffer.isBuffer(value)) return Buffer.isBuffer(held) && held.equals(value);
    if (typeof value === "object" && !Array.isArray(value)) return holds(held as Msg, value as object);
    return JSON.stringify(held) === JSON.stringify(value);
  });
}
