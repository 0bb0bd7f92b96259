// What a conversation remembers, and what it is billed for: the whole of it, again with every turn. When compression is
// on, its beginning is cut off now and then.

import type { Setup } from "../protocol/client-messages";
import { invalidArgument } from "../protocol/refusals";

/** Kinds of tokens, as usageMetadata names them. */
export type Modality = "TEXT" | "AUDIO" | "IMAGE";

/** One thing that was said, shown or returned by a function. */
export interface ContextItem {
  role: "user" | "model" | "system" | "tool";
  modality: Modality;
  /** The text, or what was heard or seen in words. */
  text: string;
  tokens: number;
}

/** Tokens by kind. */
export type TokenCounts = Partial<Record<Modality, number>>;

/** The context window of current models, in tokens (docs/live-api.md 1.7). */
const WINDOW = 131072;

/** Tokens for sound. @param seconds its length */
export const soundTokens = (seconds: number) => Math.round(seconds * 25);

/** Tokens for text, about. */
export const textTokens = (text: string) => Math.ceil(text.length / 4);

/** Tokens for a picture at the setup's mediaResolution. */
export const pictureTokens = (resolution = "") =>
  ({ MEDIA_RESOLUTION_LOW: 64, MEDIA_RESOLUTION_MEDIUM: 256 })[resolution] ?? 258;

const sum = (tokens: TokenCounts) => Object.values(tokens).reduce((total, count) => total + count, 0);

const details = (tokens: TokenCounts) =>
  Object.entries(tokens)
    .filter(([, tokenCount]) => tokenCount > 0)
    .map(([modality, tokenCount]) => ({ modality, tokenCount }));

/** The usageMetadata of one turn: `prompt` is all of the context before it. */
export function usageMetadata(prompt: TokenCounts, response: TokenCounts) {
  return {
    promptTokenCount: sum(prompt),
    responseTokenCount: sum(response),
    totalTokenCount: sum(prompt) + sum(response),
    promptTokensDetails: details(prompt),
    responseTokensDetails: details(response),
  };
}

/** When a context is cut, and down to what; in tokens. */
export interface SlidingWindow {
  trigger: number;
  target: number;
}

/**
 * Reads how the context is to be compressed; ranges and defaults are those of docs/live-api.md 1.7.
 * @returns undefined when it is not: also when no slidingWindow is asked for, which is accepted and does nothing
 * @throws Refusal for tokens out of range
 */
export function slidingWindowOf({ contextWindowCompression: asked }: Setup): SlidingWindow | undefined {
  if (!asked) return undefined;
  const trigger = asked.triggerTokens ?? Math.floor(0.8 * WINDOW);
  const target = asked.slidingWindow?.targetTokens ?? Math.floor(trigger / 2);
  const fits = trigger >= 5000 && trigger <= 128000 && target >= 0 && target <= 128000 && target < trigger;
  if (!fits) throw invalidArgument();
  return asked.slidingWindow && { trigger, target };
}

/** The memory of one conversation. */
export class ContextWindow {
  #instruction: ContextItem[] = [];
  #said: ContextItem[] = [];
  #window?: SlidingWindow;
  readonly #tokens: Record<Modality, number> = { TEXT: 0, AUDIO: 0, IMAGE: 0 };

  /** All of it in order, the system instruction first. */
  get items(): readonly ContextItem[] {
    return [...this.#instruction, ...this.#said];
  }

  /** Whether it is more than the model can take. */
  get full() {
    return sum(this.#tokens) > WINDOW;
  }

  /** Appends. */
  add(item: ContextItem) {
    if (item.tokens <= 0) return;
    this.#said.push(item);
    this.#count(item, 1);
    this.#slide();
  }

  /** The system instruction takes the place of the one before; it is never cut off. */
  instruct(texts: string[]) {
    for (const item of this.#instruction) this.#count(item, -1);
    this.#instruction = texts.map((text) => ({
      role: "system",
      modality: "TEXT",
      text,
      tokens: textTokens(text),
    }));
    for (const item of this.#instruction) this.#count(item, 1);
    this.#slide();
  }

  /** Sets how it is compressed from now on; undefined: not at all. */
  compress(window?: SlidingWindow) {
    this.#window = window;
    this.#slide();
  }

  /** Everything in it, in tokens. */
  tokens(): TokenCounts {
    return { ...this.#tokens };
  }

  #count({ modality, tokens }: ContextItem, sign: 1 | -1) {
    this.#tokens[modality] += sign * tokens;
  }

  /** What is left begins with something of the user's [ai.google.dev/api/live, SlidingWindow], the newest at the least. */
  #slide() {
    if (!this.#window || sum(this.#tokens) <= this.#window.trigger) return;
    const { target } = this.#window;
    const cut = () => sum(this.#tokens) > target || this.#said[0]!.role !== "user";
    while (this.#said.length > 1 && cut()) this.#count(this.#said.shift()!, -1);
  }
}
