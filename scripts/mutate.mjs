// Changes the source of a part in every way that StrykerJS knows, one at a time, and shows which changes no test notices:
// npm run mutate -- [part …]

import { Stryker } from "@stryker-mutator/core";

/** What is changed, and the tests that must notice. */
const PARTS = {
  state: ["live/state/*.ts", "test/live/state/*.test.ts"],
  queue: ["live/input/queue.ts", "test/live/input/*.test.ts"],
  playback: ["audio/{pacer,playback}.ts", "test/audio/playback*.test.ts"],
};

const chosen = process.argv.slice(2);
for (const part of chosen.length ? chosen : Object.keys(PARTS)) {
  if (!PARTS[part]) throw new Error(`There is no part ${part}: choose ${Object.keys(PARTS).join(", ")}.`);
  const [source, tests] = PARTS[part];
  console.log(`== ${part}: ${source}, with ${tests}`);
  await new Stryker({
    mutate: [source],
    // Stryker's own mocha runner does not find the files of mocha 12 (CONTRIBUTING.md).
    testRunner: "command",
    commandRunner: { command: `mocha --bail "${tests}"` },
    // Stryker would rewrite it with an API that TypeScript 7 does not have.
    tsconfigFile: "none",
    concurrency: 2,
    ignorePatterns: ["dist"],
    tempDirName: ".stryker",
    cleanTempDir: "always",
    reporters: ["progress-append-only", "clear-text"],
    clearTextReporter: { allowColor: false, logTests: false },
    thresholds: { high: 90, low: 85, break: 85 },
  }).runMutationTest();
}
