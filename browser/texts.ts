// The page's texts in the language of the browser.

import { de } from "./texts/de";
import { en, type Key, type Texts } from "./texts/en";
import { ja } from "./texts/ja";
import { zh } from "./texts/zh";

export type { Key };

export const LANGUAGES: Record<string, Texts> = { en, de, ja, zh };

/** @returns the first of the languages, such as `de-AT`, that the page has texts for; else `en` */
export function chooseLanguage(languages: readonly string[]): string {
  const known = languages.map((language) => language.split("-")[0]!.toLowerCase());
  return known.find((language) => language in LANGUAGES) ?? "en";
}

/** @returns the texts of a language: a function that fills `{name}` in a text with the value of that name */
export function translatorOf(language: string) {
  const texts = LANGUAGES[language]!;
  return (key: Key, values: Record<string, string> = {}): string =>
    texts[key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}

export type Translate = ReturnType<typeof translatorOf>;
