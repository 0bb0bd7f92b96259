// What a conversation remembers, and what it is billed for: the whole of it, again with every turn.

/** Kinds of tokens, as usageMetadata names them. */
export type Modality = "TEXT" | "AUDIO" | "IMAGE";

/** One thing that was said or shown. */
export interface Remembered {
  role: "user" | "model" | "system";
  modality: Modality;
  /** The text, or what was heard or seen in words. */
  text: string;
  tokens: number;
}

/** Tokens by kind. */
export type Tokens = Partial<Record<Modality, number>>;

/** The context window of current models, in tokens (reference/live-api.md 1.7). */
const WINDOW = 131072;

/** Tokens for sound. @param seconds its length */
export const soundTokens = (seconds: number) => Math.round(seconds * 25);

/** Tokens for text, about. */
export const textTokens = (text: string) => Math.ceil(text.length / 4);

/** Tokens for a picture at the setup's mediaResolution. */
export const pictureTokens = (resolution = "") =>
  ({ MEDIA_RESOLUTION_LOW: 64, MEDIA_RESOLUTION_MEDIUM: 256 })[resolution] ?? 258;

const sum = (tokens: Tokens) => Object.values(tokens).reduce((total, count) => total + count, 0);

const details = (tokens: Tokens) =>
  Object.entries(tokens)
    .filter(([, tokenCount]) => tokenCount > 0)
    .map(([modality, tokenCount]) => ({ modality, tokenCount }));

/** The usageMetadata of one turn: `prompt` is all of the context before it. */
export function usageMetadata(prompt: Tokens, response: Tokens) {
  return {
    promptTokenCount: sum(prompt),
    responseTokenCount: sum(response),
    totalTokenCount: sum(prompt) + sum(response),
    promptTokensDetails: details(prompt),
    responseTokensDetails: details(response),
  };
}

/** The memory of one conversation. */
export class Context {
  readonly items: Remembered[] = [];
  readonly #tokens: Record<Modality, number> = { TEXT: 0, AUDIO: 0, IMAGE: 0 };

  /** Appends; the oldest falls out when the window is full. */
  add(item: Remembered) {
    if (item.tokens <= 0) return;
    this.items.push(item);
    this.#tokens[item.modality] += item.tokens;
    while (this.items.length > 1 && sum(this.#tokens) > WINDOW) {
      const oldest = this.items.shift()!;
      this.#tokens[oldest.modality] -= oldest.tokens;
    }
  }

  /** Everything in it, in tokens. */
  tokens(): Tokens {
    return { ...this.#tokens };
  }
}
