// What was said in a conversation: fragments of transcription, assembled into whole turns.

export type Role = "user" | "model";

export interface Utterance {
  role: Role;
  text: string;
}

export class Transcript {
  #open: Record<Role, string> = { user: "", model: "" };

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
    return said;
  }
}
