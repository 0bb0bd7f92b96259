// A button that acts while it is held: with the pointer, with the space bar, or by the click of a screen reader, which cannot hold.

/** Elements that use the space bar themselves. */
const USES_SPACE = "input, select, textarea, button, summary, a";

/** @param onHold is called with true when the button, or the space bar anywhere else on the page, is pressed; with false when released */
export function holdButton(button: HTMLButtonElement, onHold: (held: boolean) => void): void {
  let held = false;
  const set = (now: boolean) => {
    if (held === now) return;
    held = now;
    onHold(held);
  };
  const isHoldKey = ({ key, target }: KeyboardEvent) =>
    target === button
      ? key === " " || key === "Enter"
      : key === " " && !(target as Element).closest?.(USES_SPACE);

  button.onpointerdown = (event) => {
    if (event.button) return;
    button.setPointerCapture(event.pointerId);
    set(true);
  };
  button.onpointerup = button.onpointercancel = () => set(false);
  button.oncontextmenu = (event) => event.preventDefault(); // A long touch opens it.
  addEventListener("keydown", (event) => {
    if (!isHoldKey(event)) return;
    event.preventDefault();
    if (!event.repeat) set(true);
  });
  window.onkeyup = (event) => {
    if (!isHoldKey(event)) return;
    event.preventDefault();
    set(false);
  };
  window.onblur = () => set(false);
  // Clicks of pointers and keys follow the events above and have a detail, or were prevented.
  button.onclick = ({ detail }) => detail === 0 && set(!held);
}
