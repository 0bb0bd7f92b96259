// A conversation with the simulator, through the real SDK, on one clock that the test drives.

import { type SimulatorOptions, startSimulator } from "../../simulator/server";
import { TestClock } from "../clock";
import { endWithTest, Talk, type TalkOptions } from "./talk";

/** Starts a simulator and a conversation with it; both end with the test. */
export async function startSimulated(
  options: TalkOptions = {},
  simulatorOptions: Partial<SimulatorOptions> = {},
) {
  const clock = new TestClock();
  const simulator = await startSimulator({ clock, strict: true, ...simulatorOptions });
  const talk = new Talk(simulator.url, options, clock);
  endWithTest(talk, simulator);
  return { simulator, talk, clock };
}
