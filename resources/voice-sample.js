// The play button beside the voice of a live session: plays a short sample of the voice that the dialog shows.

/**
 * Adds the button to the dialog of a live session.
 * @param failureOf says what went wrong with a request
 * @returns `close`, which ends the sample that is made or played
 */
window.GeminiVoiceSample = (node, failureOf) => {
  const contentOf = (name) => {
    const value = $(`#node-input-${name}`).val();
    // The sample is made without what a variable holds.
    const isVariable = ($(`#node-input-${name}Type`).val() || "str") !== "str";
    return isVariable || value === "_ADD_" ? "" : (value ?? "");
  };
  const texts = { play: node._("live-session.sample.play"), stop: node._("live-session.sample.stop") };
  const icon = $('<i class="fa fa-play">');
  const button = $(
    '<button type="button" class="red-ui-button" id="node-live-session-sample" style="margin-left: 6px">',
  ).append(icon);
  const said = $('<span role="status" id="node-live-session-sample-said">').css({
    display: "block",
    marginLeft: 250,
    color: "var(--red-ui-secondary-text-color)",
  });
  const row = $('[data-row="voice"]').append(button, said);
  // Beside the field, or the editor's own that replaces it.
  const typed = row.find(".red-ui-typedInput-container");
  (typed.length ? typed : $("#node-input-voice")).css("width", "calc(100% - 290px)");

  /** The request and the sound that run. */
  let request;
  let audio;
  const show = (isRunning, text = "") => {
    icon.toggleClass("fa-play", !isRunning).toggleClass("fa-stop", isRunning);
    const label = isRunning ? texts.stop : texts.play;
    button.attr({ "aria-label": label, title: label });
    said.text(text).toggle(Boolean(text));
  };
  const close = () => {
    request?.abort();
    audio?.pause();
    request = audio = undefined;
    show(false);
  };
  const play = ({ wav, error }) => {
    request = undefined;
    if (error) return show(false, error);
    show(true);
    audio = new Audio(`data:audio/wav;base64,${wav}`);
    audio.addEventListener("ended", close);
    audio.play().catch((problem) => {
      // Somebody stopped it.
      if (problem.name === "AbortError") return;
      close();
      show(false, problem.message);
    });
  };
  const showFailure = (failed) => {
    if (failed.statusText === "abort") return;
    request = undefined;
    show(false, failureOf(failed));
  };
  const start = () => {
    const type = $("#node-input-voiceType").val() || "str";
    if (type !== "str") return show(false, node._("live-session.sample.variable"));
    show(true, node._("live-session.sample.running"));
    const fields = ["connection", "model", "voice", "language"].map((name) => [name, contentOf(name)]);
    request = $.ajax({
      url: "gemini-live-session/voice-sample",
      method: "POST",
      contentType: "application/json",
      data: JSON.stringify({ id: node.id, ...Object.fromEntries(fields) }),
    });
    request.then(play, showFailure);
  };
  button.on("click", () => (request || audio ? close() : start()));
  show(false);
  return { close };
};
