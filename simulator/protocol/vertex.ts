// What differs on Vertex AI: the path of a model, and the names of the token counts (docs/live-api.md 4).

/** The API that an address belongs to. */
export interface Api {
  /** for example `v1beta` */
  version: string;
  isVertex: boolean;
}

const MODEL_PATH = /^(projects\/[^/]+\/locations\/[^/]+\/)?publishers\/google\/models\//;

/** The name of a model without its path; undefined: the path is not one of the API. */
export function modelName(path: string, { isVertex }: Api): string | undefined {
  const [prefix] = (isVertex ? MODEL_PATH : /^models\//).exec(path) ?? [];
  return prefix && path.slice(prefix.length);
}

/** A frame with the names of Vertex AI, which calls the model's side of the token counts `candidates`. */
export function asVertexFrame(frame: object): object {
  const { usageMetadata } = frame as { usageMetadata?: object };
  if (!usageMetadata) return frame;
  const renamed = Object.entries(usageMetadata).map(([name, value]) => [
    name.replace(/^responseToken/, "candidatesToken"),
    value,
  ]);
  return { ...frame, usageMetadata: Object.fromEntries(renamed) };
}
