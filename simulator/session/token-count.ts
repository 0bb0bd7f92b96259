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

/** What a turn costs besides what the client and the model say, in tokens. */
export interface ExtraTokens {
  /** the tool responses that the turn is about */
  tools: number;
  /** the model's thoughts */
  thoughts: number;
}

/**
 * The usageMetadata of one turn. As reported, the total leaves out the thoughts (docs/live-api.md 1.3).
 * @param prompt the context before the turn, without the tool responses that the turn is about
 */
export function usageMetadata(prompt: TokenCounts, response: TokenCounts, { tools, thoughts }: ExtraTokens) {
  return {
    promptTokenCount: totalTokens(prompt),
    responseTokenCount: totalTokens(response),
    totalTokenCount: totalTokens(prompt) + totalTokens(response) + tools,
    promptTokensDetails: details(prompt),
    responseTokensDetails: details(response),
    ...(tools && {
      toolUsePromptTokenCount: tools,
      toolUsePromptTokensDetails: details({ TEXT: tools }),
    }),
    ...(thoughts && { thoughtsTokenCount: thoughts }),
  };
}
