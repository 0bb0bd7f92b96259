// The choice of a microphone and a loudspeaker. The browser's storage keeps it.

import { element } from "./elements";
import { load, save } from "./storage";

/** Fills the list of a kind of device, now and whenever it changes. */
export class DeviceChoice {
  readonly #select: HTMLSelectElement;
  readonly #kind: MediaDeviceKind;
  readonly #systemDefault: string;
  readonly #onUse: (deviceId: string) => void;

  /**
   * @param systemDefault the text of the choice that leaves it to the system
   * @param onUse is called with the device to use when the user chooses, and whenever devices come or go: empty for the system's,
   * also while the chosen one is not there
   */
  constructor(
    id: string,
    kind: MediaDeviceKind,
    systemDefault: string,
    onUse: (deviceId: string) => void = () => {},
  ) {
    this.#select = element<HTMLSelectElement>(id);
    this.#kind = kind;
    this.#systemDefault = systemDefault;
    this.#onUse = onUse;
    this.#fill([], load("localStorage", kind));
    this.#select.addEventListener("change", () => {
      save("localStorage", kind, this.deviceId);
      void this.refresh();
    });
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.refresh());
    void this.refresh();
  }

  /** The device that is chosen; empty: the system's. */
  get deviceId(): string {
    return this.#select.value;
  }

  /** Lists the devices. Browsers name them only when the page may use the microphone. */
  async refresh(): Promise<void> {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const named = devices.filter(
      ({ kind, deviceId, label }) => kind === this.#kind && label && deviceId !== "default",
    );
    this.#fill(named, this.deviceId);
    this.#onUse(named.some(({ deviceId }) => deviceId === this.deviceId) ? this.deviceId : "");
  }

  #fill(devices: MediaDeviceInfo[], chosen: string) {
    const options = devices.map(({ label, deviceId }) => new Option(label, deviceId));
    // A device that is not there now stays chosen, for when it is plugged in again.
    if (chosen && !devices.some(({ deviceId }) => deviceId === chosen)) options.push(new Option("…", chosen));
    this.#select.replaceChildren(new Option(this.#systemDefault, ""), ...options);
    this.#select.value = chosen;
  }
}
