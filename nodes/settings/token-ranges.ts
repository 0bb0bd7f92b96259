// Defaults and ranges of ephemeral tokens, for the nodes that request them. The ranges are those of the server (docs/live-api.md 3).

/** The longest lifetime of a token, less than the 20 hours of the server. */
const MAX_MINUTES = 1_199;

/** Conversations that a token may start; 0: any number. */
export const USES = { default: 1, min: 0, max: 1_000_000, whole: true } as const;
/** Seconds within which a conversation must start. */
export const START_WITHIN_SECONDS = { default: 60, min: 1, max: 60 * MAX_MINUTES } as const;
export const LIFETIME_MINUTES = { default: 30, min: 1, max: MAX_MINUTES } as const;
/** Minutes before the expiry at which a token is renewed. */
export const RENEW_MINUTES = { default: 5, min: 0, max: MAX_MINUTES - 1 } as const;
