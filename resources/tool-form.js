// The parameters of a tool in its dialog, as a form with rows or as JSON Schema: two views of the text in the hidden field, which is saved.

/** Shows the parameters. @param _ looks up texts @returns what to call when the dialog is saved or cancelled */
window.GeminiToolForm = (_) => {
  const { TYPES, EMPTY, newShape, toRows, toSchema, problemOf, problemOfRows, namesOf, isWrong } =
    window.GeminiToolParameters;
  const TYPE_LABELS = {
    string: _("tool-call.type.string"),
    number: _("tool-call.type.number"),
    integer: _("tool-call.type.integer"),
    boolean: _("tool-call.type.boolean"),
    object: _("tool-call.type.object"),
    array: _("tool-call.type.array"),
  };
  const field = $("#node-input-parameters");
  const select = $("#node-input-view");
  const list = $("#node-tool-call-rows");
  /** The view that the user chose. The dialog shows another one where rows cannot show the schema. */
  let chosen = select.val();
  let shown;
  let editor;
  /** The first schema of the rows and its text. The text stays as it is until the rows change. */
  let first;

  const showMessage = (text) =>
    $("#node-tool-call-message")
      .text(text || "")
      .toggle(!!text);
  const setText = (text, problem) => {
    field.val(text).trigger("change");
    showMessage(problem);
  };

  /** The rows of a list as they are now, with those of the lists in them; marks wrong names. */
  const rowsIn = (from, isNested) => {
    const rows = from
      .editableList("items")
      .get()
      .filter((item) => !item.parent().hasClass("red-ui-editableList-item-deleting"))
      .map((item) => item.data("data"));
    const names = namesOf(rows);
    rows.forEach((row, index) => {
      const isDuplicate = names[index] !== undefined && names.lastIndexOf(names[index]) !== index;
      row.nameField.toggleClass("input-error", isDuplicate || isWrong(names, index, isNested));
      readShape(row);
    });
    return rows;
  };
  const readShape = (shape) => {
    if (shape.list) shape.rows = rowsIn(shape.list, true);
    if (shape.items) readShape(shape.items);
  };
  const readRows = () => {
    // The list reports a removed row after an animation; the schema may be shown by then.
    if (shown !== "rows") return;
    const rows = rowsIn(list);
    const schema = toSchema(rows);
    const text = JSON.stringify(schema) === first.json ? first.text : JSON.stringify(schema, null, 2);
    setText(text, problemOfRows(rows, _));
  };

  const textField = (container, shape, property, label, style) =>
    $('<input type="text">')
      .attr({ placeholder: label, "aria-label": label, style })
      .addClass(`node-tool-call-${property}`)
      .val(shape[property])
      .on("input change", function () {
        shape[property] = this.value;
        readRows();
      })
      .appendTo(container);

  /** A part of a row that is indented, with a name for those who cannot see that. */
  const addGroup = (container, label) =>
    $('<div role="group" class="node-tool-call-inner">')
      .attr("aria-label", label)
      .css({
        width: "100%",
        paddingLeft: 20,
        display: "flex",
        flexWrap: "wrap",
        alignItems: "center",
        gap: 6,
      })
      .appendTo(container);

  /** Adds the fields of a shape to a container; `beside` adds what stands beside its type. */
  const addShape = (container, shape, beside) => {
    const type = $('<select class="node-tool-call-type" style="width: 150px">')
      .attr("aria-label", _("tool-call.row.type"))
      .appendTo(container);
    for (const value of TYPES) $("<option>").val(value).text(TYPE_LABELS[value]).appendTo(type);
    type.val(shape.type);
    beside?.();
    textField(container, shape, "description", _("tool-call.row.description"), "width: 100%");
    const values = textField(container, shape, "values", _("tool-call.row.values"), "width: 100%");
    const properties = addGroup(container, _("tool-call.row.properties"));
    const items = addGroup(container, _("tool-call.row.items"));
    const showType = () => {
      values.toggle(shape.type === "string");
      properties.toggle(shape.type === "object");
      items.toggle(shape.type === "array");
      if (shape.type === "object" && !shape.list) {
        const rows = $("<ol>").appendTo($('<div style="width: 100%">').appendTo(properties));
        shape.list = makeList(rows, _("tool-call.row.addProperty"), _("tool-call.row.properties"));
        for (const row of shape.rows) shape.list.editableList("addItem", row);
      }
      if (shape.type === "array" && !items.children().length) {
        shape.items ??= newShape();
        $("<span>").text(_("tool-call.row.items")).appendTo(items);
        addShape(items, shape.items);
      }
    };
    type.on("change", function () {
      shape.type = this.value;
      showType();
      readRows();
    });
    showType();
  };

  const addRow = (container, _index, row) => {
    Object.assign(row, { name: "", required: false, ...newShape(), ...row });
    container.css({ display: "flex", flexWrap: "wrap", alignItems: "center", gap: "6px" });
    row.nameField = textField(container, row, "name", _("tool-call.row.name"), "flex: 1; width: 100px");
    row.nameField.on("change", () => {
      row.isNamed = true;
      readRows();
    });
    addShape(container, row, () => {
      const required = $(
        '<input type="checkbox" class="node-tool-call-required" style="width: auto; margin: 0 4px 2px 0">',
      )
        .prop("checked", row.required)
        .on("change", function () {
          row.required = this.checked;
          readRows();
        });
      $('<label style="width: auto; margin: 0">')
        .append(required, document.createTextNode(_("tool-call.row.required")))
        .appendTo(container);
    });
    if (shown !== "rows") return;
    readRows();
    row.nameField.trigger("focus");
  };

  const makeList = (element, addButton, ariaLabel) =>
    element.editableList({
      addItem: addRow,
      addButton,
      ariaLabel,
      height: "auto",
      removable: true,
      sortable: true,
      removeItem: readRows,
      sortItems: readRows,
    });

  const closeEditor = () => {
    editor?.destroy();
    editor = undefined;
  };
  const openEditor = (value) => {
    $(
      '<div id="node-tool-call-editor" class="node-text-editor" style="height: 250px; min-height: 150px">',
    ).appendTo("#node-tool-call-schema");
    editor = RED.editor.createEditor({ id: "node-tool-call-editor", mode: "ace/mode/json", value });
    editor.getSession().on("change", () => {
      const text = editor.getValue();
      setText(text, problemOf(text, _));
    });
  };

  /** Shows rows when they can show the whole schema, otherwise the schema and the reason. */
  const show = (view) => {
    const text = field.val().trim() || JSON.stringify(EMPTY);
    const problem = problemOf(text, _);
    let parsed;
    try {
      parsed = JSON.parse(text);
    } catch {}
    const { rows, lost } = toRows(parsed);
    shown = undefined;
    const next = view === "rows" && rows ? "rows" : "schema";
    select.val(next);
    list.closest(".form-row").toggle(next === "rows");
    $("#node-tool-call-schema").toggle(next === "schema");
    if (next === "rows") {
      closeEditor();
      first = { json: JSON.stringify(toSchema(rows)), text: field.val() };
      list.editableList("empty");
      for (const row of rows) list.editableList("addItem", row);
      shown = next;
      return readRows();
    }
    shown = next;
    if (!editor) openEditor(parsed && !text.includes("\n") ? JSON.stringify(parsed, null, 2) : text);
    showMessage(problem || (view === "rows" ? _("tool-call.error.rows", { what: lost }) : ""));
  };

  makeList(list, _("tool-call.row.add"), _("tool-call.label.parameters"));
  show(select.val() || "rows");
  select.on("change", () => {
    if (select.val() === shown) return;
    readRows();
    show(select.val());
    chosen = shown;
  });
  return {
    save() {
      readRows();
      closeEditor();
      select.val(chosen);
    },
    close: closeEditor,
  };
};
