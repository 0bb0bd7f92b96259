// What dialogs share in the editor: checks and defaults of settings, tabs, rows that depend on other settings, hints, sound devices.

// Each node's dialog loads this file.
if (!window.GeminiLive)
  // The editor makes all tabs equally wide, at most 200 px, and cuts off long names. Its text editors cannot be disabled.
  $(
    "<style>.gemini-live-without-use .gemini-live-editor { display: none !important } .gemini-live-tabs .red-ui-tab { width: auto !important; max-width: none } .gemini-live-tabs a.red-ui-tab-label { padding: 0 9px !important } .gemini-live-tabs .red-ui-tabs-fade { display: none }</style>",
  ).appendTo("head");

window.GeminiLive ??= {
  /** Suggests the devices of Node-RED's machine that the chosen program can use, and says when there is no program. @param type of the node */
  suggestDevices(type) {
    const device = $("#node-input-device").attr("list", `${type}-devices`);
    const list = $("<datalist>").attr("id", `${type}-devices`).insertAfter(device);
    const problem = $(`<div class="form-tips" id="${type}-problem" style="margin-bottom: 12px">`).hide();
    problem.insertAfter(device.closest("[data-row]"));
    const update = (program) =>
      $.getJSON(`${type}/devices`, { program }).done((answer) => {
        list.empty();
        for (const { name, description } of answer.devices)
          $("<option>").val(name).text(description).appendTo(list);
        problem.text(answer.problem || "").toggle(Boolean(answer.problem));
      });
    $("#node-input-program")
      .on("change", ({ target }) => update(target.value))
      .trigger("change");
  },

  /**
   * The dialog of one kind of node.
   * @param packageName whose texts about valid values all dialogs share
   * @param set the name of the node's file, which its texts begin with
   * @param prefix of the ids of the fields
   * @param table the settings by their names
   * @param rules for each setting that depends on others, a function of all values that returns true, false (the text
   * `error.<setting>` says what is wrong), or what is wrong in words
   * @param accept reads a value, of a typed setting with its type, as in the runtime
   */
  dialog(packageName, set, prefix, table, rules, accept) {
    const catalogue = `${packageName}/live-config:live-config`;
    /** The rules of the table: what is wrong in words follows their texts. */
    const ofTable = Object.keys(rules);
    /** The node whose dialog is open, or was the last to be. */
    let edited;
    const fieldOf = (name) => $(`#${prefix}${name}`);
    const form = () => fieldOf("name").closest("form");
    const isCheckbox = (field) => field.attr("type") === "checkbox";
    const contentOf = (field) => (isCheckbox(field) ? field.prop("checked") : field.val());
    /** Whether a field shows the default of its setting; the editor writes "_ADD_" where no node is chosen. */
    const showsDefault = ({ kind, default: value }, field) => {
      const content = contentOf(field) ?? "";
      return String(content) === String(value) || (kind === "node" && content === "_ADD_");
    };

    /** The value of one setting, from the dialog if it is the node's. */
    const givenTo = (node, name) => {
      const field = node === edited ? fieldOf(name) : [];
      return field.length ? contentOf(field) : node[name];
    };
    const typeOf = (node, name) => (table[name].typed ? givenTo(node, `${name}Type`) : undefined);
    /** The values of all settings, from the dialog if it is the node's; undefined while one of them is not allowed. */
    const valuesOf = (node) => {
      const values = {};
      for (const name in table) {
        const accepted = accept(table[name], givenTo(node, name) ?? table[name].default, typeOf(node, name));
        if (!accepted) return undefined;
        values[name] = accepted.value;
      }
      return values;
    };
    const whatIsAllowed = (node, name) => {
      const { kind, min, max, whole, of = name } = table[name];
      const label = node._(`${set}.label.${of}`);
      const isVariable = table[name].typed && ![undefined, "", "str"].includes(typeOf(node, name));
      const key = isVariable
        ? "variable"
        : kind === "number" && whole
          ? "whole"
          : kind === "type"
            ? "choice"
            : kind;
      return RED._(`${catalogue}.invalid.${key}`, { label, min, max });
    };

    const showRows = () => {
      for (const name in table) {
        const conditions = Object.entries(table[name].shown ?? {});
        if (!conditions.length) continue;
        const applies = conditions.every(([other, values]) => values.includes(contentOf(fieldOf(other))));
        form().find(`[data-row="${name}"]`).toggle(applies);
      }
    };

    /**
     * For a setting whose value makes others unused: disables those and says why. Those that only some values use are hidden, unless they
     * are set.
     */
    const showUnused = (name) => {
      const { unused } = table[name];
      const value = fieldOf(name).val().trim();
      const beginning = Object.keys(unused).find((each) => value.replace(/^models\//, "").startsWith(each));
      for (const other of new Set(Object.values(unused).flat())) {
        const isUnused = Boolean(beginning && unused[beginning].includes(other));
        const row = form().find(`[data-row="${other}"]`).toggleClass("gemini-live-without-use", isUnused);
        row.find("input, select, textarea, button").prop("disabled", isUnused);
        row.find(".gemini-live-unused").remove();
        if (table[other].special) row.toggle(!isUnused || !showsDefault(table[other], fieldOf(other)));
        if (isUnused)
          $('<div class="gemini-live-unused">')
            .css("margin-left", table[other].kind === "flag" ? 20 : 244)
            .text(RED._(`${catalogue}.unused`, { model: value }))
            .appendTo(row);
      }
    };

    /** The check of one setting, for the `validate` of its default. An absent property is good: it has its default. */
    const validatorOf = (name) =>
      function (value, opt) {
        const given = value === undefined ? table[name].default : value;
        if (!accept(table[name], given, typeOf(this, name))) return opt ? whatIsAllowed(this, name) : false;
        const values = rules[name] && valuesOf(this);
        const verdict = values ? rules[name](values, this) : true;
        if (verdict === true || !opt) return verdict === true;
        if (verdict && !ofTable.includes(name)) return verdict;
        return [this._(`${set}.error.${name}`), ...(verdict ? [verdict] : [])].join(": ");
      };

    /** Says under the field of each setting what is wrong with its value. */
    const showProblems = (node) => {
      for (const name in table) {
        if (["node", "type"].includes(table[name].kind)) continue;
        const row = form().find(`[data-row="${name}"]`);
        const id = `${prefix}${name}-problem`;
        const verdict = validatorOf(name).call(node, contentOf(fieldOf(name)) ?? "", {});
        if ((verdict === true ? "" : verdict) === $(`#${id}`).text()) continue;
        $(`#${id}`).remove();
        const fields = row.find("input, select, textarea").removeAttr("aria-describedby");
        if (verdict === true) continue;
        fields.attr("aria-describedby", id);
        $(`<div id="${id}" class="gemini-live-problem" style="color: var(--red-ui-text-color-error)">`)
          .css("margin-left", table[name].kind === "flag" ? 20 : 244)
          .text(verdict)
          .appendTo(row);
      }
    };

    /** What a list shows for a setting: its suggestions, with a text about each where the catalogue has some. */
    const optionsOf = (node, name) => {
      const { suggestions = [], unused = {} } = table[name];
      return suggestions.map((value) => {
        const family = Object.keys(unused).find((each) => value.startsWith(each));
        return { value, ...(family && { text: node._(`${set}.${name}.${family.replaceAll(".", "-")}`) }) };
      });
    };

    /** What ends with the dialog that is open: its text editors, and what its buttons have started. */
    const endings = [];
    const end = () => {
      for (const each of endings.splice(0)) each();
    };
    const makeFields = (node) => {
      const fields = window.GeminiLiveFields;
      for (const name in table) {
        const { kind, typed, lines, markdown, suggestions } = table[name];
        const field = fieldOf(name);
        const typeField = fieldOf(`${name}Type`);
        if (kind === "json") fields.single(field, "json");
        else if (typed && lines) {
          const editor = fields.typedLines(field, typeField, markdown);
          if (editor) endings.push(() => editor.destroy());
        } else if (typed) fields.typed(field, typeField, optionsOf(node, name));
        else if (suggestions) fields.list(field, optionsOf(node, name));
      }
    };

    /** Shows one tab at a time, and marks those whose settings differ from the defaults. */
    const makeTabs = (node) => {
      const pages = form().find("[data-tab]");
      if (!pages.length) return;
      const tabs = RED.tabs.create({
        id: `${prefix}tabs`,
        onchange: ({ id }) => pages.hide().filter(`#${id}`).show(),
      });
      pages.each((_, page) => {
        tabs.addTab({ id: page.id, label: node._(`${set}.tab.${page.dataset.tab}`) });
      });
      // The editor's tabs listen to the mouse alone.
      $(`#${prefix}tabs`).on("keydown", "a", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        tabs.activateTab(event.currentTarget.hash.slice(1));
      });
      const mark = () => {
        pages.each((_, page) => {
          const differs = Object.entries(table).some(
            ([name, setting]) =>
              setting.tab === page.dataset.tab &&
              name !== "name" &&
              setting.kind !== "node" &&
              !showsDefault(setting, fieldOf(name)),
          );
          const link = $(`#${prefix}tabs a[href="#${page.id}"]`);
          link.find(".gemini-live-mark").remove();
          const text = RED._(`${catalogue}.changed`);
          if (differs)
            $('<i class="gemini-live-mark fa fa-pencil" role="img" style="margin-left: 4px">')
              .attr({ title: text, "aria-label": text })
              .appendTo(link);
        });
      };
      pages.on("input change", mark);
      mark();
      setTimeout(() => tabs.resize());
    };

    /** Shows what the help says about a setting at its label and field. */
    const showHints = (node) => {
      for (const name of Object.keys({ ...table, ...node._def.credentials })) {
        const key = `${set}.hint.${name}`;
        const hint = node._(key);
        if (hint !== key) fieldOf(name).add(`label[for="${prefix}${name}"]`).attr("title", hint);
      }
    };

    /** What the fields showed when the dialog opened: they do not keep every text as it was written, such as its line ends. */
    let shown = {};

    return {
      table,
      rules,
      /** What the fields of all settings show; "" where no node is chosen. */
      contents: () =>
        Object.fromEntries(
          Object.entries(table).map(([name, { kind }]) => {
            const content = contentOf(fieldOf(name)) ?? "";
            return [name, kind === "node" && content === "_ADD_" ? "" : content];
          }),
        ),
      validator: validatorOf,
      /** The `label` of nodes that are called by their names. */
      label() {
        return this.name || this._(`${set}.label.node`);
      },
      labelStyle() {
        return this.name ? "node_label_italic" : "";
      },
      /** `oneditprepare`, or the first that it calls: shows absent properties with their defaults, where the editor shows nothing. */
      open() {
        edited = this;
        for (const name in table) {
          if (this[name] !== undefined || table[name].kind === "node") continue;
          const field = fieldOf(name);
          if (isCheckbox(field)) field.prop("checked", table[name].default);
          else field.val(table[name].default);
        }
        makeFields(this);
        for (const name in table) {
          if (table[name].unused) {
            fieldOf(name).on("input change", () => showUnused(name));
            showUnused(name);
          }
        }
        makeTabs(this);
        showHints(this);
        form().on("change", showRows);
        showRows();
        form().on("input change", () => showProblems(this));
        showProblems(this);
        shown = Object.fromEntries(Object.keys(table).map((name) => [name, contentOf(fieldOf(name))]));
      },
      /** `oneditsave`, or the last that it calls: what nobody has edited stays as it was written, or absent. */
      save() {
        end();
        for (const name in table) {
          const field = fieldOf(name);
          // The editor takes the value of every field that it finds by its id.
          const isUntouched = contentOf(field) === shown[name];
          if (isUntouched || (this[name] === undefined && showsDefault(table[name], field)))
            field.removeAttr("id");
        }
        for (const name in this._def.credentials) {
          const known = this.credentials || {};
          if (!known[name] && !known[`has_${name}`] && !fieldOf(name).val()) fieldOf(name).removeAttr("id");
        }
      },
      /** What went wrong with a request to Node-RED, in words. @param failed as jQuery gives it to those who wait */
      failureOf({ status, responseJSON }) {
        const isForbidden = status === 401 || status === 403;
        return responseJSON?.error ?? RED._(`${catalogue}.request.${isForbidden ? "forbidden" : "failed"}`);
      },
      /** Has the dialog that is open call `ending` when it closes. */
      atEnd: (ending) => endings.push(ending),
      /** `oneditcancel` of dialogs that have something to end. */
      cancel: end,
      /** Their `oneditdelete`: the editor cancels no dialog whose node it deletes. It calls this for nodes without a dialog, too. */
      remove() {
        if (this === edited) end();
      },
    };
  },
};
