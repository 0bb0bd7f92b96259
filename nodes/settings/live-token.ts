// The settings of a live token node.

import { LOCKED_FIELDS } from "../../live/setup/token-lock";
import { choice, flag, list, number, reference, type SettingsOf, table, text } from "./table";
import * as tokens from "./token-ranges";

export const liveToken = table({
  session: reference({ type: "gemini-live-session", required: true, label: "Session" }),
  lock: choice({ default: "all", choices: ["all", "some"], label: "Lock" }),
  lockedFields: list({ default: LOCKED_FIELDS.join(), choices: LOCKED_FIELDS, label: "Locked fields" }),
  uses: number({ ...tokens.USES, label: "Uses" }),
  startWithinSeconds: number({ ...tokens.START_WITHIN_SECONDS, label: "Start within (s)" }),
  lifetimeMinutes: number({ ...tokens.LIFETIME_MINUTES, label: "Lifetime (min)" }),
  caller: text({ default: "req.ip", required: true, label: "Caller" }),
  callerRequired: flag({ default: true, label: "Refuse requests without a caller" }),
  limit: number({ default: 10, min: 0, max: 1_000_000, whole: true, label: "Rate limit" }),
  limitSeconds: number({ default: 60, min: 1, max: 86_400, label: "Rate interval (s)" }),
});

export type LiveTokenSettings = SettingsOf<typeof liveToken>;
