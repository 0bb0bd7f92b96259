// The lists of devices that programs print, and who may read them.

import assert from "node:assert/strict";
import type { NodeAPI } from "node-red";
import {
  listDevices,
  readAlsaDevices,
  readDirectShowDevices,
  readMacDevices,
  readPipeWireDevices,
  serveDevices,
} from "../../../nodes/sound-device/devices";
import { onlyPrograms } from "../../sound-programs";

const names = (devices: { name: string }[]) => devices.map(({ name }) => name);

describe("the devices of the machine", () => {
  it("of ALSA are those that convert sample rates, without the null device, with their descriptions", () => {
    const printed = [
      "null\n    Discard all samples (playback) or generate zero samples (capture)",
      "hw:CARD=Jabra,DEV=0\n    Jabra SPEAK 410, USB Audio\n    Direct hardware device without any conversions",
      "plughw:CARD=Jabra,DEV=0\n    Jabra SPEAK 410, USB Audio\n    Hardware device with all software conversions",
      "sysdefault:CARD=Jabra\n    Jabra SPEAK 410, USB Audio\n    Default Audio Device",
      "surround51:CARD=Jabra,DEV=0\n    Jabra",
    ].join("\n");
    const devices = readAlsaDevices(`${printed}\n`);
    assert.deepEqual(names(devices), ["plughw:CARD=Jabra,DEV=0", "sysdefault:CARD=Jabra"]);
    assert.equal(
      devices[0]!.description,
      "Jabra SPEAK 410, USB Audio, Hardware device with all software conversions",
    );
    assert.deepEqual(readAlsaDevices(""), []);
  });

  it("of PipeWire are its sources for a microphone, and its sinks for a loudspeaker", () => {
    const nodeOf = (kind: string) => ({
      type: "PipeWire:Interface:Node",
      info: { props: { "media.class": kind, "node.name": kind, "node.description": `a ${kind}` } },
    });
    const printed = JSON.stringify([
      { id: 0, info: { name: "pipewire-0" } },
      null,
      ...["Audio/Sink", "Audio/Source", "Audio/Source/Virtual", "Stream/Output/Audio", "Video/Source"].map(
        nodeOf,
      ),
    ]);
    assert.deepEqual(names(readPipeWireDevices(printed, "microphone")), [
      "Audio/Source",
      "Audio/Source/Virtual",
    ]);
    assert.deepEqual(readPipeWireDevices(printed, "loudspeaker"), [
      { name: "Audio/Sink", description: "a Audio/Sink" },
    ]);
  });

  it("of macOS are those with channels in that direction", () => {
    const printed = JSON.stringify({
      SPAudioDataType: [
        {
          _items: [
            { _name: "MacBook Pro Microphone", coreaudio_device_input: 1 },
            { _name: "MacBook Pro Speakers", coreaudio_device_output: 2 },
            { _name: "Jabra", coreaudio_device_input: 1, coreaudio_device_output: 2 },
          ],
        },
      ],
    });
    assert.deepEqual(names(readMacDevices(printed, "microphone")), ["MacBook Pro Microphone", "Jabra"]);
    assert.deepEqual(names(readMacDevices(printed, "loudspeaker")), ["MacBook Pro Speakers", "Jabra"]);
  });

  it("of Windows are those that ffmpeg lists as audio", () => {
    const printed =
      '[dshow @ 0] "Integrated Camera" (video)\n[dshow @ 0]   Alternative name "@device_pnp"\n[dshow @ 0] "Microphone (USB)" (audio)\n';
    assert.deepEqual(names(readDirectShowDevices(printed)), ["Microphone (USB)"]);
  });

  it("are none when the program that lists them is missing or fails", async () => {
    onlyPrograms({ sox: "exit", aplay: "echo broken >&2; exit 1" });
    assert.deepEqual(await listDevices("microphone", "sox"), []);
    assert.deepEqual(names(await listDevices("loudspeaker", "alsa")), []);
  });

  it("are served to users with the permission for the node, and a missing program is said in words", async () => {
    onlyPrograms({});
    type Handler = (request: object, response: { json(body: object): void }) => void;
    let served: [path: string, permission: string, handler: Handler] | undefined;
    const RED = {
      auth: { needsPermission: (permission: string) => permission },
      httpAdmin: {
        get: (...parameters: [string, string, Handler]) => {
          served = parameters;
        },
      },
    };
    serveDevices(RED as unknown as NodeAPI, "microphone");
    const [path, permission, handler] = served!;
    assert.deepEqual([path, permission], ["/gemini-microphone/devices", "gemini-microphone.read"]);
    const answer = await new Promise((json) => handler({ query: { program: "sox" } }, { json }));
    assert.deepEqual((answer as { devices: object[] }).devices, []);
    assert.match((answer as { problem: string }).problem, /^The program sox is not installed\. Install it: /);
  });
});
