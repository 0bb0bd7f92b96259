// The transcripts of both sides, line by line: pieces as they come, interims that replace each other, and final texts.

import type { NodeMessage } from "./protocol";

type TextMessage = NodeMessage & { type: "text" };

export interface Source {
  uri: string;
  title: string;
}

/** What a search of the model has found. */
export type Found = Pick<Line, "sources" | "suggestions">;

export interface Line {
  role: "user" | "model";
  thought: boolean;
  turn: number | undefined;
  language: string | undefined;
  /** The pieces that came, or the whole text once it is final. */
  text: string;
  /** What the next piece replaces. */
  interim: string;
  final: boolean;
  /** Web pages that the model has used for its answer. */
  sources: Source[];
  /** Google's suggestions of further searches, as HTML. */
  suggestions: string;
}

/** The oldest of more lines than this are dropped. */
const MAX_LINES = 500;

export class Captions {
  readonly lines: Line[] = [];

  /** @returns the line that the message belongs to */
  add(message: TextMessage): Line {
    const { role, text, final, interim, turn, language } = message;
    const thought = message.thought === true;
    const line =
      this.lines.findLast(
        (other) => !other.final && other.role === role && other.turn === turn && other.thought === thought,
      ) ?? this.#begin({ role, thought, turn });
    line.language = language ?? line.language;
    if (interim) line.interim = text;
    else {
      line.text = final ? text : line.text + text;
      line.interim = "";
    }
    line.final = final;
    return line;
  }

  /** What the user has written. */
  write(text: string): Line {
    return Object.assign(this.#begin({ role: "user", thought: false, turn: undefined }), {
      text,
      final: true,
    });
  }

  /** Adds what was found to the model's last line. @returns that line */
  cite({ sources, suggestions }: Found): Line {
    const last = this.lines.findLast(({ role, thought }) => role === "model" && !thought);
    const line = last ?? this.#begin({ role: "model", thought: false, turn: undefined });
    const known = line.sources.map(({ uri }) => uri);
    line.sources.push(...sources.filter(({ uri }) => !known.includes(uri)));
    line.suggestions = suggestions || line.suggestions;
    return line;
  }

  /** The conversation ended: nothing more comes for its lines. @returns those that become final with it */
  complete(): Line[] {
    const open = this.lines.filter((line) => !line.final);
    for (const line of open) {
      line.text += line.interim;
      line.interim = "";
      line.final = true;
    }
    return open;
  }

  #begin(of: Pick<Line, "role" | "thought" | "turn">): Line {
    const line: Line = {
      ...of,
      language: undefined,
      text: "",
      interim: "",
      final: false,
      sources: [],
      suggestions: "",
    };
    this.lines.push(line);
    if (this.lines.length > MAX_LINES) this.lines.shift();
    return line;
  }
}

/** @returns what a `grounding` event names; of its web pages, only addresses that a browser opens as pages */
export function searchOf({ groundingChunks, searchEntryPoint }: Record<string, unknown>): Found {
  const chunks = Array.isArray(groundingChunks) ? groundingChunks : [];
  const sources = chunks.flatMap((chunk: { web?: Partial<Source> } | null) => {
    const { uri, title } = chunk?.web ?? {};
    return typeof uri === "string" && /^https?:\/\//i.test(uri) ? [{ uri, title: String(title || uri) }] : [];
  });
  const { renderedContent = "" } = (searchEntryPoint ?? {}) as { renderedContent?: unknown };
  return { sources, suggestions: String(renderedContent) };
}
