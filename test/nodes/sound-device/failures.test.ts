// What a program prints when it fails becomes a cause and what to do.

import assert from "node:assert/strict";
import fs from "node:fs";
import { explainEnding } from "../../../nodes/sound-device/failures";
import { replace } from "../../clean-up";

const COMMAND = { program: "alsa", file: "/usr/bin/arecord", args: [] } as const;
const ending = (printed: string, device = "", rest: object = {}) =>
  explainEnding("microphone", { ...COMMAND, args: [] }, device, { printed, code: 1, signal: null, ...rest });
const explain = (...given: Parameters<typeof ending>) => ending(...given).message;
/** As arecord of Debian 12 prints it. */
const NO_CARD =
  "ALSA lib confmisc.c:855:(parse_card) cannot find card '0'\nALSA lib pcm.c:2666:(snd_pcm_open_noupdate) Unknown PCM default\n" +
  "arecord: main:831: audio open error: No such file or directory\n";

describe("the failure of a program for sound", () => {
  for (const [printed, error] of [
    [NO_CARD, /^The default microphone was not found\. Connect it, .* --device \/dev\/snd\.$/],
    [
      "ALSA lib confmisc.c:165:(snd_config_get_card) Cannot get card index for Nope\naplay: main:831: audio open error: No such device",
      /was not found/,
    ],
    ["arecord: pcm_read:2221: read error: Input/output error", /was not found/],
    [
      "sox FAIL formats: can't open input `usb': snd_pcm_open error: No such file or directory",
      /was not found/,
    ],
    ["[alsa @ 0x5] cannot open audio device usb (No such file or directory)", /was not found/],
    [
      "arecord: main:831: audio open error: Permission denied",
      /^No permission to use the microphone\. .*usermod -aG audio .* --group-add audio\.$/,
    ],
    [
      "arecord: main:831: audio open error: Device or resource busy",
      /^The default microphone is used by another program\./,
    ],
    ["arecord: set_params:1352: Channels count non available", /does not support this sample rate.*plughw/],
    [
      "error: pw_context_connect() failed: Host is down",
      /^PipeWire does not run for the user that runs Node-RED\./,
    ],
    ["first\nlast words\n", /^arecord has ended with exit code 1: last words\.$/],
    ["", /^arecord has ended with exit code 1\.$/],
  ] as const)
    it(`is explained: ${JSON.stringify(printed.trim().split("\n").at(-1))}`, () =>
      assert.match(explain(printed), error));

  it("has a code for each thing that a user can do", () => {
    assert.equal(ending(NO_CARD).code, "GEMINI_DEVICE");
    assert.equal(ending("Permission denied").code, "GEMINI_PERMISSION");
    assert.equal(ending("Device or resource busy").code, "GEMINI_DEVICE_BUSY");
    assert.equal(ending("Host is down").code, "GEMINI_PROGRAM");
    assert.equal(ending("", "", { error: new Error("spawn arecord EACCES") }).code, "GEMINI_PROGRAM");
  });

  it("names the device that was chosen", () =>
    assert.match(explain(NO_CARD, "plughw:CARD=USB"), /^The microphone "plughw:CARD=USB" was not found\./));

  it("is a missing permission when there are devices that this process may not open: ALSA then finds no card", () => {
    const { readdirSync, accessSync } = fs;
    replace(fs, "readdirSync", ((path: string) =>
      path === "/dev/snd" ? ["by-id", "controlC0", "pcmC0D0c"] : readdirSync(path)) as typeof readdirSync);
    replace(fs, "accessSync", ((path: string, mode?: number) => {
      if (path.startsWith("/dev/snd/")) throw new Error("EACCES");
      accessSync(path, mode);
    }) as typeof accessSync);
    assert.match(explain(NO_CARD), /^No permission to use the microphone\./);
  });

  it("names the signal, or why the program could not be started", () => {
    assert.equal(
      explain("", "", { code: null, signal: "SIGSEGV" }),
      "arecord has ended with the signal SIGSEGV.",
    );
    const error = new Error("spawn arecord EACCES");
    assert.equal(explain("", "", { error }), "arecord cannot be started: spawn arecord EACCES.");
  });
});
