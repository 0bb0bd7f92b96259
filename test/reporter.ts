// Mocha's spec reporter, with the file of each failure and a last line that programs can read.

import { relative } from "node:path";
import { type MochaOptions, type Runner, reporters } from "mocha";
import { findBrowser, HOW_TO_GET_A_BROWSER } from "../scripts/browser.mjs";

export = class Reporter extends reporters.Spec {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    runner.on("fail", (test, error: { file?: string }) => {
      const file = test.file ?? error.file;
      const title = test.titlePath();
      if (file) test.titlePath = () => [relative("", file), ...title];
    });
  }

  override epilogue() {
    super.epilogue();
    if (this.stats.pending && !findBrowser()) console.log(`${HOW_TO_GET_A_BROWSER}\n`);
    const { passes = 0, failures = 0, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ""}`);
    // What the tests have left running has failed already, and must not hold up the end.
    setTimeout(() => process.exit(), 1_000).unref();
  }
};
