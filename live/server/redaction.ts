// Removes secrets from texts of a server or a library, where these texts enter the package.

/** Secrets have at least as many characters as a password (NIST SP 800-63B: 8). A shorter key is a placeholder. */
const MIN_LENGTH = 8;
/** Fewer letters, and nothing else, are a word, such as `simulator`: the texts of servers contain it anyway. */
const MIN_LETTERS = 16;
/** Characters of a secret that reveal nothing. */
const HARMLESS = 6;

const isSecret = (key: string) =>
  key.length >= MIN_LENGTH && (key.length >= MIN_LETTERS || /[^a-z]/i.test(key));

/** Removes secrets from the texts of a parsed JSON value, the names of its fields included. */
export function redactAll<T>(secrets: readonly string[], value: T): T {
  if (value === undefined) return value;
  return JSON.parse(redact(secrets, JSON.stringify(value)), (_name, part) =>
    typeof part === "string" ? redact(secrets, part) : part,
  );
}

/** Removes secrets from a text that a server wrote, and may have cut: servers quote what they were sent. */
export function redact(secrets: readonly string[], text: string): string {
  let result = text;
  for (const secret of secrets.filter(isSecret)) {
    result = result.replaceAll(secret, "…");
    for (let length = secret.length - 1; length > HARMLESS; length--)
      if (result.endsWith(secret.slice(0, length))) result = `${result.slice(0, -length)}…`;
  }
  return result;
}
