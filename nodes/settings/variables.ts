// Settings whose values may be those of environment or context variables.

import type { NodeAPI } from "node-red";
import { migrate, type Setting, type Table, type TypeSetting } from "./table";

type Typed<N extends string, S> = { [Name in N]: S } & { [Name in `${N}Type`]: TypeSetting };

/** A setting whose value may also be that of an environment or context variable, and the setting that says so: `<name>Type`. */
export function typed<const N extends string, const S extends Setting>(name: N, setting: S): Typed<N, S> {
  const type: TypeSetting = {
    kind: "type",
    default: "str",
    choices: ["str", "env", "flow", "global"],
    label: `${setting.label} (type)`,
    of: name,
  };
  return { [name]: { ...setting, typed: true }, [`${name}Type`]: type } as Typed<N, S>;
}

/** A setting with the name of the variable that has its value. */
export interface Variable {
  setting: Setting;
  type: "env" | "flow" | "global";
  /** As Node-RED's typed input writes it: a context variable may have a store in front. */
  variable: string;
}

/** The settings of a node whose values are those of variables, by their names. */
export function variablesOf({ settings, migrations }: Table, def: object): Record<string, Variable> {
  const properties = migrate({ migrations }, def as Record<string, unknown>);
  const found = Object.entries(settings).flatMap(([name, setting]) => {
    const type = properties[`${name}Type`];
    const isVariable = setting.typed && type !== undefined && type !== "str";
    return isVariable ? [[name, { setting, type, variable: String(properties[name]) }]] : [];
  });
  return Object.fromEntries(found);
}

/**
 * Reads what a dialog shows as Node-RED reads it at a deploy: `${NAME}` is that environment variable, where there is one.
 * @param id of the node whose variables count; it may not be deployed
 */
export function readerOfEnvironment(RED: NodeAPI, id: string | undefined) {
  const node = RED.nodes.getNode(String(id)) ?? ({} as never);
  return (value: unknown): unknown =>
    typeof value === "string" && /^\$\{\S+\}$/.test(value)
      ? RED.util.evaluateNodeProperty(value, "env", node, {}) || value
      : value;
}
