// The texts of the nodes in other languages: each has all that the English ones have, and leaves alone what belongs to code.

import assert from "node:assert/strict";
import { dialogs, languages, read } from "./dialogs";

/** Names, formats and units: a text that consists of them is the same in every language. */
const NAMES =
  /\b(A-law|ALSA|API|en|ffmpeg|G\.711|GEMINI_API_KEY|Gemini|get_weather|Google|JSON|k?Hz|mu-law|Ogg|Opus|PCM|PipeWire|Search|sox|TLS|us-central1|Vertex AI|WAV)\b|https?:\S*|__\w+__/g;

/** Other texts that a language has in common with English. */
const SAME: Record<string, string[]> = {
  de: ["Format", "minimal", "mono", "Proxy", "Server", "Simulator", "stereo", "Timeout (s)"],
  ja: [],
  "zh-CN": [],
};

/** The texts of a catalogue by their keys. */
const textsOf = (texts: object, prefix = ""): [key: string, text: string][] =>
  Object.entries(texts).flatMap(([name, text]) =>
    typeof text === "string" ? [[prefix + name, text]] : textsOf(text, `${prefix}${name}.`),
  );
const catalogueOf = (language: string, set: string) =>
  new Map(textsOf(JSON.parse(read("locales", language, `${set}.json`))));

/** What a help text consists of: programs, headings, properties, entries of lists, and paragraphs. */
const partsOf = (language: string, set: string) =>
  read("locales", language, `${set}.html`).match(
    /^```[\s\S]*?^```$|^(?:#|: |- |\d+\. |<).*$|^(?:(?!```|#|: |- |\d+\. |<).+\n)+/gm,
  )!;
const kindOf = (part: string) => /^(?:```[\s\S]*|#+|: \*?|- |\d+\. |<.*|)/.exec(part)![0];
const propertyIn = (part: string) => /^: \*?(.*?)\*? \(([^()]+)\) : /.exec(part);

const sorted = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([match]) => match).sort();
const placeholdersIn = (text: string) => sorted(text, /__\w+__/g);
/** Sentences that are set as code are examples in the language of the reader. */
const codeIn = (text: string) => sorted(text, /`[^`]+`/g).filter((code) => !/[.。]["}]*`$/.test(code));
const addressesIn = (text: string) => sorted(text, /\]\([^)]+\)/g);
const numbersIn = (text: string) => sorted(text.replace(/`[^`]+`/g, ""), /\d+/g);
/** Without the names of properties that may be absent. */
const emphasizedIn = (text: string) =>
  [...text.replace(/^: \*.*?\*/, "").matchAll(/(?<![*\w])\*([^*\n]+)\*(?!\*)/g)].map(([, words]) =>
    words!.toLowerCase(),
  );

for (const language of languages.filter((each) => each !== "en-US"))
  describe(`the texts in ${language}`, () => {
    /** The texts of the node, else of all nodes, whose English originals begin with some words. */
    const textsFor = (words: string, set: string) => {
      const begins = (text: string) => new RegExp(`^${words}(?![-\\w])`).test(text.toLowerCase());
      const textsIn = (each: string) =>
        [...catalogueOf("en-US", each)]
          .filter(([, text]) => begins(text))
          .map(([key]) => catalogueOf(language, each).get(key)!.toLowerCase());
      const own = textsIn(set);
      return own.length ? own : dialogs.flatMap((dialog) => textsIn(dialog.set));
    };

    for (const { set, type } of dialogs)
      describe(type, () => {
        it("are complete, keep the placeholders, and are translated except for names", () => {
          const [english, texts] = [catalogueOf("en-US", set), catalogueOf(language, set)];
          assert.deepEqual([...texts.keys()].sort(), [...english.keys()].sort());
          const untranslated: string[] = [];
          for (const [key, text] of texts) {
            const original = english.get(key)!;
            assert.match(text, /^\S(.*\S)?$/, key);
            assert.deepEqual(placeholdersIn(text), placeholdersIn(original), key);
            // Examples, errors and the palette call the nodes by one name.
            if (key.endsWith(".label.node")) assert.equal(text, original);
            else if (text === original && /\p{L}/u.test(text.replace(NAMES, ""))) untranslated.push(text);
          }
          assert.deepEqual(
            untranslated.filter((text) => !SAME[language]?.includes(text)),
            [],
          );
        });

        it("explain in the help all that the English help explains, in the same order", () => {
          const [english, parts] = [partsOf("en-US", set), partsOf(language, set)];
          assert.deepEqual(parts.map(kindOf), english.map(kindOf));
          const labels = catalogueOf(language, set);
          for (const [at, part] of parts.entries()) {
            const original = english[at]!;
            assert.deepEqual(codeIn(part), codeIn(original), part);
            assert.deepEqual(addressesIn(part), addressesIn(original), part);
            const numbers = numbersIn(part);
            for (const number of numbersIn(original))
              assert.ok(numbers.includes(number), `${number} in ${part}`);
            const property = propertyIn(original);
            if (!property) continue;
            // The editor shows a property only when it is one line with two colons, and with its type in parentheses.
            assert.match(part, /^: [^:]+ \([^:]+\) : [^:]+$/);
            const [, name = "", types] = property;
            const label = [...catalogueOf("en-US", set)].find(
              ([key, text]) => key.startsWith(`${set}.label.`) && text === name.replace("&#58;", ":"),
            );
            const [, itsName, itsTypes] = propertyIn(part)!;
            assert.equal(itsName, label ? labels.get(label[0])!.replace(":", "&#58;") : name);
            if (!label) assert.equal(itsTypes, types, part);
          }
        });

        it("call settings and choices in the help as the dialogs do", () => {
          const english = partsOf("en-US", set);
          for (const [at, part] of partsOf(language, set).entries()) {
            const emphasized = emphasizedIn(part);
            const originals = emphasizedIn(english[at]!);
            assert.equal(emphasized.length, originals.length, part);
            for (const words of originals) {
              const texts = textsFor(words.replace(/[^\w\s]/g, "\\$&"), set);
              if (texts.length)
                assert.ok(
                  texts.some((text) => emphasized.some((own) => text.startsWith(own))),
                  `"${words}", one of ${JSON.stringify(texts)}, in ${part}`,
                );
            }
          }
        });

        it("have the hint of every setting that the English dialog has", () => {
          const hintsIn = (folder: string) =>
            Object.keys(JSON.parse(read("dist/nodes/locales", folder, `${set}.json`))[set].hint).sort();
          assert.deepEqual(hintsIn(language), hintsIn("en-US"));
        });
      });
  });
