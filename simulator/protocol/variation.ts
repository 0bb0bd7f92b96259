// What varies from frame to frame: sizes and gaps, each in its measured range, and ids. A seed repeats the variation, so that
// a test can rely on it.

import { createHash, randomUUID } from "node:crypto";

/** A measured range of sizes or gaps, with the usual value that a strict simulator always uses. */
export interface Range {
  least: number;
  most: number;
  usual: number;
}

/** The variation of a simulator, or of one of its connections. */
export class Variation {
  readonly #seed: string;
  readonly #strict: boolean;
  // Ids are drawn apart, so that they stay the same when a chunk more is sent before them.
  readonly #drawn = { shapes: 0, ids: 0 };

  /**
   * @param seed the same seed gives the same variation; absent: it differs in every run, unless `strict` is set
   * @param strict whether sizes and gaps have their usual values; then the ids are the same in every run, too
   */
  constructor(seed: number | string | undefined, strict: boolean) {
    this.#seed = String(seed ?? (strict ? 0 : randomUUID()));
    this.#strict = strict;
  }

  /** The variation of one connection. It does not depend on what other connections do. */
  of(connection: number) {
    return new Variation(`${this.#seed}/${connection}`, this.#strict);
  }

  /** A whole number in a range. */
  between({ least, most, usual }: Range) {
    return this.#strict ? usual : least + Math.floor(this.#draw("shapes") * (most - least + 1));
  }

  /** Whether something happens that usually happens in this share of all cases. Strict: whatever is more likely. */
  happens(share: number) {
    return this.#strict ? share > 0.5 : this.#draw("shapes") < share;
  }

  /** A number of so many digits, the first of which is not 0. */
  digits({ least, most, usual }: Range) {
    const length = this.#strict ? usual : least + Math.floor(this.#draw("ids") * (most - least + 1));
    const digit = (from: number) => from + Math.floor(this.#draw("ids") * (10 - from));
    return Array.from({ length }, (_, index) => digit(index === 0 ? 1 : 0)).join("");
  }

  /** 64 hexadecimal digits. */
  hex() {
    return this.#hash("ids").toString("hex");
  }

  /** A UUID of version 4. */
  uuid() {
    const hex = this.hex();
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }

  #hash(kind: "shapes" | "ids") {
    return createHash("sha256")
      .update(`${this.#seed} ${kind} ${this.#drawn[kind]++}`)
      .digest();
  }

  /** Like Math.random. */
  #draw(kind: "shapes" | "ids") {
    return this.#hash(kind).readUInt32BE() / 2 ** 32;
  }
}
