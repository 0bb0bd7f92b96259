// Shows the captions: a list for the eye, and the finished lines once more for screen readers, which would read every piece.

import type { Line } from "./captions";
import { element } from "./elements";
import type { Translate } from "./texts";

export class CaptionsView {
  readonly #translate: Translate;
  readonly #list = element("captions");
  readonly #log = element("announcements");
  readonly #items = new WeakMap<Line, HTMLElement>();

  constructor(translate: Translate) {
    this.#translate = translate;
  }

  /** Shows a line, or what has changed in it. */
  show(line: Line): void {
    const follow = this.#isAtEnd();
    let item = this.#items.get(line);
    if (!item) {
      item = this.#create(line);
      this.#items.set(line, item);
      this.#list.append(item);
    }
    item.classList.toggle("final", line.final);
    if (line.language) item.lang = line.language;
    const [text, interim] = item.querySelectorAll(".text, .interim");
    text!.textContent = line.text;
    interim!.textContent = line.interim;
    element("hint").hidden = true;
    if (follow) scrollTo({ top: document.documentElement.scrollHeight });
  }

  /** Shows a line with the web pages and the suggestions of its search. */
  showSources(line: Line): void {
    this.show(line);
    const item = this.#items.get(line)!;
    item.querySelector(".sources")?.remove();
    const box = create("div", "sources", `${this.#translate("sources")}: `);
    for (const { uri, title } of line.sources) {
      const link = create("a", "", title);
      Object.assign(link, { href: uri, target: "_blank", rel: "noreferrer" });
      box.append(link, " ");
    }
    if (line.suggestions) box.append(suggestionsOf(line.suggestions, this.#translate("sources")));
    item.append(box);
  }

  /** Lets screen readers read a finished line. */
  announce({ role, text, language }: Line): void {
    const item = create("p", "", `${this.#translate(role === "user" ? "you" : "model")}: ${text}`);
    if (language) item.lang = language;
    this.#log.replaceChildren(item);
  }

  #create({ role, thought }: Line): HTMLElement {
    const item = create("li", thought ? "thought" : role);
    const speaker = create("span", "hidden", `${this.#translate(role === "user" ? "you" : "model")}: `);
    const words = [create("span", "text"), create("span", "interim")];
    if (!thought) item.append(speaker, ...words);
    else {
      const details = create("details");
      details.append(create("summary", "", this.#translate("thoughts")), ...words);
      item.append(details);
    }
    return item;
  }

  /** The user has not scrolled up to read. */
  #isAtEnd() {
    const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
    return scrollHeight - clientHeight - scrollTop < 80;
  }
}

/**
 * Google's terms ask to show its suggestions as they come. Their HTML is shown in an iframe that runs no scripts. The page's
 * Content-Security-Policy allows no style in HTML, so the page adds theirs.
 */
function suggestionsOf(html: string, title: string): HTMLIFrameElement {
  const template = document.createElement("template");
  template.innerHTML = html;
  const styles = [...template.content.querySelectorAll("style")];
  for (const it of styles) it.remove();
  const frame = document.createElement("iframe");
  frame.sandbox.add("allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox");
  frame.title = title;
  frame.srcdoc = `<base target="_blank">${template.innerHTML}`;
  frame.onload = () => {
    const { contentDocument, contentWindow } = frame;
    const sheet = new (contentWindow as Window & typeof globalThis).CSSStyleSheet();
    sheet.replaceSync(styles.map((it) => it.textContent).join(""));
    contentDocument!.adoptedStyleSheets = [sheet];
    frame.height = String(contentDocument!.documentElement.scrollHeight);
  };
  return frame;
}

function create(tag: string, className = "", text = ""): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
