// The page of a browser in node: brings microphone, playback, camera and controls together with the socket.

import { type Camera, openCamera, type Source } from "./camera";
import { Captions, searchOf } from "./captions";
import { CaptionsView } from "./captions-view";
import { prepareControls, showLevel, showNotice, showState } from "./controls";
import { DeviceChoice } from "./device-choice";
import { type Device, explain } from "./device-problem";
import { DeviceSlot } from "./device-slot";
import { button, element } from "./elements";
import { holdButton } from "./hold-button";
import { type Microphone, openMicrophone, PREFERRED_RATE } from "./microphone";
import { initialState, isActive, isSending, type PageState } from "./page-state";
import { Playback } from "./playback";
import type { NodeMessage, PageAction, PageOptions } from "./protocol";
import { type Link, PageSocket } from "./socket";
import { chooseLanguage, translatorOf } from "./texts";
import { keepAwake } from "./wake-lock";

/** Milliseconds after which a browser that still plays nothing blocks sound. */
const BLOCKED_MS = 500;
/** Milliseconds for which the page shows that it has reconnected. */
const BACK_MS = 5000;
const DEVICES = { microphone: "theMicrophone", camera: "theCamera", screen: "theScreen" } as const;

const { ticket = "", options: json = "{}" } = document.documentElement.dataset;
const options = JSON.parse(json) as PageOptions;
document.documentElement.lang = chooseLanguage(navigator.languages);
const translate = translatorOf(document.documentElement.lang);
const worklets = new URL("worklets.js", import.meta.url).href;

const insecure = isSecureContext ? "" : translate("insecure", { device: translate("theMicrophone") });

let state: PageState = { ...initialState, pushToTalk: options.voice === "pushToTalk", problem: insecure };
const microphone = new DeviceSlot<Microphone>();
const camera = new DeviceSlot<Camera>();
/** Of the sound that comes from the node: its rate in Hz, and its turn. */
let format: { rate: number; turn?: number } = { rate: 24_000 };
/** Of the microphone, in Hz. */
let rate = PREFERRED_RATE;

function update(changes: Partial<PageState>) {
  const before = state;
  state = { ...state, ...changes };
  showState(state, translate);
  if (isActive(before) !== isActive(state)) keepAwake(isActive(state));
}

prepareControls(options, translate);
const captions = new Captions();
const view = new CaptionsView(translate);
const playback = new Playback({
  worklets,
  onPlayed: (turn) => socket.send({ type: "played", turn }),
  onPlaying: (speaking) => update({ speaking }),
  // Browsers have no worklets on pages that are not secure.
  onError: ({ message }) => update({ problem: insecure || translate("soundFailed", { detail: message }) }),
});
const microphones = new DeviceChoice("microphone", "audioinput", translate("device"));
const loudspeakers = new DeviceChoice("loudspeaker", "audiooutput", translate("device"), (id) =>
  playback.setLoudspeaker(id),
);
function listDevices() {
  void microphones.refresh();
  void loudspeakers.refresh();
}
const startMessage = () => ({ type: "start", rate, language: navigator.language }) as const;
const socket = new PageSocket({
  base: import.meta.url,
  ticket,
  start: startMessage,
  onMessage: receive,
  onSound: play,
  onLink: changeLink,
});
const sendAction = (action: PageAction) => socket.send({ type: "action", action });

// The microphone

function startTalking() {
  playback.unlock();
  update({ microphone: "opening", problem: "" });
  void openChosenMicrophone();
}

/** Opens the microphone that is chosen. The conversation starts with it, unless it has already started. */
async function openChosenMicrophone() {
  const open = () =>
    openMicrophone({
      worklets,
      deviceId: microphones.deviceId,
      onFrame: sendFrame,
      onEnd: () => stopTalking(translate("none", { device: translate("theMicrophone") })),
    });
  try {
    if (!(await microphone.open(open))) return;
  } catch (error) {
    return stopTalking(explainProblem("microphone", error));
  }
  listDevices();
  if (state.microphone === "on") return;
  update({ microphone: "on", muted: false });
  sendAction("connect");
  if (state.held) sendAction("activityStart");
}

function stopTalking(problem = "") {
  const wasOn = state.microphone === "on";
  microphone.close();
  update({ microphone: "off", held: false, muted: false, problem });
  if (wasOn) end();
}

/** Ends the conversation. */
function end() {
  sendAction("disconnect");
  playback.flush();
  closeCamera();
  update({ tools: [], thinking: false, hearing: false });
}

function sendFrame(pcm: ArrayBuffer, frameRate: number) {
  if (rate !== frameRate) {
    rate = frameRate;
    socket.send(startMessage());
  }
  showLevel(isSending(state) ? pcm : new ArrayBuffer(0));
  if (isSending(state)) socket.sendSound(pcm);
}

function mute() {
  update({ muted: !state.muted });
  if (state.muted) sendAction("audioStreamEnd");
}

function hold(held: boolean) {
  update({ held });
  if (held && state.microphone === "off") startTalking();
  else if (state.microphone === "on") sendAction(held ? "activityStart" : "activityEnd");
}

// What comes from the node

function receive(message: NodeMessage) {
  switch (message.type) {
    case "sound":
      format = message;
      setTimeout(() => playback.blocked && update({ problem: translate("soundBlocked") }), BLOCKED_MS);
      break;
    case "flush":
      playback.flush();
      update({ tools: [] });
      break;
    case "turnComplete":
      if (message.turn !== undefined && !message.interrupted) playback.end(message.turn);
      update({ tools: [], hearing: false });
      break;
    case "text": {
      const line = captions.add(message);
      view.show(line);
      if (line.final) view.announce(line);
      if (message.role === "model" && !message.thought) update({ tools: [] });
      break;
    }
    case "state": {
      const { state: conversation, server = state.server, model = state.model } = message;
      if (conversation === "closed" || conversation === "disconnected") resetConversation();
      update({ conversation, server, model });
      break;
    }
    case "event":
      receiveEvent(message.event, message.payload);
      break;
    case "tool": {
      const tools = state.tools.filter(({ id }) => id !== message.id);
      update({ tools: message.cancelled ? tools : [...tools, message] });
      break;
    }
    case "error":
      update({ problem: message.message });
  }
}

function receiveEvent(event: string, payload: Record<string, unknown>) {
  if (event === "speech") update({ hearing: payload.speaking === true });
  else if (event === "thinking") update({ thinking: payload.thinking === true });
  else if (event === "grounding") {
    const found = searchOf(payload);
    if (found.sources.length || found.suggestions) view.showSources(captions.cite(found));
  }
}

function play(pcm: ArrayBuffer) {
  if (state.tools.length) update({ tools: [] });
  playback.play(pcm, format.rate, format.turn);
}

function resetConversation() {
  for (const line of captions.complete()) view.show(line);
  update({ tools: [], thinking: false, hearing: false });
}

function changeLink(link: Link) {
  const again = link === "open" && state.link !== "opening";
  showNotice(
    link === "open" ? (again ? translate("back") : "") : translate(link === "refused" ? "lost" : link),
  );
  if (again) setTimeout(() => state.link === "open" && showNotice(""), BACK_MS);
  update({ link, held: false });
  if (link === "refused" || link === "login") {
    stopTalking(link === "refused" ? translate(link) : "");
    closeCamera();
  }
  if (link !== "open") {
    playback.flush();
    resetConversation();
    update({ conversation: undefined });
  } else if (state.microphone === "on" || state.camera) sendAction("connect");
}

// The camera and the screen

async function toggleCamera(source: Source) {
  const wanted = state.camera === source ? undefined : source;
  closeCamera();
  if (!wanted) return;
  update({ camera: wanted, problem: "" });
  const open = () =>
    openCamera({
      source,
      preview: element<HTMLVideoElement>("preview"),
      onPicture: (data) => socket.send({ type: "picture", data }),
      onEnd: closeCamera,
    });
  try {
    if (await camera.open(open)) sendAction("connect");
  } catch (error) {
    // The user has closed the dialog in which the browser lists the screens.
    const chosenNone = source === "screen" && (error as { reason?: string }).reason === "denied";
    update({ camera: undefined, problem: chosenNone ? "" : explainProblem(source, error) });
  }
}

function closeCamera() {
  camera.close();
  update({ camera: undefined });
}

function explainProblem(device: Device, error: unknown): string {
  const { reason, message } = explain(device, error);
  return translate(reason, { device: translate(DEVICES[device]), detail: message });
}

// What the user does

if (state.pushToTalk) holdButton(button("talk"), hold);
else button("talk").onclick = () => (state.microphone === "off" ? startTalking() : stopTalking());
element("microphone").onchange = () => {
  if (state.microphone !== "off") void openChosenMicrophone();
};
// Some browsers do not say it when devices come and go.
button("open-settings").onclick = listDevices;
button("mute").onclick = mute;
button("end").onclick = () => (state.microphone === "off" ? end() : stopTalking());
button("interrupt").onclick = interrupt;
button("camera").onclick = () => void toggleCamera("camera");
button("screen").onclick = () => void toggleCamera("screen");
button("dismiss").onclick = () => update({ problem: "" });
element<HTMLInputElement>("volume").oninput = ({ target }) =>
  playback.setVolume(Number((target as HTMLInputElement).value));
element<HTMLFormElement>("write").onsubmit = (event) => {
  event.preventDefault();
  const field = element<HTMLInputElement>("text");
  const text = field.value.trim();
  if (!text || !socket.sendText(text)) return;
  playback.unlock();
  view.show(captions.write(text));
  field.value = "";
};
for (const event of ["pointerdown", "keydown"])
  addEventListener(event, () => {
    if (!playback.blocked) return;
    playback.unlock();
    if (state.problem === translate("soundBlocked")) update({ problem: "" });
  });
addEventListener("keydown", ({ key }) => key === "Escape" && state.speaking && interrupt());

function interrupt() {
  sendAction("interrupt");
  playback.flush();
}

showNotice(translate("opening"));
showState(state, translate);
