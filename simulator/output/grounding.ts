// Grounding metadata of an answer that uses Google Search. Nothing is searched: the sources are made up.

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A groundingMetadata (docs/live-api.md 1.3). @param query the search query @param answer the text of the answer */
export function groundingFor(query: string, answer: string) {
  const escaped = query.replace(/[&<>"]/g, (character) => entities[character]!);
  return {
    webSearchQueries: [query],
    searchEntryPoint: { renderedContent: `<div class="container">${escaped}</div>` },
    groundingChunks: [{ web: { uri: "https://example.com/", title: "example.com" } }],
    groundingSupports: [
      { segment: { endIndex: Buffer.byteLength(answer), text: answer }, groundingChunkIndices: [0] },
    ],
  };
}
