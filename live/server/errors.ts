// The errors of a conversation: their messages say what was wrong with what, and what to do.

import type { CloseExplanation, Verdict } from "./close-codes";

/** A message or a setting that is not usable; nothing was sent, and the conversation continues. */
export class InputError extends Error {
  override name = "InputError";
}

/** A conversation could not be opened, or its connection ended. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
  readonly verdict: Verdict;
  /** The cause alone, in plain words and without the advice: short enough for a badge. */
  readonly reason: string;
  /** The WebSocket close code, where there was one. */
  readonly code: number | undefined;

  /** @param words the server's own reason text, quoted at the end; never a URL or a key */
  constructor(explanation: CloseExplanation, code?: number, words?: string) {
    const quoted = [code, words && `"${words}"`].filter(Boolean).join(" ");
    super(`Gemini Live: ${explanation.cause}. ${explanation.advice}${quoted ? ` (${quoted})` : ""}`);
    this.verdict = explanation.verdict;
    this.reason = explanation.cause;
    this.code = code;
  }
}
