// Checks whether a connection may resume a session, and if not, with which close code the server refuses it.

import { invalidArgument, invalidHandle, sessionInUse, sessionNotFound } from "../protocol/refusals";
import type { Session } from "./session";
import type { SessionStore } from "./session-store";

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Finds the session that a setup resumes.
 * @param model the setup's model
 * @throws Refusal for a malformed handle, an unknown or expired one, another model, and a session that is in use or just closed
 */
export function resumedSession(
  sessions: SessionStore,
  handle: string,
  model: string | undefined,
  now: number,
): Session {
  if (!uuid.test(handle)) throw invalidHandle();
  const session = sessions.find(handle, now);
  if (!session) throw sessionNotFound();
  // The model is the only setting that a resume must not change (docs/live-api.md 1.2).
  if (session.setup.model !== model) throw invalidArgument();
  if (!session.admits(now)) throw sessionInUse();
  return session;
}
