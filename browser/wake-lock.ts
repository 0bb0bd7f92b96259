// Keeps the screen awake.

import { onShown } from "./elements";

let wanted = false;
let lock: WakeLockSentinel | undefined;

/** Keeps the screen awake, or no longer. Does nothing where the browser cannot. */
export function keepAwake(awake: boolean): void {
  wanted = awake;
  if (awake) void request();
  else release();
}

/** Browsers end the lock whenever the page is hidden. */
onShown(() => wanted && request());

async function request() {
  if (lock && !lock.released) return;
  // Refused when the battery is low; then the screen sleeps as always.
  lock = await navigator.wakeLock?.request("screen").catch(() => undefined);
  if (!wanted) release();
}

function release() {
  void lock?.release();
  lock = undefined;
}
