// Injects faults: connections report their moments to the script, which runs the faults that are due.

import type { Clock } from "../../audio/clock";
import type { FunctionCall } from "../protocol/function-declarations";
import type { Fault, Moment } from "./fault-types";
import { checkFaults, checkScript } from "./fault-validation";

/** A connection, as faults affect it. */
export interface FaultTarget {
  /** counted from 1 */
  readonly number: number;
  /** Whether the connection resumed a session. undefined before its setup is accepted */
  readonly resumed: boolean | undefined;
  readonly open: boolean;
  /** A clock whose timers end with the connection. */
  readonly clock: Clock;
  /** Reports something in one line. */
  log(text: string): void;
  cut(): void;
  close(code: number, reason: string): void;
  freeze(): void;
  slow(forMs: number): void;
  garbage(): void;
  goAway(timeLeftMs: number): void;
  silence(): void;
  mute(): void;
  forget(): void;
  refuseHandshake(status: number): void;
  call(calls: readonly FunctionCall[]): void;
  cancelCalls(): void;
  reissue(): void;
}

function run(fault: Fault, target: FaultTarget) {
  switch (fault.do) {
    case "cut":
      return target.cut();
    case "close":
      return target.close(fault.code, fault.reason ?? "");
    case "freeze":
      return target.freeze();
    case "slow":
      return target.slow(fault.forMs);
    case "garbage":
      return target.garbage();
    case "goAway":
      return target.goAway(fault.timeLeftMs);
    case "silence":
      return target.silence();
    case "mute":
      return target.mute();
    case "forget":
      return target.forget();
    case "refuseHandshake":
      return target.refuseHandshake(fault.status);
    case "call":
      return target.call(fault.calls);
    case "cancel":
      return target.cancelCalls();
    case "reissue":
      return target.reissue();
  }
}

interface PlannedFault {
  fault: Fault;
  /** How many times it still happens. */
  left: number;
}

/** The faults of a simulator. */
export class FaultScript {
  #planned: PlannedFault[] = [];

  /**
   * @param faults the script that the simulator starts with
   * @throws Error for an invalid fault, or for the moment "now"
   */
  constructor(faults: readonly Fault[]) {
    this.#add(checkScript(faults));
  }

  /**
   * Adds faults.
   * @param open the open connections, for the moment "now"
   * @throws Error for an invalid fault; then none is added
   */
  order(faults: readonly Fault[], open: Iterable<FaultTarget>) {
    this.#add(checkFaults(faults));
    for (const target of open) this.happened("now", target);
    this.#planned = this.#planned.filter(({ fault }) => fault.at !== "now");
  }

  /** Runs the faults for a moment of a connection, in the order in which they were added. */
  happened(moment: Moment, target: FaultTarget) {
    for (const planned of [...this.#planned]) {
      const { at, connection = target.number, resumed = target.resumed, afterMs } = planned.fault;
      if (!target.open || at !== moment || connection !== target.number || resumed !== target.resumed)
        continue;
      if (afterMs) target.clock.after(afterMs, () => this.#run(planned, target));
      else this.#run(planned, target);
    }
  }

  /** Runs a fault, unless it has happened as often as it may. */
  #run(planned: PlannedFault, target: FaultTarget) {
    if (planned.left === 0) return;
    if (--planned.left === 0) this.#planned.splice(this.#planned.indexOf(planned), 1);
    target.log(`fault ${planned.fault.do} at ${planned.fault.at}`);
    run(planned.fault, target);
  }

  #add(faults: readonly Fault[]) {
    for (const fault of faults)
      this.#planned.push({ fault: { ...fault }, left: fault.at === "now" ? Infinity : (fault.times ?? 1) });
  }
}
