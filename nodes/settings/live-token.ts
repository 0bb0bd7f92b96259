// The settings of a live token node.

import { LOCKED_FIELDS } from "../../live/setup/token-lock";
import { choice, flag, list, number, reference, type SettingsOf, table, text } from "./table";

/** The ranges of tokens are those of the server (docs/live-api.md 3). */
export const liveToken = table({
  session: reference({ type: "gemini-live-session", required: true, label: "Session" }),
  lock: choice({ default: "all", choices: ["all", "some"], label: "Lock" }),
  lockedFields: list({ default: LOCKED_FIELDS.join(), choices: LOCKED_FIELDS, label: "Locked fields" }),
  uses: number({ default: 1, min: 0, max: 1_000_000, whole: true, label: "Uses" }),
  startWithinSeconds: number({ default: 60, min: 1, max: 71_940, label: "Start within (s)" }),
  lifetimeMinutes: number({ default: 30, min: 1, max: 1_199, label: "Lifetime (min)" }),
  caller: text({ default: "req.ip", required: true, label: "Caller" }),
  callerRequired: flag({ default: true, label: "Refuse requests without a caller" }),
  limit: number({ default: 10, min: 0, max: 1_000_000, whole: true, label: "Rate limit" }),
  limitSeconds: number({ default: 60, min: 1, max: 86_400, label: "Rate interval (s)" }),
});

export type LiveTokenSettings = SettingsOf<typeof liveToken>;
