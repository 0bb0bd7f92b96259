// Holds the one device of a kind that is open. Opening takes time, and the user may stop or choose another device meanwhile.

export class DeviceSlot<T extends { close(): void }> {
  #device: T | undefined;
  /** Changes with each opening and closing. */
  #latest = {};

  /**
   * Closes the device that is open, and opens another.
   * @returns undefined when the slot was closed or opened again meanwhile; the device is closed then, and its errors are dropped
   */
  async open(open: () => Promise<T>): Promise<T | undefined> {
    this.close();
    const current = this.#latest;
    try {
      const device = await open();
      if (current === this.#latest) this.#device = device;
      else device.close();
    } catch (error) {
      if (current === this.#latest) throw error;
    }
    return current === this.#latest ? this.#device : undefined;
  }

  /** Closes the device, also one that is still being opened. */
  close(): void {
    this.#latest = {};
    this.#device?.close();
    this.#device = undefined;
  }
}
