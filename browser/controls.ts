// Shows the state of the page: its buttons, notices and the level meter.

import { button, element } from "./elements";
import { describeActivity, describePartner, describeState, isActive, type PageState } from "./page-state";
import { choosesLoudspeaker } from "./playback";
import type { PageOptions } from "./protocol";
import type { Key, Translate } from "./texts";

/** Puts the texts into page.html, and hides what the page does not offer. */
export function prepareControls(
  { title, voice, text, camera, screen }: PageOptions,
  translate: Translate,
): void {
  for (const it of document.querySelectorAll<HTMLElement>("[data-text]"))
    it.textContent = translate(it.dataset.text as Key);
  for (const it of document.querySelectorAll<HTMLElement>("[data-label]")) {
    const label = translate(it.dataset.label as Key);
    it.setAttribute("aria-label", label);
    if (it instanceof HTMLButtonElement) it.title = label;
    if (it instanceof HTMLInputElement) it.placeholder = label;
  }
  element("title").textContent = title;
  element("hint").textContent = translate(voice === "open" ? "hintOpen" : "hintHold");
  element("write").hidden = !text;
  element("camera").hidden = !camera;
  // Phones cannot share their screen.
  element("screen").hidden = !screen || (isSecureContext && !navigator.mediaDevices?.getDisplayMedia);
  element("loudspeaker").closest("label")!.hidden = !choosesLoudspeaker();
}

/** Shows the state. */
export function showState(state: PageState, translate: Translate): void {
  const { link, microphone, pushToTalk, held } = state;
  document.body.dataset.state = (link === "open" && state.conversation) || "disconnected";
  document.body.dataset.link = link;
  document.body.dataset.microphone = microphone;
  setText("state", describeState(state, translate));
  setText("activity", describeActivity(state, translate));
  setText("server", describePartner(state, translate));
  setText("problem", state.problem);
  element("problem-box").hidden = !state.problem;

  const off = pushToTalk ? "hold" : "talk";
  const on = pushToTalk ? "release" : "end";
  const active = pushToTalk ? held : microphone !== "off";
  setText("talk-label", translate(active ? on : off));
  element("talk").classList.toggle("active", active);
  if (pushToTalk) press("talk", held);
  element("mute").hidden = pushToTalk || microphone !== "on";
  press("mute", state.muted);
  button("interrupt").hidden = !state.speaking;
  element("end").hidden = !isActive(state) || (!pushToTalk && microphone !== "off");
  for (const source of ["camera", "screen"]) press(source, state.camera === source);
  element("preview").hidden = !state.camera;
  element("level").hidden = microphone !== "on";
  button("send").disabled = link !== "open";
}

/** Shows a notice about the connection to Node-RED; empty: none. */
export const showNotice = (text: string) => setText("notice", text);

const press = (id: string, pressed: boolean) => element(id).setAttribute("aria-pressed", String(pressed));

/** Screen readers read what is set, even if it is the same. */
function setText(id: string, text: string) {
  const it = element(id);
  if (it.textContent !== text) it.textContent = text;
}

let level = 0;

/** Shows how loud a frame of PCM16 is. */
export function showLevel(pcm: ArrayBuffer): void {
  const samples = new Int16Array(pcm);
  let power = 0;
  for (const sample of samples) power += (sample / 32768) ** 2;
  const loudness = Math.min(1, 4 * Math.sqrt(power / (samples.length || 1)));
  level = Math.max(loudness, level * 0.85);
  document.body.style.setProperty("--level", level.toFixed(2));
  element("level").setAttribute("aria-valuenow", String(Math.round(level * 100)));
}
