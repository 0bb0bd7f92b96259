// The settings of a live token node.

import { LOCKED_FIELDS } from "../../live/setup/token-lock";
import { choice, flag, list, number, reference, type SettingsOf, table, text } from "./table";
import * as tokens from "./token-ranges";

export const liveToken = table({
  session: reference({ type: "gemini-live-session", required: true, label: "Session", icon: "commenting-o" }),
  lock: choice({ default: "all", choices: ["all", "some"], label: "Lock", icon: "lock" }),
  lockedFields: list({
    default: LOCKED_FIELDS.join(),
    choices: LOCKED_FIELDS,
    label: "Locked fields",
    icon: "list-ul",
    shown: { lock: ["some"] },
  }),
  uses: number({ ...tokens.USES, label: "Uses", icon: "ticket", unit: "zeroUnlimited" }),
  startWithinSeconds: number({ ...tokens.START_WITHIN_SECONDS, label: "Start within (s)", icon: "play" }),
  lifetimeMinutes: number({ ...tokens.LIFETIME_MINUTES, label: "Lifetime (min)", icon: "hourglass-end" }),
  caller: text({ default: "req.ip", required: true, label: "Caller", icon: "user-o" }),
  callerRequired: flag({ default: true, label: "Refuse requests without a caller" }),
  limit: number({
    default: 10,
    min: 0,
    max: 1_000_000,
    whole: true,
    label: "Rate limit",
    icon: "tachometer",
    unit: "limit",
  }),
  limitSeconds: number({ default: 60, min: 1, max: 86_400, label: "Rate interval (s)", icon: "clock-o" }),
});

export type LiveTokenSettings = SettingsOf<typeof liveToken>;
