// Why a program has ended, in words: what it printed and its exit code become a cause and what to do.

import fs from "node:fs";
import { join } from "node:path";
import { type Command, DeviceError, type Kind } from "./programs";

/** How a program has ended. */
export interface Ending {
  /** The end of what it printed to standard error, in the C locale. */
  printed: string;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The program could not be started. */
  error?: NodeJS.ErrnoException;
}

const TEXTS = {
  permission: /permission denied|operation not permitted|not authorized|access is denied/i,
  busy: /resource busy|already in use|device busy/i,
  format:
    /(sample format|channels count|rate|access type) (is )?(non|not) (available|supported)|unable to install hw params|cannot set (channel|sample)/i,
  service: /host is down|connection refused|can't connect|pw_context_connect/i,
  missing:
    /no such (file|device)|cannot find card|unknown pcm|invalid card|no default audio|can't open (input|output)|no target node|could not find|cannot get card|i\/o error|input\/output error/i,
};

/** Returns the error of a program that has ended by itself. `device`: its name, empty for the default device. */
export function explainEnding(kind: Kind, command: Command, device: string, ending: Ending): DeviceError {
  const { printed, code, signal, error } = ending;
  const name = command.file.replace(/^.*[\\/]/, "");
  if (error) return new DeviceError("GEMINI_PROGRAM", `${name} cannot be started: ${error.message}.`);
  const which = device ? `The ${kind} "${device}"` : `The default ${kind}`;
  const says = (kinds: keyof typeof TEXTS) => TEXTS[kinds].test(printed);
  if (says("permission") || (says("missing") && isSoundForbidden()))
    return new DeviceError(
      "GEMINI_PERMISSION",
      `No permission to use the ${kind}. Add the user that runs Node-RED to the group audio ` +
        "(sudo usermod -aG audio USER) and restart Node-RED. In Docker, start the container with --device /dev/snd " +
        "and --group-add audio.",
    );
  if (says("busy"))
    return new DeviceError(
      "GEMINI_DEVICE_BUSY",
      `${which} is used by another program. End that program, or choose a device that several programs can share.`,
    );
  if (says("format"))
    return new DeviceError(
      "GEMINI_DEVICE",
      `${which} does not support this sample rate. Choose a device that converts, such as one that begins with plughw.`,
    );
  if (says("service"))
    return new DeviceError(
      "GEMINI_PROGRAM",
      `PipeWire does not run for the user that runs Node-RED. Start it, or install another program: ` +
        "sudo apt install alsa-utils.",
    );
  if (says("missing"))
    return new DeviceError(
      "GEMINI_DEVICE",
      `${which} was not found. Connect it, or choose another device. In Docker, start the container with --device /dev/snd.`,
    );
  const last = printed.trim().split("\n").at(-1);
  const how = signal ? `the signal ${signal}` : `exit code ${code}`;
  return new DeviceError("GEMINI_DEVICE", `${name} has ended with ${how}${last ? `: ${last}` : ""}.`);
}

/** Returns the error of a program that runs, but delivers no sound or takes none, as those of PipeWire do without a device. */
export function explainStall(kind: Kind, command: Command): DeviceError {
  const name = command.file.replace(/^.*[\\/]/, "");
  const what = kind === "microphone" ? "delivers no sound" : "takes no sound";
  return new DeviceError(
    "GEMINI_DEVICE",
    `${name} ${what}. Connect the ${kind}, or choose another device or program.`,
  );
}

/** The kernel's sound devices exist, but this process may open none of them. ALSA then says that there is no card. */
function isSoundForbidden(): boolean {
  try {
    const controls = fs.readdirSync("/dev/snd").filter((name) => name.startsWith("control"));
    return controls.length > 0 && !controls.some((name) => isOpen(join("/dev/snd", name)));
  } catch {
    return false;
  }
}

function isOpen(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.R_OK | fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
