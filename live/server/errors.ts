// The errors of this package: each has a code. Their messages give the cause and what to do.

import type { CloseExplanation, Verdict } from "./close-codes";
import type { ErrorCode } from "./error-codes";

/** An error with a code. It is its name, too, so that the log and the debug sidebar show it before the message. */
export class LiveError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code;
    this.code = code;
  }
}

/** A message or setting that cannot be used, or a message that was not sent. Only errors of the server have a text that begins with "Gemini Live:". */
export class InputError extends LiveError {
  constructor(message: string, code: ErrorCode = "GEMINI_INPUT") {
    super(code, message);
  }
}

/** A conversation could not be opened, or its connection ended. */
export class ConnectionError extends LiveError {
  readonly verdict: Verdict;
  /** The cause without the advice, short enough for a badge. */
  readonly reason: string;
  /** The code of the WebSocket close, where there was one. A Catch node gets it as `msg.error.cause.code`. */
  readonly closeCode: number | undefined;

  /** @param quote the server's reason text, quoted at the end; never a URL or a key */
  constructor(explanation: CloseExplanation, closeCode?: number, quote?: string) {
    const { code, verdict, cause, advice } = explanation;
    const quoted = [closeCode, quote && `"${quote}"`].filter(Boolean).join(" ");
    super(
      code,
      `Gemini Live: ${cause}. ${advice}${quoted ? ` (${quoted})` : ""}`,
      closeCode === undefined ? undefined : { cause: { code: closeCode } },
    );
    this.verdict = verdict;
    this.reason = cause;
    this.closeCode = closeCode;
  }
}

/** The cause, short enough for a badge. */
export function reasonOf(error: Error): string {
  return error instanceof ConnectionError ? error.reason : error.message;
}
