// The calls of tools that the model waits for: each is answered once, is withdrawn, or runs out of time.

/** A call of the model, and who serves it. */
export interface Call {
  id: string;
  /** The function that is called. */
  name: string;
  args: Record<string, unknown>;
  /** Who serves it. */
  server: string;
  /** The model is silent until it is answered. */
  blocking: boolean;
  /** Clock time, in milliseconds, at which the model is told that no answer came. */
  deadline: number;
}

export class PendingCalls {
  readonly #pending = new Map<string, Call>();

  get pending(): readonly Call[] {
    return [...this.#pending.values()];
  }

  get hasBlocking() {
    return this.pending.some(({ blocking }) => blocking);
  }

  add(call: Call) {
    this.#pending.set(call.id, call);
  }

  /** The call of that id, if it is still to be answered. */
  find(id: string): Call | undefined {
    return this.#pending.get(id);
  }

  /** Takes the calls of these ids out: answered or withdrawn. Returns those that were pending. */
  take(ids: readonly string[]): Call[] {
    const taken = ids.flatMap((id) => this.#pending.get(id) ?? []);
    for (const { id } of taken) this.#pending.delete(id);
    return taken;
  }

  /** Takes all of them out. */
  takeAll(): Call[] {
    return this.take([...this.#pending.keys()]);
  }

  /** Takes those out whose time is up. */
  takeLate(now: number): Call[] {
    return this.take(this.pending.filter(({ deadline }) => deadline <= now).map(({ id }) => id));
  }
}
