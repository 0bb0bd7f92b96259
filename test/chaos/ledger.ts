// What happened in a chaos run, as the far end, the devices and the Node-RED in between saw it, and which invariants it breaks.

/** A connection as the far end saw it. Times are in milliseconds since 1970. */
export interface Connection {
  device: string | undefined;
  acceptedAt: number | undefined;
  closedAt: number | undefined;
  wasHeld: boolean;
  sound: { first: number; last: number } | undefined;
}

/** A text that has reached the live session. */
interface Text {
  receivedAt: number;
  done?: { at: number; error?: string };
  arrivals: { at: number; over: Connection }[];
  /** The first piece of an answer left the live session. */
  answeredAt?: number;
  /**
   * A piece of an answer came after it was sent. Answers name no texts, and the protocol confirms none: if the connection is lost
   * then, nobody can know whether the server has read it.
   */
  isCovered?: true;
  /** The live session has told the flow that it is lost. */
  isNamed?: true;
}

interface Call {
  over: Connection;
  texts: string[];
  /** How often the flow got it. */
  called: number;
  /** The outcomes of the responses of the flow. */
  outcomes: { at: number; error?: string }[];
  responses: number;
}

/** What the observer in Node-RED reports. */
export type Seen = { at: number } & (
  | { kind: "received"; text: string }
  | { kind: "done"; text: string; error?: string }
  | { kind: "said"; session: string; said: string }
  | { kind: "called"; call: string }
  | { kind: "responded"; call?: string; error?: string }
  | { kind: "event"; session: string; event: string; payload: object }
);

/** What counts of the payload of an event: `gap` has the times, `state` the state, `turnComplete` the texts that are lost. */
interface EventDetails {
  pauseMs: number;
  lostSoundMs: number;
  state?: string;
  texts?: string[];
}

/** Milliseconds between two views of the same moment, when no process is late. */
const SKEW_MS = 500;
/** Milliseconds between the clocks of two processes. */
const CLOCKS_MS = 10;
/** The newest connection at a time of the other process. */
const acceptedBefore = (connections: readonly Connection[], at: number) =>
  connections.findLast(({ acceptedAt }) => acceptedAt! < at + CLOCKS_MS);

const SOUND_MS = 100;
/** The numbers of the sound begin again after so many. */
export const SOUND_NUMBERS = 32_000;

export class Ledger {
  readonly texts = new Map<string, Text>();
  readonly #calls = new Map<string, Call>();
  readonly #gaps: { at: number; session: string; pauseMs: number; lostSoundMs: number }[] = [];
  /** When the live session said of a conversation that it is open, and that it is closed. */
  readonly #opens: { at: number; session: string }[] = [];
  readonly #closes: { at: number; session: string }[] = [];
  /** From and to: a deploy ends conversations, or a device is away. */
  readonly pauses: { from: number; to: number; session?: string }[] = [];
  /** What is broken already, such as sound after its flush. */
  readonly broken: string[] = [];
  /** What was compared, for the report. */
  readonly counts = {
    unconfirmed: 0,
    twice: 0,
    rejected: 0,
    named: 0,
    responses: 0,
    late: 0,
    gaps: 0,
    lostSoundMs: 0,
    worstGapMs: 0,
  };

  /** The texts that were sent since the last piece of an answer, by device. */
  readonly #sent = new Map<string, Text[]>();

  #skewMs = SKEW_MS;

  now() {
    return performance.timeOrigin + performance.now();
  }

  /** A text has arrived at the far end. */
  arrived(id: string, over: Connection) {
    const text = this.texts.get(id);
    if (text) text.arrivals.push({ at: this.now(), over });
    else this.#early.push({ id, at: this.now(), over });
  }

  /** The far end may see a text before the report of the observer comes. */
  readonly #early: { id: string; at: number; over: Connection }[] = [];

  /** The far end calls the tool, as an answer to these texts. */
  calls(id: string, over: Connection, texts: string[]) {
    this.#calls.set(id, { over, texts, called: 0, outcomes: [], responses: 0 });
  }

  /** A response has arrived at the far end. Returns the texts that it is about. */
  responded(id: string): string[] {
    const call = this.#calls.get(id);
    if (call) call.responses += 1;
    else this.broken.push(`a response to ${id}, which was never called`);
    return call?.texts ?? [];
  }

  note(seen: Seen) {
    if (seen.kind === "received") this.texts.set(seen.text, { receivedAt: seen.at, arrivals: [] });
    if (seen.kind === "done") this.#noteDone(seen);
    if (seen.kind === "said") this.#noteSaid(seen);
    if (seen.kind === "called") {
      const call = this.#calls.get(seen.call);
      if (call) call.called += 1;
      for (const id of call?.texts ?? []) this.#answered(id, seen.at);
    }
    if (seen.kind === "responded" && seen.call)
      this.#calls.get(seen.call)?.outcomes.push({ at: seen.at, ...(seen.error && { error: seen.error }) });
    if (seen.kind === "event") this.#noteEvent(seen);
  }

  #noteDone({ at, text, error }: Extract<Seen, { kind: "done" }>) {
    const known = this.texts.get(text);
    if (!known) return;
    if (known.done) this.broken.push(`the text ${text} was completed twice`);
    known.done = { at, ...(error && { error }) };
    const device = text.split(" ")[0]!;
    this.#sent.set(device, [...(this.#sent.get(device) ?? []), known]);
  }

  #noteSaid({ at, session, said }: Extract<Seen, { kind: "said" }>) {
    for (const [, id] of said.matchAll(/\[(d\d+ t\d+)\]/g)) this.#answered(id!, at);
    for (const text of this.#sent.get(session) ?? []) text.isCovered = true;
    this.#sent.delete(session);
  }

  #answered(id: string, at: number) {
    const text = this.texts.get(id);
    if (text) text.answeredAt ??= at;
  }

  #noteEvent({ at, session, event, payload }: Extract<Seen, { kind: "event" }>) {
    const { pauseMs, lostSoundMs, state, texts } = payload as EventDetails;
    if (event === "gap") this.#gaps.push({ at, session, pauseMs, lostSoundMs });
    if (event === "state" && state === "connected") this.#opens.push({ at, session });
    if (event === "state" && state === "closed") this.#closes.push({ at, session });
    for (const text of texts ?? [])
      for (const [, id] of text.matchAll(/\[(d\d+ t\d+)\]/g)) {
        const known = this.texts.get(id!);
        if (known) known.isNamed = true;
      }
  }

  /**
   * @param connections of the far end, in order
   * @param warned how many texts the live session has counted in warnings as lost by a deploy
   * @param lateMs for how long a process did nothing at most: what it saw may have been so much earlier
   */
  check(connections: readonly Connection[], warned: number, lateMs: number): string[] {
    // A close takes several turns of an event loop.
    this.#skewMs = SKEW_MS + 3 * lateMs;
    for (const { id, ...arrival } of this.#early.splice(0)) this.texts.get(id)?.arrivals.unshift(arrival);
    return [
      ...this.broken,
      ...this.#brokenTexts(warned),
      ...this.#brokenOrder(),
      ...this.#brokenCalls(),
      ...this.#brokenGaps(connections),
    ];
  }

  #brokenTexts(warned: number): string[] {
    const broken: string[] = [];
    const lost: string[] = [];
    for (const [id, { done, arrivals, answeredAt, isNamed, isCovered }] of this.texts) {
      if (done?.error) this.counts.rejected += 1;
      if (isNamed) this.counts.named += 1;
      if (arrivals.length === 2) this.counts.twice += 1;
      if (!done) broken.push(`the text ${id} was never completed`);
      const isLost = !arrivals.length && done && !done.error && !isNamed;
      if (isLost && isCovered) this.counts.unconfirmed += 1;
      else if (isLost) lost.push(id);
      if (arrivals.length && done?.error)
        broken.push(`the text ${id} arrived, but its error was: ${done.error}`);
      if (arrivals.length > 2) broken.push(`the text ${id} arrived ${arrivals.length} times`);
      const again = arrivals[1];
      if (again && answeredAt !== undefined && answeredAt < again.at)
        broken.push(`the text ${id} arrived again ${Math.round(again.at - answeredAt)} ms after its answer`);
    }
    if (lost.length > warned)
      broken.push(
        `never arrived and shown as sent, ${warned} of them counted in warnings: ${lost.join(", ")}`,
      );
    return broken;
  }

  #brokenOrder(): string[] {
    const broken: string[] = [];
    const newest = new Map<string, { n: number; at: number }>();
    const first = [...this.texts].flatMap(([id, { arrivals }]) =>
      arrivals[0] ? [{ id, at: arrivals[0].at }] : [],
    );
    for (const { id, at } of first.sort((a, b) => a.at - b.at)) {
      const [device, number] = id.split(" t") as [string, string];
      const before = newest.get(device)?.n ?? 0;
      if (Number(number) < before) broken.push(`the text ${id} arrived after ${device} t${before}`);
      newest.set(device, { n: Math.max(before, Number(number)), at });
    }
    return broken;
  }

  #brokenCalls(): string[] {
    const broken: string[] = [];
    for (const [id, { over, called, outcomes, responses }] of this.#calls) {
      if (called > 1) broken.push(`the call ${id} reached the flow ${called} times`);
      if (responses > 1) broken.push(`the call ${id} got ${responses} responses`);
      this.counts.responses += responses;
      this.counts.late += outcomes.filter(({ error }) => error).length;
      const sent = outcomes.find(({ error }) => !error);
      const couldArrive = over.closedAt === undefined || (sent && over.closedAt > sent.at + this.#skewMs);
      if (sent && !responses && couldArrive && !over.wasHeld)
        broken.push(`the response to the call ${id} was shown as sent and never arrived`);
    }
    return broken;
  }

  /** The connections of a device that the live session has seen open: one may have ended before. */
  #seenBy(device: string | undefined, connections: readonly Connection[]): Connection[] {
    const own = connections.filter((connection) => device && connection.device === device);
    const seen = new Set<Connection | undefined>();
    for (const { at, session } of this.#opens) if (session === device) seen.add(acceptedBefore(own, at));
    return own.filter((connection) => seen.has(connection));
  }

  /** Compares each gap that was reported with the time between the two connections, and the sound that is missing between them. */
  #brokenGaps(connections: readonly Connection[]): string[] {
    const broken: string[] = [];
    for (const device of new Set(connections.map(({ device }) => device))) {
      const own = this.#seenBy(device, connections);
      for (const [n, next] of own.entries()) {
        const last = own[n - 1];
        if (last?.closedAt === undefined || last.wasHeld || next.wasHeld) continue;
        const [from, to] = [last.closedAt, next.acceptedAt!];
        const during = (at: number) => at > from - this.#skewMs && at < to + this.#skewMs;
        const isOurs = ({ session }: { session?: string }) => session === undefined || session === device;
        if (this.#closes.some((close) => isOurs(close) && during(close.at))) continue;
        if (
          this.pauses.some(
            (pause) => isOurs(pause) && pause.from < to + this.#skewMs && pause.to > from - this.#skewMs,
          )
        )
          continue;
        const gaps = this.#gaps.filter(
          (gap) => gap.session === device && acceptedBefore(own, gap.at) === next,
        );
        const pauseMs = gaps.reduce((sum, gap) => sum + gap.pauseMs, 0);
        const lostMs = gaps.reduce((sum, gap) => sum + gap.lostSoundMs, 0);
        this.counts.gaps += 1;
        this.counts.lostSoundMs += lostMs;
        this.counts.worstGapMs = Math.max(this.counts.worstGapMs, Math.abs(pauseMs - (to - from)));
        if (Math.abs(pauseMs - (to - from)) > this.#skewMs)
          broken.push(
            `a gap of ${device} took ${Math.round(to - from)} ms and was reported as ${pauseMs} ms`,
          );
        if (!last.sound || !next.sound) continue;
        const missingMs =
          SOUND_MS * ((next.sound.first - last.sound.last - 1 + SOUND_NUMBERS) % SOUND_NUMBERS);
        if (missingMs < lostMs || missingMs > lostMs + this.#skewMs)
          broken.push(`a gap of ${device} lost ${missingMs} ms of sound and was reported with ${lostMs} ms`);
      }
    }
    return broken;
  }
}
