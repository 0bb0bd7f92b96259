// The settings tables of all nodes by the names of their files, for the build.

import { audioIn } from "./audio-in";
import { audioOut } from "./audio-out";
import { browserIn } from "./browser-in";
import { browserOut } from "./browser-out";
import { interrupt } from "./interrupt";
import { liveConfig } from "./live-config";
import { liveSession } from "./live-session";
import { liveToken } from "./live-token";
import { loudspeaker } from "./loudspeaker";
import { microphone } from "./microphone";
import type { Table } from "./table";
import { toolCall } from "./tool-call";
import { toolResponse } from "./tool-response";

export const TABLES = {
  "live-config": liveConfig,
  "live-session": liveSession,
  "audio-in": audioIn,
  "audio-out": audioOut,
  interrupt,
  microphone,
  loudspeaker,
  "tool-call": toolCall,
  "tool-response": toolResponse,
  "live-token": liveToken,
  "browser-in": browserIn,
  "browser-out": browserOut,
} as unknown as Record<string, Table>;
