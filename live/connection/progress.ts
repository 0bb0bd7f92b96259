// How far a conversation has come: what another process needs, beside the handle, to continue it.

import type { HistoryTurn, Kept, Text } from "../input/input";
import type { Call } from "../state/state";
import type { Usage } from "../turns/token-usage";

/** Plain data, which JSON can hold. */
export interface Progress {
  /** What was said so far, the oldest first, without images. */
  history: readonly HistoryTurn[];
  /** As TurnTracker.seeded, without images. */
  seeded: readonly HistoryTurn[];
  /** Tokens of the conversation. */
  usage: Usage;
  /** Tool calls to which no response was sent; their times are milliseconds since 1970. */
  calls: readonly Call[];
  /** The next turn. */
  turn: number;
  /** What waits to be sent. */
  waiting: readonly Kept[];
  /** The instruction that has replaced the one of the settings. */
  instruction?: string;
  /** The server has had a part of the conversation. */
  hasBegun: boolean;
  /** The conversation has continued beyond what the handle covers. */
  isStale: boolean;
}

/** How the progress of a conversation is read and restored. */
export interface ProgressPort {
  /** The progress, and the texts that were sent and have no answer yet. */
  read(): { progress: Omit<Progress, "isStale">; unanswered: readonly Text[] };
  /** @param awayMs as StoredHandle.awayMs */
  restore(progress: Progress, awayMs: number | undefined): void;
}
