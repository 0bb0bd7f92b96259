// Counts the tokens of each turn and of the whole conversation.

import type { ModalityTokenCount, UsageMetadata } from "@google/genai";

/** Token counts; the details are by modality, for example `{ AUDIO: 120, TEXT: 8 }`. */
export interface Usage {
  prompt: number;
  response: number;
  thoughts: number;
  toolUse: number;
  cached: number;
  total: number;
  promptByModality: Record<string, number>;
  responseByModality: Record<string, number>;
}

/** The counts after a turn. */
export interface UsageReport {
  turn: Usage;
  conversation: Usage;
  /** How full the context window is: tokens, maximum and percentage; only the tokens if the window is unknown. */
  context: { tokens: number; window?: number; percent?: number };
}

export class UsageMeter {
  readonly #window: number | undefined;
  #turn: Usage | undefined;
  #conversation = readUsage({});

  /** @param window size of the model's context window in tokens */
  constructor(window: number | undefined) {
    this.#window = window;
  }

  /** Tokens of the whole conversation. */
  get total() {
    return this.#conversation.total;
  }

  /** Takes a count of the server. Within a turn each count includes the earlier ones. */
  note(metadata: UsageMetadata) {
    this.#turn = readUsage(metadata);
  }

  /** Ends the turn and returns its counts; undefined if the server sent none. */
  endTurn(): UsageReport | undefined {
    const turn = this.#turn;
    if (!turn) return undefined;
    this.#turn = undefined;
    this.#conversation = add(this.#conversation, turn);
    const tokens = turn.prompt + turn.response;
    const window = this.#window;
    const filled = window && { window, percent: Math.round((100 * tokens) / window) };
    return { turn, conversation: this.#conversation, context: { tokens, ...filled } };
  }
}

/** Vertex AI names the counts of the model `candidates`. */
type WireUsage = UsageMetadata & {
  candidatesTokenCount?: number;
  candidatesTokensDetails?: ModalityTokenCount[];
};

/** The total of 3.8 may leave out the thoughts (docs/live-api.md 2), so it is at least the sum of its parts. */
function readUsage(usage: WireUsage): Usage {
  const prompt = usage.promptTokenCount ?? 0;
  const response = usage.responseTokenCount ?? usage.candidatesTokenCount ?? 0;
  const thoughts = usage.thoughtsTokenCount ?? 0;
  const toolUse = usage.toolUsePromptTokenCount ?? 0;
  return {
    prompt,
    response,
    thoughts,
    toolUse,
    cached: usage.cachedContentTokenCount ?? 0,
    total: Math.max(usage.totalTokenCount ?? 0, prompt + response + thoughts + toolUse),
    promptByModality: byModality(usage.promptTokensDetails),
    responseByModality: byModality(usage.responseTokensDetails ?? usage.candidatesTokensDetails),
  };
}

function byModality(details: ModalityTokenCount[] = []) {
  return Object.fromEntries(details.map(({ modality = "OTHER", tokenCount = 0 }) => [modality, tokenCount]));
}

function add(a: Usage, b: Usage): Usage {
  const sum = (x: Record<string, number>, y: Record<string, number>) =>
    Object.fromEntries(
      [...Object.keys(x), ...Object.keys(y)].map((key) => [key, (x[key] ?? 0) + (y[key] ?? 0)]),
    );
  return {
    prompt: a.prompt + b.prompt,
    response: a.response + b.response,
    thoughts: a.thoughts + b.thoughts,
    toolUse: a.toolUse + b.toolUse,
    cached: a.cached + b.cached,
    total: a.total + b.total,
    promptByModality: sum(a.promptByModality, b.promptByModality),
    responseByModality: sum(a.responseByModality, b.responseByModality),
  };
}
