// The sound devices of this machine, for the suggestions of a dialog.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { NodeAPI } from "node-red";
import {
  findExecutable,
  findProgram,
  type Kind,
  type Program,
  type ProgramChoice,
  programChoices,
} from "./programs";

export interface Device {
  /** What the setting "Device" takes. */
  name: string;
  description: string;
}

/**
 * Serves the devices of the machine to the dialog: `gemini-<kind>/devices?program=…` answers with `{devices}`, and with a
 * `problem` in words if there is no program. Requires the permission to read flows, as the dialog does.
 */
export function serveDevices(RED: NodeAPI, kind: Kind): void {
  RED.httpAdmin.get(
    `/gemini-${kind}/devices`,
    RED.auth.needsPermission(`gemini-${kind}.read`),
    (request, response) => {
      const choice = programChoices.find((name) => name === request.query.program) ?? "auto";
      listDevices(kind, choice).then(
        (devices) => response.json({ devices }),
        (error: Error) => response.json({ devices: [], problem: error.message }),
      );
    },
  );
}

/** Lists the devices that a program can use. Rejects with a DeviceError if there is no such program. */
export async function listDevices(kind: Kind, choice: ProgramChoice): Promise<Device[]> {
  const { program } = findProgram(kind, choice);
  const source = sourceFor(kind, program);
  if (!source) return [];
  const printed = await printedBy(source);
  return printed.trim() ? source.read(printed, kind) : [];
}

interface Source {
  file: string;
  args: string[];
  /** Where it prints the list. */
  to: "stdout" | "stderr";
  read(printed: string, kind: Kind): Device[];
}

/** What lists the devices of a program; undefined if nothing does. */
function sourceFor(kind: Kind, program: Program): Source | undefined {
  const { platform } = process;
  if (platform === "darwin")
    return {
      file: "system_profiler",
      args: ["-json", "SPAudioDataType"],
      to: "stdout",
      read: readMacDevices,
    };
  if (platform === "win32") {
    if (program !== "ffmpeg" || kind === "loudspeaker") return undefined;
    const args = ["-hide_banner", "-f", "dshow", "-list_devices", "true", "-i", "dummy"];
    return { file: "ffmpeg", args, to: "stderr", read: readDirectShowDevices };
  }
  if (program === "pipewire") return { file: "pw-dump", args: [], to: "stdout", read: readPipeWireDevices };
  // Sox and ffmpeg use the devices of ALSA, too, but list none.
  const name = kind === "microphone" ? "arecord" : "aplay";
  return findExecutable(name) ? { file: name, args: ["-L"], to: "stdout", read: readAlsaDevices } : undefined;
}

/** What a program prints; empty when it is missing. That it fails does not matter: ffmpeg always does after its list. */
async function printedBy({ file, args, to }: Source): Promise<string> {
  const options = { timeout: 5_000, maxBuffer: 16 * 1024 * 1024, windowsHide: true };
  type Printed = { stdout?: string; stderr?: string };
  const printed: Printed = await promisify(execFile)(file, args, options).catch((error: Printed) => error);
  return printed[to] ?? "";
}

/** Devices that are none, that convert no sample rates, that are for surround sound, or that are filters of other devices. */
const NOT_SUGGESTED =
  /^(null|hw|surround\d+|front|rear|center_lfe|side|iec958|spdif|dmix|dsnoop|lavrate|samplerate|speexrate|speex|upmix|vdownmix|usbstream)(:|$)/;

/** Reads the list of `arecord -L`: names, each with lines of description below it that begin with blanks. */
export function readAlsaDevices(printed: string): Device[] {
  return printed
    .split(/\n(?=\S)/)
    .map((entry) => entry.split("\n").map((line) => line.trim()))
    .map(([name = "", ...lines]) => ({ name, description: lines.filter(Boolean).join(", ") }))
    .filter(({ name }) => name !== "" && !NOT_SUGGESTED.test(name));
}

/** Reads the JSON of `pw-dump`: its nodes of the class Audio/Source or Audio/Sink. */
export function readPipeWireDevices(printed: string, kind: Kind): Device[] {
  const wanted = kind === "microphone" ? /^Audio\/Source(\/|$)/ : /^Audio\/Sink$/;
  return itemsOf(JSON.parse(printed))
    .map((item) => recordOf(recordOf(item.info).props))
    .filter((props) => wanted.test(String(props["media.class"])))
    .map((props) => ({
      name: String(props["node.name"]),
      description: String(props["node.description"] ?? ""),
    }));
}

/** Reads the JSON of macOS's `system_profiler`: groups of devices with their numbers of channels. */
export function readMacDevices(printed: string, kind: Kind): Device[] {
  const channels = kind === "microphone" ? "coreaudio_device_input" : "coreaudio_device_output";
  return itemsOf(recordOf(JSON.parse(printed)).SPAudioDataType)
    .flatMap((group) => itemsOf(group._items))
    .filter((item) => Number(item[channels]) > 0)
    .map(({ _name }) => ({ name: String(_name), description: "" }));
}

/** Reads the list that ffmpeg prints of Windows's devices: lines with `"name" (audio)`. */
export function readDirectShowDevices(printed: string): Device[] {
  return [...printed.matchAll(/"([^"]+)" \(audio\)/g)].map(([, name]) => ({ name: name!, description: "" }));
}

type Item = Record<string, unknown>;

const recordOf = (value: unknown): Item =>
  typeof value === "object" && value !== null ? (value as Item) : {};

const itemsOf = (value: unknown): Item[] => (Array.isArray(value) ? value.map(recordOf) : []);
