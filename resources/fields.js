// The fields of dialogs that are more than one element: typed inputs, text editors, and lists with a search.

(() => {
  /** The editor's widgets have no names for those who cannot see them. */
  const named = (field, id) => field.next().find("input").attr("aria-labelledby", `${id}-label`);

  window.GeminiLiveFields ??= {
    /** Lists the values that match what is typed; any other can be typed. @param options each with a `value`, and a `text` about it */
    list(field, options) {
      field.autoComplete({ search: searchIn(options), minLength: 0 });
      openOnClick(field);
    },

    /** A field for a text, or for the name of the variable that has it. @param options as for `list`; they may be none */
    typed(field, typeField, options) {
      const text = options.length ? { ...textType(), autoComplete: searchIn(options) } : textType();
      field.typedInput({ default: "str", types: [text, ...VARIABLES], typeField });
      const input = named(field, field.attr("id"));
      if (options.length) openOnClick(input);
    },

    /**
     * The same for a text of several lines, which has a field of its own below.
     * @param markdown whether the editor's own text editor shows it
     * @returns that editor, which the dialog destroys
     */
    typedLines(field, typeField, markdown) {
      const id = field.attr("id");
      const isText = () =>
        typeField.val() !== "global" && typeField.val() !== "flow" && typeField.val() !== "env";
      let text = isText() ? field.val() : "";
      const source = $('<input type="text" style="width: calc(100% - 250px)">').attr("id", `${id}-source`);
      source.val(isText() ? "" : field.val()).insertBefore(field);
      const editor = markdown ? textEditor(field, text, (value) => change(value)) : undefined;
      const place = editor ? field.next() : field;
      const change = (value) => {
        text = value;
        field.val(value).trigger("change");
      };
      field.on("input", () => {
        text = field.val();
      });
      source.typedInput({
        default: "str",
        types: [{ ...textType(), hasValue: false }, ...VARIABLES],
        typeField,
      });
      named(source, id);
      const show = () => {
        place.toggle(isText());
        const value = isText() ? text : source.typedInput("value");
        if (field.val() !== value) field.val(value).trigger("change");
      };
      source.on("change", show);
      show();
      return editor;
    },
  };

  const VARIABLES = ["env", "flow", "global"];
  const textType = () => ({
    value: "str",
    label: RED._("typedInput.type.str"),
    icon: "red/images/typedInput/az.svg",
  });

  /** What the editor's completion shows: exact matches first, since the Tab key takes the first. */
  function searchIn(options) {
    return (typed) => {
      const wanted = typed.trim().toLowerCase();
      const found = options.filter(({ value, text = "" }) =>
        `${value} ${text}`.toLowerCase().includes(wanted),
      );
      const isExact = ({ value }) => value.toLowerCase() === wanted;
      return [...found.filter(isExact), ...found.filter((each) => !isExact(each))].map(({ value, text }) => ({
        value,
        label: $("<div>").append(
          $("<div>").text(value),
          text ? $('<div style="color: var(--red-ui-secondary-text-color)">').text(text) : "",
        ),
      }));
    };
  }

  /** The editor's completion opens with a key, and tells nobody what the Enter and Tab keys have chosen. */
  function openOnClick(input) {
    input.on("click", () => input.autoComplete("instance")?._updateCompletions(""));
    input.on("keydown", ({ key }) => {
      if (key === "Enter" || key === "Tab") setTimeout(() => input.trigger("change"));
    });
  }

  /** The editor's own text editor in the place of a field, with a button that opens it in the whole window. */
  function textEditor(field, value, onChange) {
    const id = `${field.attr("id")}-editor`;
    const box = $('<div style="position: relative">').insertAfter(field.hide());
    $('<div class="node-text-editor" style="height: 150px; min-height: 100px">').attr("id", id).appendTo(box);
    const editor = RED.editor.createEditor({ id, mode: "ace/mode/markdown", value });
    editor.getSession().on("change", () => onChange(editor.getValue()));
    const label = RED._("node-red:common.label.expand");
    $(
      '<button type="button" class="red-ui-button red-ui-button-small" style="position: absolute; right: 4px; bottom: 4px; z-index: 1">',
    )
      .attr({ id: `${id}-expand`, title: label, "aria-label": label })
      .append('<i class="fa fa-expand">')
      .on("click", () =>
        RED.editor.editMarkdown({
          value: editor.getValue(),
          width: "Infinity",
          focus: true,
          complete: (text) => editor.setValue(text, -1),
        }),
      )
      .appendTo(box);
    return editor;
  }
})();
