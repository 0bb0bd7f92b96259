// The kinds of settings that a table can have.

interface Described {
  /** The label in the dialog, with its unit; errors name the setting by it. */
  label: string;
  /** The Font Awesome icon before the label, without `fa-`; check boxes have none. */
  icon?: string;
  /** The key of a text behind the field: `unit.<key>` in the catalogue. */
  unit?: string;
  /** The key of the text that an empty field shows: `placeholder.<key>` in the catalogue. */
  placeholder?: string;
  /** The row is only shown while each of these settings has one of these values. */
  shown?: Readonly<Record<string, readonly (string | boolean)[]>>;
  /** Only some models use it: the dialog hides its row for the others, unless it is set. */
  special?: boolean;
  /** The tab of the dialog: `tab.<key>` in the catalogue. Without it, the dialog has no tabs. */
  tab?: string;
  /** The setting has a type as well, see typed() in variables.ts. */
  typed?: boolean;
}

/** A number. The default "" leaves the choice to the server: such a setting may be empty. */
export interface NumberSetting extends Described {
  kind: "number";
  default: number | "";
  min: number;
  max: number;
  whole?: boolean;
  /** The step of the field's arrows. */
  step?: number;
}

/** One of several choices. */
export interface ChoiceSetting extends Described {
  kind: "choice";
  default: string;
  choices: readonly string[];
}

/** Any number of choices, separated by commas. */
export interface ListSetting extends Described {
  kind: "list";
  default: string;
  choices: readonly string[];
}

export interface FlagSetting extends Described {
  kind: "flag";
  default: boolean;
}

export interface TextSetting extends Described {
  kind: "text";
  default: string;
  /** The height of a field for long texts, in lines. */
  lines?: number;
  /** The dialog edits it with Node-RED's text editor. */
  markdown?: boolean;
  /** Must hold more than blanks. */
  required?: boolean;
  /** Values that the dialog lists; any other can be typed. */
  suggestions?: readonly string[];
  /** By the beginning of the value, the settings that make no difference with it; the first match counts. */
  unused?: Readonly<Record<string, readonly string[]>>;
}

/** Any texts, separated by commas or new lines; in a message also a list of them. */
export interface TermsSetting extends Described {
  kind: "terms";
  default: "";
  /** Maximum number of texts. */
  max: number;
  /** The height of the field, in lines. */
  lines?: number;
}

/** A JSON object, as text; in a message also the object. */
export interface JsonSetting extends Described {
  kind: "json";
  default: string;
}

/** The id of another node of that type, or "". The editor and the node itself check that it exists. */
export interface NodeSetting extends Described {
  kind: "node";
  default: "";
  type: string;
  required?: boolean;
}

/** Where the setting `of` has its value: it holds the value itself, or the name of an environment or context variable. */
export interface TypeSetting extends Described {
  kind: "type";
  default: "str";
  choices: readonly ["str", "env", "flow", "global"];
  of: string;
}

export type Setting =
  | NumberSetting
  | ChoiceSetting
  | ListSetting
  | FlagSetting
  | TextSetting
  | TermsSetting
  | JsonSetting
  | NodeSetting
  | TypeSetting;
export type Settings = Readonly<Record<string, Setting>>;
