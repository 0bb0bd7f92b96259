// The kinds of input of a conversation, and the callback that reports their outcome.

/** A part of a turn in the API's form. */
export type TurnPart =
  | { text: string }
  /** `data`: base64 */
  | { inlineData: { mimeType: "image/jpeg" | "image/png"; data: string } }
  | { functionCall: { name: string; args?: Record<string, unknown> } }
  | { functionResponse: { name: string; response: Record<string, unknown> } };

/** What one side said in a turn. */
export interface HistoryTurn {
  role: "user" | "model";
  text: string;
  /** All parts of a turn that has more than texts; `text` is what they say. */
  parts?: readonly TurnPart[];
}

export interface Sound {
  kind: "sound";
  /** PCM16 little-endian, mono */
  pcm: Buffer;
  /** Hz */
  sampleRate: number;
}

export interface Image {
  kind: "image";
  data: Buffer;
  mimeType: "image/jpeg" | "image/png";
}

export interface Text {
  kind: "text";
  text: string;
  /** As HistoryTurn.parts. */
  parts?: readonly TurnPart[];
  /** false: context that needs no answer */
  turnComplete: boolean;
  /** Sent when the conversation is idle. */
  whenIdle?: true;
  /** Sent a second time, because the connection was lost before any answer came. */
  again?: true;
  /** Asks the model to speak, and is not part of what the user says. */
  isPrompt?: true;
}

/**
 * Asks the model to speak without a text of the user: a prompt is the way that the documentation names, and every model that takes
 * texts takes it (docs/live-api.md 1.2). Without an instruction, the model begins the conversation or continues it.
 */
export const promptFor = (
  instruction = "Begin the conversation, or continue it, in the language of your instructions.",
): Text => ({ kind: "text", text: instruction, turnComplete: true, isPrompt: true });

/** The response of a tool to a call of the model. */
export interface ToolResponse {
  kind: "toolResponse";
  id: string;
  name: string;
  /** Of the call. */
  args: Record<string, unknown>;
  response: Record<string, unknown>;
  /** When the model reacts to it; only for non-blocking calls. */
  scheduling?: "INTERRUPT" | "WHEN_IDLE" | "SILENT";
  willContinue?: boolean;
  /** The model says something about it. */
  answered: boolean;
  /** Any resume knows the call. */
  covered?: true;
}

/** Says what a tool has responded to a call that the server's session does not know: there, a response would have no effect (docs/live-api.md 1.5). */
export const resultOf = ({ name, args, response, scheduling }: ToolResponse): Text => ({
  ...promptFor(
    `You have called the tool ${name} with ${JSON.stringify(args)}. Its response: ${JSON.stringify(response)}`,
  ),
  turnComplete: scheduling !== "SILENT",
});

export interface Signal {
  kind: "signal";
  signal: "activityStart" | "activityEnd" | "audioStreamEnd";
}

export interface History {
  kind: "history";
  turns: HistoryTurn[];
}

export type Input = Sound | Image | Text | History | ToolResponse | Signal;

/** Input that another process sends when this one dies before it was sent. */
export type Kept = Text | History;

export const isKept = (input: Input): input is Kept => input.kind === "text" || input.kind === "history";

/** Called once: without an error when the input was sent (sound: when it was accepted), else with an error. */
export type Done = (error?: Error) => void;

/** The `done` of an input that does not come from a message of the flow. */
export const noDone: Done = () => {};

export interface Waiting<T extends Input = Input> {
  input: T;
  done: Done;
}

/** Maximum length of the texts and histories of one conversation that wait for something, in characters: images are base64. */
export const MAX_WAITING_LENGTH = 16 * 1024 * 1024;

/** The length of a text or a history in characters; other input is limited elsewhere. */
export function lengthOf(input: Input): number {
  const turns = input.kind === "history" ? input.turns : input.kind === "text" ? [input] : [];
  return turns.reduce(
    (sum, { text, parts = [] }) =>
      parts.reduce((length, part) => length + lengthOfPart(part), sum + text.length),
    0,
  );
}

/** Without texts, which are in `text` of the turn. */
function lengthOfPart(part: TurnPart): number {
  if ("text" in part) return 0;
  return "inlineData" in part ? part.inlineData.data.length : JSON.stringify(part).length;
}
