// The converter as a process finds it that has not used it yet.

/** Loads the converter's module again, whatever other tests have done with it. */
export function loadAgain(): typeof import("../../audio/resampler") {
  const file = require.resolve("../../audio/resampler");
  const loaded = require.cache[file];
  delete require.cache[file];
  const again = require(file);
  require.cache[file] = loaded;
  return again;
}
