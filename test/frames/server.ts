// Every kind of server frame, in the shape it has on the wire.

import type { Entry } from "./entry";
import { answers } from "./server/answers";
import { ends } from "./server/ends";
import { session } from "./server/session";
import { speech } from "./server/speech";

/** All frames of servers, those of Vertex AI too. */
export const serverFrames: readonly Entry[] = [...session, ...answers, ...speech, ...ends];

/** Those of the Gemini API, which the simulator imitates. */
export const geminiFrames = serverFrames.filter(({ api }) => api !== "vertex");
