// Adds up the tokens of all conversations of a live session, by day and model. The totals are kept in this process, where they survive
// a deploy, and in the context of the node, where they survive a restart of Node-RED if its context store is on disk.

import type { Node } from "node-red";
import type { Clock } from "../../audio/clock";
import { add, NO_USAGE, type Usage } from "../../live/turns/token-usage";

/** The tokens of a day, and the number of turns that used them. */
export interface DayUsage extends Usage {
  /** The local date of the machine, for example `2026-11-29`. */
  day: string;
  turns: number;
}

/** Those of one model. */
export interface ModelUsage extends DayUsage {
  model: string;
}

const MAX_DAYS = 31;
/** Maximum number of days times models: a flow may use many models. */
const MAX_ROWS = 200;
const NAME = "usage";

/** By node. Without a configured store, Node-RED clears the context of a node that is deployed again. */
const inProcess = new Map<string, ModelUsage[]>();

export class UsageTotals {
  readonly #node: Node;
  readonly #clock: Clock;

  constructor(node: Node, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
    if (inProcess.has(node.id)) return;
    inProcess.set(node.id, []);
    node.context().get(NAME, undefined, (_error: Error | null, stored: unknown) => {
      if (Array.isArray(stored)) this.#add(stored.filter(isModelUsage));
    });
  }

  /** One entry for each day and model, the oldest first. */
  get days(): readonly ModelUsage[] {
    return inProcess.get(this.#node.id) ?? [];
  }

  /** Adds the tokens of a turn. Returns those of the day, of all models. */
  count(model: string, turn: Usage): DayUsage {
    const row = { ...turn, day: localDate(this.#clock.date()), model, turns: 1 };
    this.#add([row]);
    this.#node.context().set(NAME, this.days, undefined, (error: Error | null) => {
      if (error) this.#node.warn(`The token totals could not be stored: ${error.message}`);
    });
    const rows = this.days.filter(({ day }) => day === row.day);
    // A clock that is set back, or not set yet, may show a day before all that are kept.
    const { model: _, ...today } = rows.length ? rows.reduce(addRows) : row;
    return today;
  }

  /** The node is gone for good. */
  forget() {
    inProcess.delete(this.#node.id);
  }

  #add(rows: readonly ModelUsage[]) {
    const totals = new Map(this.days.map((row) => [`${row.day} ${row.model}`, row]));
    for (const row of rows) {
      const key = `${row.day} ${row.model}`;
      const known = totals.get(key);
      totals.set(key, known ? addRows(known, row) : row);
    }
    const all = [...totals.values()].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
    const days = [...new Set(all.map(({ day }) => day))].slice(-MAX_DAYS);
    inProcess.set(this.#node.id, all.filter(({ day }) => days.includes(day)).slice(-MAX_ROWS));
  }
}

const addRows = (a: ModelUsage, b: ModelUsage): ModelUsage => ({
  day: a.day,
  model: a.model,
  turns: a.turns + b.turns,
  ...add(a, b),
});

function localDate(ms: number): string {
  const date = new Date(ms);
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${date.getFullYear()}-${month}-${day}`;
}

const NO_ROW: ModelUsage = { day: "", model: "", turns: 0, ...NO_USAGE };

/** Whether a value of the context is an entry: a flow may have written there. */
const isModelUsage = (value: unknown): value is ModelUsage =>
  Object.entries(NO_ROW).every(([name, none]) => {
    const found = (value as Record<string, unknown> | null)?.[name];
    return typeof found === typeof none && found !== null;
  });
