// How much of an interrupted answer was heard, by the clock and by the positions of the transcript's pieces among the sound.

import assert from "node:assert/strict";
import { HeardText } from "../../../live/turns/heard";
import { TestClock } from "../../clock";

/** Plays an answer of frames, each with milliseconds of sound and a piece of text, that all come at once. */
function answer(
  frames: [ms: number, text?: string][],
  clock = new TestClock(),
  heard = new HeardText(clock),
) {
  for (const [ms, text] of frames) {
    heard.beginFrame();
    if (ms) heard.onSound(ms);
    if (text) heard.onText(text);
  }
  const interruptAt = (ms: number) => {
    clock.advance(ms - clock.now());
    heard.interrupt();
    return heard.end();
  };
  return { clock, heard, interruptAt };
}

const count = (): [number, string][] => [
  [1000, "One, "],
  [1000, "two, "],
  [1000, "three."],
];

describe("what was heard of an answer", () => {
  it("is the pieces of the transcript whose sound had been played", () => {
    for (const [ms, text] of [
      [0, ""],
      [1000, "One,"],
      [2000, "One, two,"],
      [3000, "One, two, three."],
      [9000, "One, two, three."],
    ] as const)
      assert.equal(answer(count()).interruptAt(ms), text, `${ms} ms`);
  });

  it("ends with the last whole word within a piece", () => {
    const sentence: [number, string][] = [[4000, "There are four lights."]];
    assert.equal(answer(sentence).interruptAt(2000), "There are");
    assert.equal(answer(sentence).interruptAt(1500), "There");
    assert.equal(answer(sentence).interruptAt(500), "");
    assert.equal(answer([[1000, "你好世界"]]).interruptAt(500), "你好");
  });

  it("takes pieces that come before, with or after their sound", () => {
    for (const frames of [
      [[0, "One, "], [1000], [0, "two."], [1000]],
      [
        [1000, "One, "],
        [1000, "two."],
      ],
      [[500], [500, "One, "], [0, "two."], [1000]],
    ] as [number, string?][][])
      assert.equal(answer(frames).interruptAt(1000), "One,", JSON.stringify(frames));
  });

  it("does not count a pause in the sound as heard sound", () => {
    const { clock, heard } = answer(count().slice(0, 1));
    clock.advance(5000);
    const { interruptAt } = answer(count().slice(1), clock, heard);
    assert.equal(interruptAt(6000), "One, two,");
  });

  it("is nothing before the first sound, and everything when there was no interruption: then it is undefined", () => {
    assert.equal(answer([[0, "One."]]).interruptAt(0), "");
    assert.equal(answer(count()).heard.end(), undefined);
  });

  it("includes a new answer in the same turn, but no late transcript of the old one", () => {
    const first = answer(count());
    first.clock.advance(1000);
    first.heard.interrupt();
    answer([[0, "late"]], first.clock, first.heard);
    assert.equal(first.heard.end(), "One,");
    const second = answer(count());
    second.clock.advance(1000);
    second.heard.interrupt();
    answer([[800, "Yes?"]], second.clock, second.heard);
    assert.equal(second.heard.end(), "One, Yes?");
  });

  it("starts anew with each turn", () => {
    const { clock, heard } = answer(count());
    clock.advance(1000);
    heard.interrupt();
    heard.end();
    clock.advance(9000);
    assert.equal(answer([[1000, "Next."]], clock, heard).heard.end(), undefined);
  });
});
