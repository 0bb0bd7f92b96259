// The devices of the page: what is open when the user is faster than the device.

import assert from "node:assert/strict";
import { DeviceSlot } from "../../browser/device-slot";

class Device {
  isOpen = true;
  close() {
    this.isOpen = false;
  }
}

describe("a device of the page", () => {
  it("is open until it is closed", async () => {
    const slot = new DeviceSlot<Device>();
    const device = new Device();
    assert.equal(await slot.open(async () => device), device);
    assert.equal(device.isOpen, true);
    slot.close();
    assert.equal(device.isOpen, false);
  });

  it("is closed when another is opened", async () => {
    const slot = new DeviceSlot<Device>();
    const [first, second] = [new Device(), new Device()];
    await slot.open(async () => first);
    await slot.open(async () => second);
    assert.deepEqual([first.isOpen, second.isOpen], [false, true]);
  });

  it("is closed when the user has stopped while it was opened, also when the user has started again", async () => {
    const slot = new DeviceSlot<Device>();
    const devices = [new Device(), new Device()] as const;
    const finish: (() => void)[] = [];
    const open = (device: Device) =>
      slot.open(() => new Promise((resolve) => finish.push(() => resolve(device))));
    const opened = [open(devices[0])];
    slot.close();
    opened.push(open(devices[1]));
    for (const resolve of finish.reverse()) resolve();
    assert.deepEqual(await Promise.all(opened), [undefined, devices[1]]);
    assert.deepEqual(
      devices.map(({ isOpen }) => isOpen),
      [false, true],
    );
    slot.close();
    assert.equal(devices[1].isOpen, false);
  });

  it("reports an error only while it is wanted", async () => {
    const slot = new DeviceSlot<Device>();
    const fail = async () => {
      throw new Error("denied");
    };
    await assert.rejects(slot.open(fail), /denied/);
    const opened = slot.open(fail);
    slot.close();
    assert.equal(await opened, undefined);
  });
});
