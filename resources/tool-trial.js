// "Try it" in the dialog of a tool call: sends a call with example arguments into the deployed branch, and shows what came back.

/**
 * Adds its row to the dialog of a tool call node.
 * @param failureOf says what went wrong with a request
 * @returns `close`, which stops the call that runs
 */
window.GeminiToolTrial = (node, failureOf) => {
  const { exampleOf } = window.GeminiToolParameters;
  const _ = (key, values) => node._(key, values);
  const parameters = $("#node-input-parameters");
  const id = "node-tool-call-trial-args";
  const row = $('<div class="form-row">').appendTo("#node-tool-call-trial");
  $('<label style="width: 100%">')
    .attr("for", id)
    .append('<i class="fa fa-fw fa-flask"></i> ', $("<span>").text(_("tool-call.trial.label")))
    .appendTo(row);
  const args = $('<textarea rows="4" spellcheck="false">')
    .attr({ id, title: _("tool-call.trial.args") })
    .css({ width: "100%", resize: "vertical", fontFamily: "monospace" })
    .appendTo(row);
  const button = (icon, text) =>
    $('<button type="button" class="red-ui-button" style="margin-right: 6px">')
      .append($('<i class="fa">').addClass(icon), " ", document.createTextNode(text))
      .appendTo(row);
  const run = button("fa-play", _("tool-call.trial.run"));
  const stop = button("fa-stop", _("tool-call.trial.stop")).hide();
  const result = $('<div role="status" style="margin-top: 6px">').appendTo(row);
  const said = $("<span>").appendTo(result);
  const response = $("<pre style='max-height: 200px; overflow: auto'>").appendTo(result);

  /** The example that the field shows, until somebody edits it. */
  let example;
  const showExample = () => {
    if (args.val() !== (example ?? "")) return;
    try {
      example = JSON.stringify(exampleOf(JSON.parse(parameters.val())), null, 2);
      args.val(example);
    } catch {
      // The parameters are being edited.
    }
  };

  const show = (text, value) => {
    said.text(text);
    response.toggle(value !== undefined);
    if (value !== undefined)
      response.text(typeof value === "string" ? value : JSON.stringify(value, null, 2));
  };
  const sentences = {
    answered: ({ ms }) => _("tool-call.trial.answered", { ms }),
    failed: ({ ms }) => _("tool-call.trial.failed", { ms }),
    silent: ({ ms }) => _("tool-call.trial.silent", { ms }),
    stopped: ({ ms }) => _("tool-call.trial.stopped", { ms }),
    undeployed: () => _("tool-call.trial.undeployed"),
    changed: () => _("tool-call.trial.changed"),
    busy: () => _("tool-call.trial.busy"),
    invalid: ({ problem }) => problem,
  };
  const showResult = (given) => {
    const old = RED.nodes.dirty() && given.ms !== undefined ? [_("tool-call.trial.oldFlow")] : [];
    show([...old, sentences[given.outcome](given)].join(" "), given.response);
  };
  const showFailure = (failed, begun) => {
    if (failed.responseJSON?.outcome) showResult(failed.responseJSON);
    else if (failed.statusText === "abort")
      showResult({ outcome: "stopped", ms: Math.round(performance.now() - begun) });
    else show(failureOf(failed));
  };

  let request;
  const send = () => {
    let given;
    try {
      given = JSON.parse(args.val());
    } catch (error) {
      return show(_("tool-call.trial.json", { error: error.message }));
    }
    const functionName = $("#node-input-functionName").val();
    const begun = performance.now();
    show(_("tool-call.trial.running"));
    run.prop("disabled", true);
    stop.show();
    request = $.ajax({
      url: `gemini-tool-call/${node.id}/try`,
      method: "POST",
      contentType: "application/json",
      data: JSON.stringify({ args: given, functionName, parameters: parameters.val() }),
    });
    request
      .then(showResult, (failed) => showFailure(failed, begun))
      .always(() => {
        run.prop("disabled", false);
        stop.hide();
      });
  };

  const close = () => request?.abort();
  run.on("click", send);
  stop.on("click", close);
  parameters.on("change", showExample);
  showExample();
  response.hide();
  return { close };
};
