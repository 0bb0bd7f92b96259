// Decides what goes wrong: connections announce their moments here, and suffer what was ordered for them.

import type { Clock } from "../../audio/clock";
import type { FunctionCall } from "../protocol/function-declarations";
import { checkFaults, checkScript, type Fault, type Moment } from "./fault-types";

/** What a fault is done to: one connection. Nothing happens to one that is over. */
export interface FaultTarget {
  /** counted from 1 */
  readonly number: number;
  /** Whether it resumed a conversation; undefined before its setup was taken. */
  readonly resumed: boolean | undefined;
  readonly open: boolean;
  /** Its timers end with the connection. */
  readonly clock: Clock;
  cut(): void;
  close(code: number, reason: string): void;
  freeze(): void;
  slow(forMs: number): void;
  garbage(): void;
  goAway(timeLeftMs: number): void;
  silence(): void;
  refuseHandshake(status: number): void;
  call(calls: readonly FunctionCall[]): void;
  cancelCalls(): void;
  reissue(): void;
}

function inflict(fault: Fault, target: FaultTarget) {
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

interface Order {
  fault: Fault;
  left: number;
}

/** The faults that are still to come. */
export class FaultScript {
  #orders: Order[] = [];

  /**
   * @param faults what to begin with
   * @throws Error for faults that are not as they must be, or that are for now
   */
  constructor(faults: readonly Fault[]) {
    this.#add(checkScript(faults));
  }

  /**
   * Adds faults to what was ordered before.
   * @param open the connections on which those for now are done
   * @throws Error for faults that are not as they must be; then none of them was ordered
   */
  order(faults: readonly Fault[], open: Iterable<FaultTarget>) {
    this.#add(checkFaults(faults));
    for (const target of open) this.happened("now", target);
    this.#orders = this.#orders.filter(({ fault }) => fault.at !== "now");
  }

  /** Does what was ordered for this moment of this connection, in the order in which it was ordered. */
  happened(moment: Moment, target: FaultTarget) {
    for (const order of [...this.#orders]) {
      const { at, connection = target.number, resumed = target.resumed, afterMs } = order.fault;
      if (!target.open || at !== moment || connection !== target.number || resumed !== target.resumed)
        continue;
      if (--order.left === 0) this.#orders.splice(this.#orders.indexOf(order), 1);
      if (afterMs) target.clock.after(afterMs, () => inflict(order.fault, target));
      else inflict(order.fault, target);
    }
  }

  #add(faults: readonly Fault[]) {
    for (const fault of faults)
      this.#orders.push({ fault: { ...fault }, left: fault.at === "now" ? Infinity : (fault.times ?? 1) });
  }
}
