// The codes of errors: each error of the source has one, and the help of each node explains those that it reports, in every language.

import assert from "node:assert/strict";
import { ERRORS } from "../nodes/settings/node-errors";
import { dialogs, languages, read } from "./dialogs";
import { importsOf, readSource, sourcesIn } from "./source";

const inOrder = (codes: Iterable<string>) => [...new Set(codes)].sort();
/** The codes in a text or in a source, whose types only name codes. */
const codesIn = (text: string) => text.match(/GEMINI_[A-Z_]+(?=["`])/g) ?? [];
const codesOf = (file: string) =>
  codesIn(readSource(file).replace(/^(export )?type [^;]*;/gms, "")).filter((code) => CODES.includes(code));
const TYPES = codesIn(
  readSource("live/server/error-codes") + /^type SoundErrorCode.*$/m.exec(readSource("audio/formats"))![0],
);
const CODES = inOrder(TYPES);

/** A file and all that it imports, besides types. */
function closure(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const { target, types } of importsOf(file))
    if (!types && !target.startsWith("simulator/")) closure(target, found);
  return found;
}

/** The nodes whose functions a node calls: it reports their errors, too. */
const CALLS: Record<string, string[]> = {
  "tool-response": ["live-session", "tool-call"],
  "live-token": ["live-session", "live-config"],
};

/** What cannot happen to a node, although its files or the nodes that it calls have an error with that code. */
const NEVER: Record<string, Record<string, string[]>> = {
  "live-config": {
    "gets no message of a flow": ["GEMINI_INPUT"],
    "only opens a conversation, and sends nothing in it": ["GEMINI_ENDED", "GEMINI_PROTOCOL"],
  },
  "live-session": { "is reported by the tool response": ["GEMINI_CALL_ENDED"] },
  microphone: { "has frame lengths that its settings allow": ["GEMINI_SOUND"] },
  "tool-call": { "is reported by the tool response": ["GEMINI_CALL_ENDED"] },
  "tool-response": {
    "is reported by the live session": [
      "GEMINI_CONVERSATION_LIMIT",
      "GEMINI_LEAVING",
      "GEMINI_PROTOCOL",
      "GEMINI_SOUND",
      "GEMINI_TOKEN_BUDGET",
    ],
  },
  "live-token": {
    "takes every message": ["GEMINI_INPUT", "GEMINI_SOUND"],
    "opens no conversation": [
      "GEMINI_CALL_ENDED",
      "GEMINI_CONNECTION_LOST",
      "GEMINI_CONVERSATION_LIMIT",
      "GEMINI_CREDENTIALS",
      "GEMINI_ELSEWHERE",
      "GEMINI_ENDED",
      "GEMINI_HANDLE",
      "GEMINI_LEAVING",
      "GEMINI_MODULE",
      "GEMINI_PROTOCOL",
      "GEMINI_QUEUE_FULL",
      "GEMINI_TIME_LIMIT",
      "GEMINI_TOKEN_BUDGET",
      "GEMINI_TOO_LARGE",
    ],
  },
  "browser-in": { "gets no message of a flow": ["GEMINI_INPUT", "GEMINI_SOUND"] },
};

/** Errors without a code: mistakes in the use of a class, and causes that another error names. */
const INTERNAL =
  /(was freed|is not loaded|There is no (memory for it|decoder)|the context store did not answer within)/;

describe("the code of an error", () => {
  it("is one of those that the type lists, and each of them is in use", () => {
    const files = ["nodes", "live", "audio"]
      .flatMap(sourcesIn)
      .filter((file) => !file.endsWith("/node-errors"));
    assert.deepEqual(inOrder(files.flatMap(codesOf)), CODES);
    assert.equal(TYPES.length, CODES.length, "a code is listed twice");
    assert.ok(CODES.length > 20);
  });

  it("is on every error that reaches a flow", () => {
    const plain = ["nodes", "live", "audio"].flatMap((room) =>
      sourcesIn(room).flatMap((file) =>
        [...readSource(file).matchAll(/new (?:Type|Range)?Error\(\s*(.*)/g)].map(
          ([, text]) => `${file}: ${text}`,
        ),
      ),
    );
    assert.deepEqual(
      plain.filter((text) => !INTERNAL.test(text)),
      [],
    );
  });

  for (const { set } of dialogs) {
    const calls = [set, ...(CALLS[set] ?? [])].map((node) => `nodes/${node}`);
    const inSource = inOrder(calls.flatMap((file) => [...closure(file)]).flatMap(codesOf));
    const never = Object.values(NEVER[set] ?? {}).flat();
    const reported = ERRORS[set] ?? [];

    it(`of ${set} is listed for it if its source has it, and only then`, () => {
      for (const code of never) assert.ok(inSource.includes(code), `${code} is not in the source`);
      assert.deepEqual(
        inSource.filter((code) => !never.includes(code)),
        inOrder(reported),
      );
    });

    for (const language of languages)
      it(`of ${set} is explained in its help in ${language}`, () => {
        const help = read("dist/nodes/locales", language, `${set}.html`);
        const entries = [...help.matchAll(/^- `(GEMINI_\w+)`[:：] ?.{10,}$/gm)].map(([, code]) => code);
        assert.deepEqual(entries, reported);
        const { heading } = JSON.parse(read("locales", language, "errors.json"));
        assert.equal(help.includes(`\n### ${heading}\n`), reported.length > 0);
      });
  }

  for (const language of languages)
    describe(`in ${language}`, () => {
      const texts: Record<string, string> = JSON.parse(read("locales", language, "errors.json"));
      const english: typeof texts = JSON.parse(read("locales/en-US/errors.json"));
      const marked = (text: string, pattern: RegExp) =>
        [...text.matchAll(pattern)].map(([, words]) => words!);

      it("has a text of its own, and no text is left over", () => {
        const { heading: _, intro: __, ...explained } = texts;
        assert.deepEqual(inOrder(Object.keys(explained)), CODES);
        assert.deepEqual(Object.keys(texts), Object.keys(english));
        assert.equal(new Set(Object.values(texts)).size, Object.keys(texts).length);
        if (language === "en-US") return;
        for (const [code, text] of Object.entries(texts)) assert.notEqual(text, english[code], code);
      });

      it("has a text with the same code as in English, and settings as the dialogs call them", () => {
        const labelsIn = (folder: string) =>
          dialogs.flatMap(({ set }) =>
            Object.entries<string>(JSON.parse(read("locales", folder, `${set}.json`))[set].label).map(
              ([name, label]) => [`${set}.${name}`, label] as const,
            ),
          );
        const labels = new Map(labelsIn(language));
        for (const [code, text] of Object.entries(texts)) {
          const original = english[code]!;
          assert.deepEqual(marked(text, /`([^`]+)`/g), marked(original, /`([^`]+)`/g), code);
          const settings = marked(text, /\*([^*]+)\*/g);
          const originals = marked(original, /\*([^*]+)\*/g);
          assert.equal(settings.length, originals.length, code);
          for (const [at, words] of originals.entries()) {
            const named = labelsIn("en-US").filter(([, label]) => label === words);
            assert.ok(
              named.some(([key]) => labels.get(key) === settings[at]),
              `${code}: ${settings[at]}`,
            );
          }
        }
      });
    });
});
