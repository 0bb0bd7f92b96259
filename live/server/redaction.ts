// Removes secrets from texts of a server or a library, where these texts enter the package.

/** Characters of a secret that reveal nothing. */
const HARMLESS = 6;

/** Removes secrets from a text that a server wrote, and may have cut: servers quote what they were sent. */
export function redact(secrets: readonly string[], text: string): string {
  let result = text;
  for (const secret of secrets) {
    if (!secret) continue;
    result = result.replaceAll(secret, "…");
    for (let length = secret.length - 1; length > HARMLESS; length--)
      if (result.endsWith(secret.slice(0, length))) result = `${result.slice(0, -length)}…`;
  }
  return result;
}
