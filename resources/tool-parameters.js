// The parameters of a tool in its dialog: converts between JSON Schema and the rows of the form, finds wrong names, and makes examples.
//
// A shape is what the form shows of one value: `type`, `description`, `values` (the allowed texts, with commas), `rows` (the properties of an
// object) and `items` (the shape of each entry of an array). A row is a shape with `name`, `required`, and `isNamed`: false while its name is
// still being typed.

window.GeminiToolParameters = (() => {
  const TYPES = ["string", "number", "integer", "boolean", "object", "array"];
  const PARAMETER_NAME = /^[A-Za-z_]\w{0,63}$/;
  /** The end of a duplicate name in the schema (schemaOfRows). */
  const NUMBERED = / \(\d+\)$/;
  const EMPTY = { type: "object", properties: {} };

  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const list = (value) => (Array.isArray(value) ? value : []);
  /** The properties of a schema, in pairs. */
  const propertiesOf = ({ properties }) => (isObject(properties) ? Object.entries(properties) : []);
  /** A text as a single-line field shows it. */
  const oneLine = (text) => String(text).replace(/[\r\n]+/g, " ");

  const newShape = () => ({ type: "string", description: "", values: "", rows: [] });

  /** What the form can show of a schema. */
  function shapeOf(schema) {
    if (!isObject(schema)) return newShape();
    const { type, description = "", items } = schema;
    return {
      type,
      description,
      values: list(schema.enum).join(","),
      rows: type === "object" ? rowsOf(schema) : [],
      items: type === "array" ? shapeOf(items) : undefined,
    };
  }

  const rowsOf = (schema) =>
    propertiesOf(schema).map(([name, property]) => ({
      ...shapeOf(property),
      name: name.replace(NUMBERED, "") && name,
      required: list(schema.required).includes(name),
      isNamed: true,
    }));

  function schemaOfShape({ type: given, description, values, rows, items }) {
    const type = TYPES.includes(given) ? given : "string";
    const allowed = values.split(",").map((value) => oneLine(value).trim());
    const isLimited = type === "string" && allowed.some((value) => value);
    return {
      type,
      ...(description && { description: oneLine(description) }),
      ...(isLimited && { enum: [...new Set(allowed)].filter((value) => value) }),
      ...(type === "object" && fieldsOf(rows)),
      ...(type === "array" && { items: schemaOfShape(items ?? newShape()) }),
    };
  }

  /** The properties of rows. A duplicate name gets a number, so that no row is lost and the check of the names finds it. */
  function fieldsOf(rows) {
    const properties = new Map();
    for (const row of rows) {
      const given = oneLine(row.name).trim();
      let name = given;
      for (let count = 2; properties.has(name); count++) name = `${given} (${count})`;
      properties.set(name, row);
    }
    const required = [...properties].filter(([, row]) => row.required).map(([name]) => name);
    return {
      properties: Object.fromEntries([...properties].map(([name, row]) => [name, schemaOfShape(row)])),
      ...(required.length && { required }),
    };
  }

  const schemaOfRows = (rows) => ({ type: "object", ...fieldsOf(rows) });

  /** A schema without differences that mean nothing: the order of the required names, and empty lists of them and of properties. */
  function ordered(schema) {
    if (!isObject(schema)) return schema;
    const { type, items, required = [] } = schema;
    if (type === "array") return { ...schema, items: ordered(items) };
    if (type !== "object") return schema;
    const { properties = {} } = schema;
    const entries = propertiesOf(schema).map(([name, property]) => [name, ordered(property)]);
    return {
      ...schema,
      properties: isObject(properties) ? Object.fromEntries(entries) : properties,
      required: Array.isArray(required) ? [...required].sort() : required,
    };
  }

  /** @returns the path of the first difference between two JSON values; undefined if there is none */
  function difference(a, b, path = []) {
    if (isObject(a) !== isObject(b) || Array.isArray(a) !== Array.isArray(b)) return path;
    if (typeof a !== "object" || a === null) return a === b ? undefined : path;
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const inBoth = Object.hasOwn(a, key) && Object.hasOwn(b, key);
      const found = inBoth ? difference(a[key], b[key], [...path, key]) : [...path, key];
      if (found) return found;
    }
  }

  /** @returns `rows` that show the whole schema; or `lost`, the path of the first part that rows cannot show */
  function toRows(schema) {
    if (!isObject(schema)) return { lost: "properties" };
    const rows = rowsOf(schema);
    const lost = difference(ordered(schema), ordered(schemaOfRows(rows)));
    return lost ? { lost: lost.join(".") } : { rows };
  }

  /** The rows of a shape, or of the entries of its arrays. */
  const innerRows = ({ type, rows, items }) => {
    if (type === "array") return items ? innerRows(items) : [];
    return type === "object" ? rows : [];
  };

  /** The names of rows; a name that is still being typed is undefined. */
  const namesOf = (rows) => rows.map(({ name, isNamed }) => (isNamed ? name.trim() : undefined));
  /** @param isNested properties of a parameter may have any names: the rule of the Gemini API is for the parameters themselves */
  const isWrong = (names, index, isNested) => {
    if (names[index] === undefined) return false;
    const name = names[index].replace(NUMBERED, "");
    if (!name || names.slice(0, index).includes(name)) return true;
    return !isNested && !PARAMETER_NAME.test(names[index]);
  };

  /** @param place the numbers of the rows around these @returns what is wrong with the first wrong name, in words */
  function problemOfRows(rows, _, place = []) {
    const names = namesOf(rows);
    for (const [index, row] of rows.entries()) {
      const number = [...place, index + 1];
      if (isWrong(names, index, place.length > 0)) {
        const name = names[index].replace(NUMBERED, "");
        if (!name) return _("tool-call.error.noName", { number: number.join(".") });
        return names.slice(0, index).includes(name)
          ? _("tool-call.error.duplicateName", { name })
          : _("tool-call.error.parameterName", { name: names[index] });
      }
      const inner = problemOfRows(innerRows(row), _, number);
      if (inner) return inner;
    }
  }

  /** @returns what is wrong with the text of a schema, as far as the editor checks it. The rest is checked at deploy */
  function problemOf(text, _) {
    if (!(text || "").trim()) return undefined;
    let schema;
    try {
      schema = JSON.parse(text);
    } catch (error) {
      return _("tool-call.error.json", { error: error.message });
    }
    if (!isObject(schema) || (schema.type !== "object" && !schema.$ref)) return _("tool-call.error.object");
    return problemOfRows(rowsOf(schema), _);
  }

  const EXAMPLES = {
    string: ({ minLength = 0, maxLength }) =>
      "text".padEnd(Math.min(minLength, 1_000), ".").slice(0, maxLength),
    number: ({ minimum, maximum }) => minimum ?? Math.min(1, maximum ?? 1),
    integer: ({ minimum, maximum }) => Math.ceil(minimum ?? Math.min(1, Math.floor(maximum ?? 1))),
    boolean: () => true,
    null: () => null,
    object: (schema) =>
      Object.fromEntries(propertiesOf(schema).map(([name, property]) => [name, exampleOf(property)])),
    array: ({ items, minItems = 1 }) =>
      Array.from({ length: Math.min(minItems, 100) }, () => exampleOf(items)),
  };

  /** @returns a value that fits a schema; where its keywords say more than type, values, ranges and lengths, it may not fit */
  function exampleOf(schema) {
    if (!isObject(schema)) return "text";
    const { type, enum: allowed, examples, anyOf, oneOf } = schema;
    if (schema.const !== undefined) return schema.const;
    if (list(allowed).length) return allowed[0];
    if (list(examples).length) return examples[0];
    if (schema.default !== undefined) return schema.default;
    const choices = list(anyOf ?? oneOf);
    if (choices.length) return exampleOf(choices[0]);
    const own = [type].flat()[0] ?? (schema.properties ? "object" : schema.items ? "array" : "string");
    return Object.hasOwn(EXAMPLES, own) ? EXAMPLES[own](schema) : "text";
  }

  return {
    TYPES,
    EMPTY,
    newShape,
    toRows,
    toSchema: schemaOfRows,
    problemOf,
    problemOfRows,
    namesOf,
    isWrong,
    exampleOf,
  };
})();
