// What was said in a conversation: fragments of transcription, assembled into whole turns, and remembered.

export type Role = "user" | "model";

export interface Utterance {
  role: Role;
  text: string;
}

/** Characters that are remembered to tell a fresh conversation: about 5,000 tokens. */
const MOST_REMEMBERED = 20_000;

export class Transcript {
  #open: Record<Role, string> = { user: "", model: "" };
  #remembered: Utterance[] = [];

  /** Adds a fragment to what `role` says in the turn that is going on. */
  add(role: Role, fragment: string) {
    this.#open[role] += fragment;
  }

  /** Ends the turn: what each side said in it, the user first; a side that said nothing is not in it. */
  endTurn(): Utterance[] {
    const said = (["user", "model"] as const)
      .map((role) => ({ role, text: this.#open[role].trim() }))
      .filter(({ text }) => text);
    this.#open = { user: "", model: "" };
    for (const utterance of said) this.remember(utterance);
    return said;
  }

  /** Remembers what was not spoken but is part of the conversation; the oldest is forgotten when it is too much. */
  remember(utterance: Utterance) {
    this.#remembered.push(utterance);
    let characters = this.#remembered.reduce((sum, { text }) => sum + text.length, 0);
    while (characters > MOST_REMEMBERED && this.#remembered.length > 1)
      characters -= this.#remembered.shift()!.text.length;
  }

  /** The conversation so far, the oldest first. */
  get remembered(): readonly Utterance[] {
    return this.#remembered;
  }
}
