// What the page keeps in the browser: for this tab (sessionStorage), or for later visits too (localStorage).

type Kind = "sessionStorage" | "localStorage";

const PREFIX = "gemini-live-";

/** @returns an empty string when nothing is kept, or the browser allows no storage, as in a sandboxed iframe */
export function load(kind: Kind, key: string): string {
  try {
    return window[kind].getItem(PREFIX + key) ?? "";
  } catch {
    return "";
  }
}

export function save(kind: Kind, key: string, value: string): void {
  try {
    window[kind].setItem(PREFIX + key, value);
  } catch {}
}
