// Reads how far a conversation has come, and continues one from there that another process has left.

import type { Clock } from "../audio/clock";
import type { ConnectionReport } from "./connection/connection-report";
import type { ProgressPort } from "./connection/progress";
import type { SessionOpening } from "./connection/session-opening";
import type { HistoryTurn, Kept } from "./input/input";
import type { InputGate } from "./input/input-gate";
import type { Lifecycle } from "./lifecycle";
import { type Call, isAnswering } from "./state/state";
import type { StateStore } from "./state/store";
import type { ToolDispatch } from "./tools/tool-dispatch";
import type { TurnTracker } from "./turns/turn-tracker";

export interface ProgressParts {
  clock: Clock;
  state: StateStore;
  turns: TurnTracker;
  opening: SessionOpening;
  report: ConnectionReport;
  tools: ToolDispatch;
  input: InputGate;
  lifecycle: Lifecycle;
  /** What this process has left to another one, in the place of what waits; undefined: it has left nothing. */
  left(): readonly Kept[] | undefined;
}

/** Reads and restores the progress of the conversation with these parts, which may be made after this. */
export function progressOf(parts: () => ProgressParts): ProgressPort {
  return {
    read: () => {
      const { clock, state, turns, opening, tools, input, lifecycle, left } = parts();
      const { instruction } = opening;
      const progress = {
        history: turns.history.map(withoutImages),
        seeded: turns.seeded.map(withoutImages),
        usage: turns.usage,
        calls: shifted(tools.unanswered, clock.date() - clock.now()),
        turn: state.current.turn + (isAnswering(state.current) ? 1 : 0),
        waiting: left() ?? input.waiting,
        hasBegun: lifecycle.hasBegun,
        ...(instruction !== undefined && { instruction }),
      };
      return { progress, unanswered: turns.questions.repeatable };
    },
    restore: ({ calls, turn, waiting, instruction, hasBegun, ...said }, awayMs) => {
      const { clock, state, turns, opening, report, input, lifecycle } = parts();
      if (awayMs !== undefined) report.onLostElsewhere(awayMs);
      lifecycle.hasBegun = hasBegun;
      turns.restore(said);
      opening.restore(instruction);
      input.restore(waiting);
      state.apply({ type: "restored", calls: shifted(calls, clock.now() - clock.date()), turn });
    },
  };
}

/**
 * Calls `note` after each change of the progress, once for all that a frame changes: the parts act on it one after the other.
 * @returns a function to call when what waits may have changed
 */
export function onProgress(state: StateStore, note: () => void): () => void {
  let isDue = false;
  const noteSoon = () => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      note();
    });
  };
  state.onChange((before, after, { type }) => {
    const isProgress =
      type === "textSent" ||
      before.connection !== after.connection ||
      before.answer !== after.answer ||
      before.turn !== after.turn ||
      before.calls !== after.calls;
    if (isProgress) noteSoon();
  });
  return noteSoon;
}

/** An image would be stored with each change that follows it. */
const withoutImages = ({ role, text, parts }: HistoryTurn): HistoryTurn => ({
  role,
  text,
  ...(parts?.every((part) => !("inlineData" in part)) && { parts }),
});

const shifted = (calls: readonly Call[], ms: number) =>
  calls.map((call) => ({ ...call, calledAt: call.calledAt + ms, deadline: call.deadline + ms }));
