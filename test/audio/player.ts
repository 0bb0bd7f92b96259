// A playback on a clock that the test drives, with the frames that have left it.

import { Pacer } from "../../audio/pacer";
import { Playback, type PlaybackOptions } from "../../audio/playback";
import { TestClock } from "../clock";
import { tone } from "./tone";

/** A playback at 24 kHz in 20 ms frames that records when each frame left. */
export function start(options: Partial<PlaybackOptions> = {}) {
  const clock = new TestClock();
  const left: { at: number; frame: Buffer }[] = [];
  const playback = new Playback(
    new Pacer(clock),
    {
      sampleRate: 24000,
      frameMs: 20,
      sendAheadMs: 0,
      jitterBufferMs: 0,
      maxMs: 60_000,
      paced: true,
      ...options,
    },
    (frame) => left.push({ at: clock.now(), frame }),
  );
  const times = () => left.map(({ at }) => at);
  const played = () => Buffer.concat(left.map(({ frame }) => frame));
  return { clock, playback, left, times, played };
}

export function sound(ms: number) {
  return tone(1013, 24000, ms * 24);
}
