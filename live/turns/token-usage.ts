// Tokens of a turn and of the whole conversation, each counted once.

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
  /** How full the model's context is: tokens, of how many, and in percent; without a known window, the tokens alone. */
  context: { tokens: number; window?: number; percent?: number };
}

export class UsageMeter {
  readonly #window: number | undefined;
  #turn: Usage | undefined;
  #conversation = readUsage({});

  /** @param window tokens that the model's context holds */
  constructor(window: number | undefined) {
    this.#window = window;
  }

  /** Tokens of the whole conversation. */
  get total() {
    return this.#conversation.total;
  }

  /** Notes a server's count. The counts of a turn are snapshots: the last one holds the others. */
  note(metadata: UsageMetadata) {
    this.#turn = readUsage(metadata);
  }

  /** Ends the turn; undefined when the server counted nothing in it. */
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

/** Vertex AI names the model's side `candidates` on the wire. */
type WireUsage = UsageMetadata & {
  candidatesTokenCount?: number;
  candidatesTokensDetails?: ModalityTokenCount[];
};

/** The total of 3.8 was seen without the thoughts (docs/live-api.md 2): it is never less than its parts. */
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
