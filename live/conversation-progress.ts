// Reads how far a conversation has come, and continues one from there that another process has left.

import type { Clock } from "../audio/clock";
import type { ConnectionReport } from "./connection/connection-report";
import type { ProgressPort } from "./connection/progress";
import type { SessionOpening } from "./connection/session-opening";
import type { HistoryTurn } from "./input/input";
import type { Call } from "./state/state";
import type { StateStore } from "./state/store";
import type { TurnTracker } from "./turns/turn-tracker";

export interface ProgressParts {
  clock: Clock;
  state: StateStore;
  turns: TurnTracker;
  opening: SessionOpening;
  report: ConnectionReport;
}

/** Reads and restores the progress of the conversation with these parts, which may be made after this. */
export function progressOf(parts: () => ProgressParts): ProgressPort {
  return {
    read: () => {
      const { clock, state, turns, opening } = parts();
      const { instruction } = opening;
      const progress = {
        history: turns.history.map(withoutImages),
        seeded: turns.seeded.map(withoutImages),
        usage: turns.usage,
        calls: shifted(state.current.calls, clock.date() - clock.now()),
        ...(instruction !== undefined && { instruction }),
      };
      return { progress, unanswered: turns.questions.repeatable };
    },
    restore: ({ calls, instruction, ...said }, awayMs) => {
      const { clock, state, turns, opening, report } = parts();
      if (awayMs !== undefined) report.onLost(awayMs);
      turns.restore(said);
      opening.restore(instruction);
      if (calls.length)
        state.apply({ type: "callsRestored", calls: shifted(calls, clock.now() - clock.date()) });
    },
  };
}

/** Calls `note` after each change of the progress, once for all that a frame changes: the parts act on it one after the other. */
export function onProgress(state: StateStore, note: () => void) {
  let isDue = false;
  state.onChange((before, after, { type }) => {
    const isProgress =
      type === "textSent" ||
      before.answer !== after.answer ||
      before.turn !== after.turn ||
      before.calls !== after.calls;
    if (isDue || !isProgress) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      note();
    });
  });
}

/** An image would be stored with each change that follows it. */
const withoutImages = ({ role, text, parts }: HistoryTurn): HistoryTurn => ({
  role,
  text,
  ...(parts?.every((part) => !("inlineData" in part)) && { parts }),
});

const shifted = (calls: readonly Call[], ms: number) =>
  calls.map((call) => ({ ...call, calledAt: call.calledAt + ms, deadline: call.deadline + ms }));
