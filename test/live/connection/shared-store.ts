// A store that several processes share, for the tests.

import type { HandleStore } from "../../../live/connection/resumption-handle";

/** A store as processes share it: it holds plain JSON, always the newest. */
export function sharedStore(): HandleStore & { stored(): string } {
  let json = "";
  return {
    keepsProgress: true,
    load: async () => (json ? { ...JSON.parse(json), awayMs: 2_500 } : undefined),
    save: (stored) => {
      json = stored ? JSON.stringify(stored) : "";
    },
    stored: () => json,
  };
}
