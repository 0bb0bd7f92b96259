// The fields of dialogs that are more than one element: typed inputs, text editors, and lists with a search.

(() => {
  /**
   * The widget of a typed input. The editor's own has no names for those who cannot see it, and passes on what is typed only when the focus
   * leaves it: a text about it that goes away then moves what the user clicks at.
   */
  const makeTyped = (field, options, id = field.attr("id")) => {
    field.typedInput(options);
    const input = field.next().find(".red-ui-typedInput-input").attr("aria-labelledby", `${id}-label`);
    input.on("input", () => field.val(field.typedInput("value")).trigger("input"));
    const label = RED._("node-red:common.label.expand");
    field.next().find(".red-ui-typedInput-option-expand").attr({ title: label, "aria-label": label });
    return input;
  };

  window.GeminiLiveFields ??= {
    /** Lists the values that match what is typed; any other can be typed. @param options each with a `value`, and a `text` about it */
    list(field, options) {
      field.autoComplete({ search: searchIn(options), minLength: 0 });
      openOnClick(field);
    },

    /** A field for values of one of the editor's types, such as JSON. */
    single: (field, type) => void makeTyped(field, { types: [type] }),

    /** A field for a text, or for the name of the variable that has it. @param options as for `list`; they may be none */
    typed(field, typeField, options) {
      const text = options.length ? { ...textType(), autoComplete: searchIn(options) } : textType();
      const input = makeTyped(field, { default: "str", types: [text, ...VARIABLES], typeField });
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
      const types = [{ ...textType(), hasValue: false }, ...VARIABLES];
      makeTyped(source, { default: "str", types, typeField }, id);
      const show = () => {
        place.toggle(isText());
        const value = isText() ? text : source.typedInput("value");
        if (field.val() !== value) field.val(value).trigger("change");
      };
      source.on("input change", show);
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
          text ? $('<div style="font-size: 90%">').text(text) : "",
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

  /** The editor's own text editor in the place of a field. */
  function textEditor(field, value, onChange) {
    const id = `${field.attr("id")}-editor`;
    $('<div class="node-text-editor" style="height: 120px; min-height: 100px">')
      .attr("id", id)
      .appendTo($('<div class="gemini-live-editor">').insertAfter(field.hide()));
    const editor = RED.editor.createEditor({ id, mode: "ace/mode/markdown", value });
    editor.getSession().on("change", () => onChange(editor.getValue()));
    return editor;
  }
})();
