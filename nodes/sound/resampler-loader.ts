// Loads the sample rate converter for a node, and shows on its badge when that fails.

import type { Node } from "node-red";
import { loadResampler } from "../../audio/resampler";

/**
 * Starts to load the sample rate converter. Returns a function that resolves when it is loaded, and otherwise tries again;
 * it rejects with an error that says what to do. The badge is red from a failure until the next success.
 */
export function resamplerLoader(node: Node): () => Promise<void> {
  let failed = false;
  const load = async () => {
    try {
      await loadResampler();
      if (failed) node.status({});
      failed = false;
    } catch (error) {
      failed = true;
      node.status({ fill: "red", shape: "ring", text: (error as Error).message });
      throw error;
    }
  };
  load().catch((error) => node.error(error));
  return load;
}
