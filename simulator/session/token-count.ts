// Counts tokens as Google bills them, by modality, and builds the usageMetadata of a turn.

/** Kinds of tokens, as usageMetadata names them. */
export type Modality = "TEXT" | "AUDIO" | "IMAGE";

/** Tokens by modality. */
export type TokenCounts = Partial<Record<Modality, number>>;

/** Tokens of audio: 25 per second (docs/live-api.md 1.7). @param seconds its duration */
export const audioTokens = (seconds: number) => Math.round(seconds * 25);

/** Tokens of text: about one for four characters. */
export const textTokens = (text: string) => Math.ceil(text.length / 4);

/** Tokens of an image. @param resolution the setup's mediaResolution */
export const imageTokens = (resolution = "") =>
  ({ MEDIA_RESOLUTION_LOW: 64, MEDIA_RESOLUTION_MEDIUM: 256 })[resolution] ?? 258;

/** The sum over all modalities. */
export const totalTokens = (counts: TokenCounts) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const details = (counts: TokenCounts) =>
  Object.entries(counts)
    .filter(([, tokenCount]) => tokenCount > 0)
    .map(([modality, tokenCount]) => ({ modality, tokenCount }));

/** The usageMetadata of one turn. @param prompt the whole context before the turn */
export function usageMetadata(prompt: TokenCounts, response: TokenCounts) {
  return {
    promptTokenCount: totalTokens(prompt),
    responseTokenCount: totalTokens(response),
    totalTokenCount: totalTokens(prompt) + totalTokens(response),
    promptTokensDetails: details(prompt),
    responseTokensDetails: details(response),
  };
}
