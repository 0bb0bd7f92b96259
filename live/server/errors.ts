// The errors of a conversation. Their messages give the cause and what to do.

import type { CloseExplanation, Verdict } from "./close-codes";

/** An invalid message or setting: nothing was sent, and the conversation continues. Only errors of the server begin with "Gemini Live:". */
export class InputError extends Error {
  override name = "InputError";
}

/** A conversation could not be opened, or its connection ended. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
  readonly verdict: Verdict;
  /** The cause without the advice, short enough for a badge. */
  readonly reason: string;
  /** The WebSocket close code, where there was one. */
  readonly code: number | undefined;

  /** @param quote the server's reason text, quoted at the end; never a URL or a key */
  constructor(explanation: CloseExplanation, code?: number, quote?: string) {
    const quoted = [code, quote && `"${quote}"`].filter(Boolean).join(" ");
    super(`Gemini Live: ${explanation.cause}. ${explanation.advice}${quoted ? ` (${quoted})` : ""}`);
    this.verdict = explanation.verdict;
    this.reason = explanation.cause;
    this.code = code;
  }
}
