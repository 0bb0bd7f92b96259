// What every dialog does with its table of settings. The build copies this function into each dialog, with the table.

/**
 * @param set the name of the node's file, which its texts begin with
 * @param prefix of the ids of the fields
 * @param catalogue the set of texts that all dialogs share
 * @param table the settings by their names
 * @param rules for each setting that depends on others, a function of all values that returns true, false (the text
 * `error.<setting>` says what is wrong), or what is wrong in words
 * @param accept reads a value, as in the runtime
 */
export function dialogSettings(set, prefix, catalogue, table, rules, accept) {
  /** The rules of the table: what is wrong in words follows their texts. */
  const ofTable = Object.keys(rules);
  /** The node whose dialog is open, or was the last to be. */
  let edited;
  const fieldOf = (name) => $(`#${prefix}${name}`);
  const isCheckbox = (field) => field.attr("type") === "checkbox";
  const contentOf = (field) => (isCheckbox(field) ? field.prop("checked") : field.val());
  /** Whether a field shows the default of its setting; the editor writes "_ADD_" where no node is chosen. */
  const showsDefault = ({ kind, default: value }, field) => {
    const content = contentOf(field) ?? "";
    return String(content) === String(value) || (kind === "node" && content === "_ADD_");
  };

  /** Whether the field of a setting shows its default. */
  const isDefault = (name) => showsDefault(table[name], fieldOf(name));
  /** The settings that make no difference with a value of the setting `name`. */
  const unusedWith = (name, value) => {
    const { unused } = table[name];
    const beginning = Object.keys(unused).find((beginning) => value.startsWith(beginning));
    return unused[beginning] || [];
  };

  /** The values of all settings, from the dialog if it is the node's; undefined while one of them is not allowed. */
  const valuesOf = (node) => {
    const values = {};
    for (const name in table) {
      const field = node === edited ? fieldOf(name) : [];
      const given = field.length ? contentOf(field) : node[name];
      const accepted = accept(table[name], given ?? table[name].default);
      if (!accepted) return undefined;
      values[name] = accepted.value;
    }
    return values;
  };
  const whatIsAllowed = (node, name) => {
    const { kind, min, max, whole } = table[name];
    const label = node._(`${set}.label.${name}`);
    const key = kind === "number" && whole ? "whole" : kind;
    return RED._(`${catalogue}.invalid.${key}`, { label, min, max });
  };

  return {
    table,
    rules,
    isDefault,
    unusedWith,
    /** The check of one setting, for the `validate` of its default. An absent property is good: it has its default. */
    validator: (name) =>
      function (value, opt) {
        const given = value === undefined ? table[name].default : value;
        if (!accept(table[name], given)) return opt ? whatIsAllowed(this, name) : false;
        const values = rules[name] && valuesOf(this);
        const verdict = values ? rules[name](values, this) : true;
        if (verdict === true || !opt) return verdict === true;
        if (verdict && !ofTable.includes(name)) return verdict;
        return [this._(`${set}.error.${name}`), ...(verdict ? [verdict] : [])].join(": ");
      },
    /** Call it first in `oneditprepare`: shows absent properties with their defaults, where the editor shows nothing. */
    open(node) {
      edited = node;
      for (const name in table) {
        for (const value of table[name].suggestions || [])
          $("<option>")
            .attr("value", value)
            .appendTo(`#${fieldOf(name).attr("list")}`);
        if (node[name] !== undefined || table[name].kind === "node") continue;
        const field = fieldOf(name);
        if (isCheckbox(field)) field.prop("checked", table[name].default);
        else field.val(table[name].default);
      }
    },
    /** Call it last in `oneditsave`: properties that were absent, and still have their defaults, stay absent. */
    save(node) {
      for (const name in table) {
        const field = fieldOf(name);
        // The editor takes the value of every field that it finds by its id.
        if (node[name] === undefined && showsDefault(table[name], field)) field.removeAttr("id");
      }
      for (const name in node._def.credentials) {
        const known = node.credentials || {};
        if (!known[name] && !known[`has_${name}`] && !fieldOf(name).val()) fieldOf(name).removeAttr("id");
      }
    },
  };
}
