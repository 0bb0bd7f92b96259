// Mocha's spec reporter, with the file of each failure, a list of these files for `npm run test:failed`, and a last line that programs can
// read.

import { rmSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type MochaOptions, type Runner, reporters } from "mocha";
import { findBrowser, HOW_TO_GET_A_BROWSER } from "../scripts/browser.mjs";

const FAILED_FILES = resolve(__dirname, "../.failed-tests");

export = class Reporter extends reporters.Spec {
  /** Of the failures; undefined for one that belongs to no file. */
  readonly #failed = new Set<string | undefined>();

  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    rmSync(FAILED_FILES, { force: true });
    runner.on("fail", (test, error: { file?: string }) => {
      const file = test.file ?? error.file;
      this.#failed.add(file);
      const title = test.titlePath();
      if (file) test.titlePath = () => [relative("", file), ...title];
    });
  }

  override epilogue() {
    super.epilogue();
    if (this.stats.pending && !findBrowser()) console.log(`${HOW_TO_GET_A_BROWSER}\n`);
    const { passes = 0, failures = 0, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ""}`);
    if (failures && !this.#failed.has(undefined)) writeFileSync(FAILED_FILES, [...this.#failed].join("\n"));
    // What the tests have left running has failed already, and must not hold up the end.
    setTimeout(() => process.exit(), 1_000).unref();
  }
};
