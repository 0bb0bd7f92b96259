// The context window of a conversation: everything the model remembers and bills again with every turn. Context
// compression (sliding window) drops its oldest part.

import type { SetupMessage } from "../protocol/message-schema";
import { invalidArgument } from "../protocol/refusals";
import { type Modality, type TokenCounts, textTokens, totalTokens } from "./token-count";

/** One item of the context: speech, text, an image or a tool response. */
export interface ContextItem {
  role: "user" | "model" | "system" | "tool";
  modality: Modality;
  /** The text; for audio and images a description. */
  text: string;
  tokens: number;
  /** Whether the client gave it as clientContent. */
  seeded?: true;
}

/** The context window of current models, in tokens (docs/live-api.md 1.7). */
const WINDOW = 131072;

/** Context compression: above `trigger` tokens, the context is cut down to `target` tokens. */
export interface SlidingWindow {
  trigger: number;
  target: number;
}

/**
 * Reads the setup's context compression. Ranges and defaults: docs/live-api.md 1.7.
 * @returns undefined if compression is off; without a `slidingWindow` the server accepts the setting but does nothing
 * @throws Refusal for token numbers out of range
 */
export function slidingWindowOf({
  contextWindowCompression: asked,
}: SetupMessage): SlidingWindow | undefined {
  if (!asked) return undefined;
  const trigger = asked.triggerTokens ?? Math.floor(0.8 * WINDOW);
  const target = asked.slidingWindow?.targetTokens ?? Math.floor(trigger / 2);
  const fits = trigger >= 5000 && trigger <= 128000 && target >= 0 && target <= 128000 && target < trigger;
  if (!fits) throw invalidArgument();
  return asked.slidingWindow && { trigger, target };
}

/** The context of one conversation. */
export class ContextWindow {
  #instruction: ContextItem[] = [];
  #history: ContextItem[] = [];
  #compression?: SlidingWindow;
  readonly #counts: Record<Modality, number> = { TEXT: 0, AUDIO: 0, IMAGE: 0 };

  /** All items in order, the system instruction first. */
  get items(): readonly ContextItem[] {
    return [...this.#instruction, ...this.#history];
  }

  /** Whether the context exceeds the model's window. */
  get full() {
    return totalTokens(this.#counts) > WINDOW;
  }

  /** Appends an item. Items without tokens are ignored. */
  add(item: ContextItem) {
    if (item.tokens <= 0) return;
    this.#history.push(item);
    this.#count(item, 1);
    this.#compress();
  }

  /** Replaces the system instruction. Compression never drops it. */
  instruct(texts: string[]) {
    for (const item of this.#instruction) this.#count(item, -1);
    this.#instruction = texts.map((text) => ({
      role: "system",
      modality: "TEXT",
      text,
      tokens: textTokens(text),
    }));
    for (const item of this.#instruction) this.#count(item, 1);
    this.#compress();
  }

  /** The newest item without the instruction; undefined: there is none. */
  get newest(): ContextItem | undefined {
    return this.#history.at(-1);
  }

  /** Drops what came after `item`. */
  rewind(item: ContextItem | undefined) {
    const kept = item ? this.#history.indexOf(item) + 1 : 0;
    for (const later of this.#history.splice(kept)) this.#count(later, -1);
  }

  /** Drops what the client gave as clientContent. */
  forget() {
    for (const item of this.#history) if (item.seeded) this.#count(item, -1);
    this.#history = this.#history.filter(({ seeded }) => !seeded);
  }

  /** Sets the compression. undefined: off */
  compress(compression?: SlidingWindow) {
    this.#compression = compression;
    this.#compress();
  }

  /** The tokens of the whole context. */
  tokens(): TokenCounts {
    return { ...this.#counts };
  }

  #count({ modality, tokens }: ContextItem, sign: 1 | -1) {
    this.#counts[modality] += sign * tokens;
  }

  /** After a cut the history starts with a user item [ai.google.dev/api/live, SlidingWindow]; the newest item always stays. */
  #compress() {
    if (!this.#compression || totalTokens(this.#counts) <= this.#compression.trigger) return;
    const { target } = this.#compression;
    const cut = () => totalTokens(this.#counts) > target || this.#history[0]!.role !== "user";
    while (this.#history.length > 1 && cut()) this.#count(this.#history.shift()!, -1);
  }
}
