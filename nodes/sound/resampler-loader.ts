// Loads the sample rate converter for a node, and shows on its badge when that fails.

import type { Node } from "node-red";
import { loadResampler } from "../../audio/resampler";

/**
 * Starts to load the sample rate converter. Returns a function that returns undefined when it is loaded. Otherwise that tries again:
 * it resolves when it is loaded, and rejects with an error that says what to do. The badge is red from a failure until the next success.
 */
export function resamplerLoader(node: Node): () => Promise<void> | undefined {
  let isLoaded = false;
  let failed = false;
  const load = async () => {
    try {
      await loadResampler();
      isLoaded = true;
      if (failed) node.status({});
    } catch (error) {
      failed = true;
      node.status({ fill: "red", shape: "ring", text: (error as Error).message });
      throw error;
    }
  };
  load().catch((error) => node.error(error));
  return () => (isLoaded ? undefined : load());
}
