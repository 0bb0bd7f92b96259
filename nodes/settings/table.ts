// The settings table of a node: its format, and how a node reads its properties with it. The build writes the same table into the
// dialog.

import { InputError } from "../../live/server/errors";
import { whatIsAllowed } from "./allowed";
import type { Setting, Settings } from "./kinds";

export type {
  ChoiceSetting,
  FlagSetting,
  JsonSetting,
  ListSetting,
  NodeSetting,
  NumberSetting,
  Setting,
  Settings,
  TermsSetting,
  TextSetting,
  TypeSetting,
} from "./kinds";

/** The type of a setting's value. */
type Value<S> = S extends { kind: "number"; default: infer D }
  ? D extends number
    ? number
    : number | undefined
  : S extends { kind: "choice" | "type"; choices: readonly (infer C)[] }
    ? C
    : S extends { kind: "list"; choices: readonly (infer C)[] }
      ? C[]
      : S extends { kind: "flag" }
        ? boolean
        : S extends { kind: "terms" }
          ? string[]
          : S extends { kind: "json" }
            ? Record<string, unknown>
            : string;

export type Values<S> = { -readonly [Name in keyof S]: Value<S[Name]> };
/** The values of all settings of a table. */
export type SettingsOf<T> = T extends Table<infer S> ? Values<S> : never;

/** Validates a setting together with the others. */
export interface Rule<V> {
  /** True, false, or what is wrong in words. Runs in the dialog as well, so it can use nothing but its argument. */
  allows(values: V): boolean | string;
  /** The error of the runtime, and the English text of `error.<setting>` in the node's catalogue; what is wrong in words follows it. */
  error: string;
}

/** Converts the properties of one version of a node to those of the next. Runs in the editor as well, so it can use nothing but its argument. */
export type Migration = (properties: Record<string, unknown>) => Record<string, unknown>;

export interface Table<S = Settings> {
  settings: S;
  rules: { readonly [Name in keyof S]?: Rule<Values<S>> };
  /** From version 1 to 2, from 2 to 3, and so on. */
  migrations: readonly Migration[];
  /** Properties of older versions, which the editor must keep until they are migrated. */
  retired: readonly string[];
}

/** Describes all settings of a node; every node has a name besides. */
export function table<const S extends Settings>(
  settings: S,
  { rules = {}, migrations = [], retired = [] }: Partial<Omit<Table<S>, "settings">> = {},
): Table<S> {
  return { settings, rules, migrations, retired };
}

/** The settings of one tab of the dialog. */
export function tab<const S extends Settings>(key: string, settings: S): S {
  const named = Object.entries(settings).map(([name, setting]) => [name, { ...setting, tab: key }]);
  return Object.fromEntries(named) as S;
}

type Given<K extends Setting["kind"]> = Omit<Extract<Setting, { kind: K }>, "kind">;

export const number = <const S extends Given<"number">>(setting: S) =>
  ({ kind: "number", ...setting }) as const;
export const choice = <const S extends Given<"choice">>(setting: S) =>
  ({ kind: "choice", ...setting }) as const;
export const list = <const S extends Given<"list">>(setting: S) => ({ kind: "list", ...setting }) as const;
export const flag = <const S extends Given<"flag">>(setting: S) => ({ kind: "flag", ...setting }) as const;
export const text = <const S extends Given<"text">>(setting: S) => ({ kind: "text", ...setting }) as const;
export const terms = <const S extends Given<"terms">>(setting: S) => ({ kind: "terms", ...setting }) as const;
export const json = <const S extends Given<"json">>(setting: S) => ({ kind: "json", ...setting }) as const;
export const reference = <const S extends Omit<Given<"node">, "default">>(setting: S) =>
  ({ kind: "node", default: "", ...setting }) as const;

/** The version of a node that has just been added. */
export const versionOf = ({ migrations }: Pick<Table, "migrations">) => migrations.length + 1;

/**
 * Reads the value of a property, or of a field of the dialog; undefined if it is invalid. Runs in the dialog as
 * well, so it can use nothing but its arguments.
 */
export function accept(setting: Setting, value: unknown): { value: unknown } | undefined {
  switch (setting.kind) {
    case "number": {
      if (value === "" && setting.default === "") return { value: undefined };
      const isText = typeof value === "string" && value.trim() !== "";
      const number = isText || typeof value === "number" ? Number(value) : Number.NaN;
      const fits = number >= setting.min && number <= setting.max;
      return fits && (!setting.whole || Number.isInteger(number)) ? { value: number } : undefined;
    }
    case "choice":
    case "type":
      return (setting.choices as readonly string[]).includes(String(value))
        ? { value: String(value) }
        : undefined;
    case "list": {
      if (typeof value !== "string") return undefined;
      const names = value
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "");
      if (names.some((name) => !setting.choices.includes(name))) return undefined;
      return { value: setting.choices.filter((name) => names.includes(name)) };
    }
    case "flag":
      return typeof value === "boolean" ? { value } : undefined;
    case "text":
      return typeof value === "string" && (value.trim() || !setting.required) ? { value } : undefined;
    case "terms": {
      const given: unknown[] = Array.isArray(value)
        ? value
        : typeof value === "string"
          ? value.split(/[\n,]/)
          : [0];
      if (given.some((term) => typeof term !== "string")) return undefined;
      const terms = given.map((term) => String(term).trim()).filter((term) => term !== "");
      return terms.length <= setting.max ? { value: terms } : undefined;
    }
    case "json":
      try {
        const object = typeof value === "string" ? JSON.parse(value) : value;
        return typeof object === "object" && object !== null && !Array.isArray(object)
          ? { value: object }
          : undefined;
      } catch {
        return undefined;
      }
    case "node":
      return typeof value === "string" ? { value } : undefined;
  }
}

/**
 * Reads the value of a property, as accept() does. One that names a variable must not be empty, and has the default value until the
 * variable is read. Runs in the dialog as well.
 * @param type of a typed setting
 */
export function acceptTyped(
  setting: Setting,
  value: unknown,
  type: unknown,
  acceptIt: typeof accept,
): { value: unknown } | undefined {
  if (!setting.typed || type === undefined || type === "str") return acceptIt(setting, value);
  return typeof value === "string" && value.trim() ? acceptIt(setting, setting.default) : undefined;
}

/**
 * Reads the properties of a node of any version; an absent property has its default.
 * @param own properties of the current version that replace those of the node
 * @throws InputError that names the setting, its value and the valid values
 */
export function readSettings<S extends Settings>(table: Table<S>, def: object, own: object = {}): Values<S> {
  const properties: Record<string, unknown> = { ...migrate(table, def as Record<string, unknown>), ...own };
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table.settings)) {
    const given = properties[name] === undefined ? setting.default : properties[name];
    const type = name in own ? "str" : properties[`${name}Type`];
    const accepted = acceptTyped(setting, given, type, accept);
    if (!accepted)
      throw new InputError(
        `The setting "${setting.label}" must be ${setting.typed && (type ?? "str") !== "str" ? "the name of a variable" : whatIsAllowed(setting)}; it is ${given === "" ? "empty" : JSON.stringify(given)}.`,
        "GEMINI_SETTING",
      );
    values[name] = accepted.value;
  }
  for (const rule of Object.values<Rule<Values<S>> | undefined>(table.rules)) {
    const verdict = rule?.allows(values as Values<S>) ?? true;
    if (verdict !== true)
      throw new InputError(`${rule!.error}${verdict ? `: ${verdict}` : ""}.`, "GEMINI_SETTING");
  }
  return values as Values<S>;
}

/** The properties of a node of any version, as those of the present one. */
export function migrate({ migrations }: Pick<Table, "migrations">, properties: Record<string, unknown>) {
  const version = Number(properties.version ?? 1);
  return migrations.slice(version - 1).reduce((older, migration) => migration(older), properties);
}
