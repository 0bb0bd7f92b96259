// The texts of the page: every language has them all, and every one of them is used.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeActivity, describePartner, describeState, initialState } from "../../browser/page-state";
import { chooseLanguage, type Key, LANGUAGES, translatorOf } from "../../browser/texts";

const FOLDER = join(__dirname, "../../browser");
const BUILT = join(__dirname, "../../dist/browser");
const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
const TOOLS = [
  { id: "1", name: "get_weather" },
  { id: "2", name: "set_light" },
];
const keys = Object.keys(LANGUAGES.en!) as Key[];

describe("the texts of the page", () => {
  for (const [language, texts] of Object.entries(LANGUAGES))
    it(`are complete in ${language}`, () => {
      assert.deepEqual(Object.keys(texts), keys);
      for (const key of keys) {
        assert.notEqual(texts[key].trim(), "", key);
        assert.deepEqual(namesIn(texts[key]), namesIn(LANGUAGES.en![key]), key);
      }
      assert.equal(readdirSync(join(FOLDER, "texts")).includes(`${language}.ts`), true);
    });

  it("are all used, and in page.html only those that exist", () => {
    const code = readdirSync(FOLDER)
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(FOLDER, file), "utf8"))
      .join();
    const page = readFileSync(join(FOLDER, "page.html"), "utf8");
    const inPage = [...page.matchAll(/data-(?:text|label)="([^"]*)"/g)].map(([, key]) => key!);
    for (const key of inPage) assert.ok(keys.includes(key as Key), key);
    for (const key of keys) assert.ok(inPage.includes(key) || new RegExp(`\\b${key}\\b`).test(code), key);
  });

  it("are in the first of the browser's languages that the page speaks, else in English", () => {
    assert.equal(chooseLanguage(["fr-FR", "de-AT", "en"]), "de");
    assert.equal(chooseLanguage(["zh-Hant-TW"]), "zh");
    assert.equal(chooseLanguage(["JA"]), "ja");
    assert.equal(chooseLanguage(["fr"]), "en");
    assert.equal(chooseLanguage([]), "en");
  });

  it("say what happens right now, the most important first", () => {
    const translate = translatorOf("en");
    const talking = { ...initialState, link: "open", microphone: "on", conversation: "connected" } as const;
    assert.equal(describeState(initialState, translate), "Not connected");
    assert.equal(describeState({ ...talking, conversation: "closed" }, translate), "Not connected");
    assert.equal(describeState(talking, translate), "Connected");
    assert.equal(describeActivity(talking, translate), "Listening");
    assert.equal(describeActivity({ ...talking, muted: true }, translate), "Microphone muted");
    assert.equal(describeActivity({ ...talking, hearing: true, thinking: true }, translate), "Hearing you");
    assert.equal(
      describeActivity({ ...talking, speaking: true, tools: TOOLS }, translate),
      "Using get_weather, set_light…",
    );
    assert.equal(describeActivity({ ...talking, link: "lost" }, translate), "");
    assert.match(
      describePartner({ ...talking, server: "simulator" }, translate),
      /simulator.*echo, not a model/,
    );
    assert.match(
      describePartner({ ...talking, server: "gemini", model: "gemini-3.8-live" }, translate),
      /gemini-3\.8-live through the Gemini API/,
    );
    assert.equal(describePartner(talking, translate), "");
  });
});

it("the page is smaller than 40 KB, and has no code or style in its HTML", () => {
  const files = ["page.html", "app.js", "app.css", "worklets.js"];
  const bytes = files.reduce((sum, file) => sum + statSync(join(BUILT, file)).size, 0);
  assert.ok(bytes < 40 * 1024, `${bytes} bytes`);
  assert.doesNotMatch(
    readFileSync(join(BUILT, "page.html"), "utf8"),
    /<style|\sstyle=|\son\w+=|<script[^>]*>[^<]/,
  );
});
