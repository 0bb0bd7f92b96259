// Counts the tokens of each turn and of the whole conversation.

import { MediaModality, type ModalityTokenCount, type UsageMetadata } from "@google/genai";

/** Token counts; the details are by modality, for example `{ AUDIO: 120, TEXT: 8 }`. What the SDK does not know is `OTHER`. */
export interface Usage {
  prompt: number;
  response: number;
  thoughts: number;
  toolUse: number;
  cached: number;
  total: number;
  promptByModality: Record<string, number>;
  responseByModality: Record<string, number>;
  cachedByModality: Record<string, number>;
  toolUseByModality: Record<string, number>;
}

type DetailsKey = `${string}ByModality` & keyof Usage;
type CountKey = Exclude<keyof Usage, DetailsKey>;

/** The counts after a turn. */
export interface UsageReport {
  turn: Usage;
  conversation: Usage;
  /** How full the context window is: tokens, maximum and percentage; only the tokens if the window is unknown. */
  context: { tokens: number; window?: number; percent?: number };
  /** How the turn is billed, where the server says so: `trafficType` by Vertex AI, `serviceTier` by the Gemini API. */
  trafficType?: string;
  serviceTier?: string;
}

const MODALITIES: readonly (string | undefined)[] = Object.values(MediaModality);

/** No tokens. */
export const NO_USAGE: Usage = readUsage({});

export class UsageMeter {
  readonly #window: number | undefined;
  #turn: (Usage & { billing: Pick<UsageReport, "trafficType" | "serviceTier"> }) | undefined;
  #conversation: Usage;

  /** @param window size of the model's context window in tokens @param used tokens of the conversation until now */
  constructor(window: number | undefined, used = NO_USAGE) {
    this.#window = window;
    this.#conversation = used;
  }

  /** The counts of the whole conversation, without the current turn. */
  get conversation() {
    return this.#conversation;
  }

  /** Tokens of the whole conversation. */
  get total() {
    return this.#conversation.total;
  }

  /** Takes a count of the server. Within a turn each count includes the earlier ones. */
  note(metadata: UsageMetadata) {
    const { trafficType, serviceTier } = metadata;
    const billing = { ...(trafficType && { trafficType }), ...(serviceTier && { serviceTier }) };
    this.#turn = { ...readUsage(metadata), billing };
  }

  /** Ends the turn and returns its counts; undefined if the server sent none. */
  endTurn(): UsageReport | undefined {
    if (!this.#turn) return undefined;
    const { billing, ...turn } = this.#turn;
    this.#turn = undefined;
    this.#conversation = add(this.#conversation, turn);
    const tokens = turn.prompt + turn.response;
    const window = this.#window;
    const filled = window && { window, percent: Math.round((100 * tokens) / window) };
    return { turn, conversation: this.#conversation, context: { tokens, ...filled }, ...billing };
  }
}

/** Vertex AI names the counts of the model `candidates`. */
type WireUsage = UsageMetadata & {
  candidatesTokenCount?: number;
  candidatesTokensDetails?: ModalityTokenCount[];
};

/** What is no number of tokens counts as none: it would stay in the totals, and a budget would never be used up. */
function countOf(tokens = 0) {
  return tokens > 0 && Number.isFinite(tokens) ? tokens : 0;
}

/** The total of 3.8 may leave out the thoughts (docs/live-api.md 2), so it is at least the sum of its parts. */
function readUsage(usage: WireUsage): Usage {
  const prompt = countOf(usage.promptTokenCount);
  const response = countOf(usage.responseTokenCount ?? usage.candidatesTokenCount);
  const thoughts = countOf(usage.thoughtsTokenCount);
  const toolUse = countOf(usage.toolUsePromptTokenCount);
  return {
    prompt,
    response,
    thoughts,
    toolUse,
    cached: countOf(usage.cachedContentTokenCount),
    total: Math.max(countOf(usage.totalTokenCount), prompt + response + thoughts + toolUse),
    promptByModality: byModality(usage.promptTokensDetails),
    responseByModality: byModality(usage.responseTokensDetails ?? usage.candidatesTokensDetails),
    cachedByModality: byModality(usage.cacheTokensDetails),
    toolUseByModality: byModality(usage.toolUsePromptTokensDetails),
  };
}

/** Only known names: the totals of many days have every name that came. */
function byModality(details: ModalityTokenCount[] = []) {
  const counts: Record<string, number> = {};
  for (const { modality, tokenCount } of details) {
    const name = modality && MODALITIES.includes(modality) ? modality : "OTHER";
    counts[name] = (counts[name] ?? 0) + countOf(tokenCount);
  }
  return counts;
}

/** The sum of two counts, with their details. */
export function add(a: Usage, b: Usage): Usage {
  const sum = (key: CountKey) => a[key] + b[key];
  const sums = (key: DetailsKey) => {
    const keys = [...Object.keys(a[key]), ...Object.keys(b[key])];
    return Object.fromEntries(keys.map((name) => [name, (a[key][name] ?? 0) + (b[key][name] ?? 0)]));
  };
  return {
    prompt: sum("prompt"),
    response: sum("response"),
    thoughts: sum("thoughts"),
    toolUse: sum("toolUse"),
    cached: sum("cached"),
    total: sum("total"),
    promptByModality: sums("promptByModality"),
    responseByModality: sums("responseByModality"),
    cachedByModality: sums("cachedByModality"),
    toolUseByModality: sums("toolUseByModality"),
  };
}
