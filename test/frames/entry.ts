// What an entry of the corpus is: one frame in the shape it has on the wire, or the order of several.

import type { Source } from "./sources";

/** The families of models that differ on the wire. */
export type Family =
  | "3.8-live"
  | "3.8-live-extended-thinking"
  | "3.5-transcribe-live"
  | "3.5-live-translate"
  | "3.1-flash-live"
  | "2.5-native-audio";

export interface Entry extends Source {
  /** the field that says what the frame is about */
  kind: string;
  /** what it means, and what is worth knowing about its shape */
  what: string;
  /** the families it was described for or seen on; absent: any */
  models?: readonly Family[];
  /** absent: the Gemini API and Vertex AI; `vertex`: Vertex AI only */
  api?: "vertex";
  frame: object;
}

/** One step of a sequence. */
export interface Step {
  /** ms since the start of the sequence; absent: not known */
  at?: number;
  by: "server" | "client";
  frame: object;
}

/** Frames in the order in which they come. */
export interface Sequence extends Source {
  what: string;
  models: readonly Family[];
  steps: readonly Step[];
}
