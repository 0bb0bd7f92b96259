// The programs that record and play sound on this machine: which of them is installed, and how it is called.

import { execFile } from "node:child_process";
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { LiveError } from "../../live/server/errors";

/** A failure of a device or its program. The message gives the cause and what to do. */
export class DeviceError extends LiveError {
  constructor(
    code: "GEMINI_PROGRAM" | "GEMINI_DEVICE" | "GEMINI_DEVICE_BUSY" | "GEMINI_PERMISSION",
    message: string,
  ) {
    super(code, message);
  }
}

export type Kind = "microphone" | "loudspeaker";
export type Program = "alsa" | "pipewire" | "sox" | "ffmpeg";
/** The choices of the setting "Program". */
export const programChoices = ["auto", "alsa", "pipewire", "sox", "ffmpeg"] as const;
export type ProgramChoice = (typeof programChoices)[number];

/** The sound that a program delivers or takes: interleaved 16-bit little-endian PCM. */
export interface StreamFormat {
  /** In Hz. */
  sampleRate: number;
  channels: number;
  /** The name of the device; empty: the default device. */
  device: string;
  /** The buffer of the device, in milliseconds. */
  bufferMs: number;
}

/** A program and its arguments. They never pass through a shell. */
export interface Command {
  program: Program;
  file: string;
  args: string[];
}

/** The names of the executables. */
const executables: Record<Program, Record<Kind, string>> = {
  alsa: { microphone: "arecord", loudspeaker: "aplay" },
  pipewire: { microphone: "pw-record", loudspeaker: "pw-play" },
  sox: { microphone: "sox", loudspeaker: "sox" },
  // ffmpeg plays on no device of Windows, but its ffplay does.
  ffmpeg: { microphone: "ffmpeg", loudspeaker: process.platform === "win32" ? "ffplay" : "ffmpeg" },
};

const usable: readonly Program[] =
  process.platform === "darwin" || process.platform === "win32"
    ? ["sox", "ffmpeg"]
    : ["alsa", "pipewire", "sox", "ffmpeg"];

/** Returns the path of an executable in a folder of PATH; undefined if there is none. */
export function findExecutable(name: string): string | undefined {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, file))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Returns the program to use: the chosen one, or the first that is installed. Throws a DeviceError if there is none. */
export function findProgram(kind: Kind, choice: ProgramChoice): { program: Program; file: string } {
  for (const program of choice === "auto" ? usable : [choice]) {
    const file = findExecutable(executables[program][kind]);
    if (file) return { program, file };
  }
  if (choice === "auto")
    throw new DeviceError(
      "GEMINI_PROGRAM",
      `There is no program for the ${kind}. Install one: ${installCommand(usable[0]!)}. Then the ${kind} starts by itself.`,
    );
  throw new DeviceError(
    "GEMINI_PROGRAM",
    `The program ${executables[choice][kind]} is not installed. Install it: ${installCommand(choice)}. ` +
      'Or set "Program" to "automatic".',
  );
}

/** Returns the command that records from, or plays on, a device; that of PipeWire comes later. Throws a DeviceError if no program can. */
export function commandFor(
  kind: Kind,
  choice: ProgramChoice,
  format: StreamFormat,
): Command | Promise<Command> {
  const { program, file } = findProgram(kind, choice);
  if (program !== "pipewire") return { program, file, args: { alsa, sox, ffmpeg }[program](kind, format) };
  return takesRaw(file).then((raw) => ({ program, file, args: pipewire(kind, format, raw) }));
}

function alsa(kind: Kind, { sampleRate, channels, device, bufferMs }: StreamFormat): string[] {
  const sound = ["-q", "-t", "raw", "-f", "S16_LE", "-r", `${sampleRate}`, "-c", `${channels}`];
  // By default, arecord and aplay have buffers of 500 ms, and aplay waits until its buffer is full.
  const buffer =
    kind === "microphone"
      ? ["--period-time=20000", `--buffer-time=${1_000 * bufferMs}`]
      : [`--buffer-time=${1_000 * bufferMs}`, "--start-delay=1"];
  return [...sound, ...buffer, "-D", device || "default"];
}

/** By the path of a program of PipeWire, and when it was installed. */
const rawPrograms = new Map<string, Promise<boolean>>();

/**
 * Whether a program of PipeWire has the option `--raw`, by its help. Newer versions take `-` for a sound file without it; older ones
 * always use raw sound, and refuse the option.
 */
function takesRaw(file: string): Promise<boolean> {
  const key = `${file} ${statSync(file).mtimeMs}`;
  const printed = () => promisify(execFile)(file, ["--help"], { timeout: 5_000 });
  const known =
    rawPrograms.get(key) ??
    printed().then(
      ({ stdout }) => stdout.includes("--raw"),
      () => false,
    );
  rawPrograms.set(key, known);
  return known;
}

function pipewire(
  kind: Kind,
  { sampleRate, channels, device, bufferMs }: StreamFormat,
  raw: boolean,
): string[] {
  return [
    ...(raw ? ["--raw"] : []),
    ...["--format", "s16", "--rate", `${sampleRate}`, "--channels", `${channels}`],
    ...["--latency", kind === "microphone" ? "20ms" : `${bufferMs}ms`],
    ...(device ? ["--target", device] : []),
    "-",
  ];
}

function sox(kind: Kind, { sampleRate, channels, device }: StreamFormat): string[] {
  const drivers: Partial<Record<NodeJS.Platform, string>> = { darwin: "coreaudio", win32: "waveaudio" };
  const sound = ["-r", `${sampleRate}`, "-c", `${channels}`];
  const end = [...sound, ...(device ? ["-t", drivers[process.platform] ?? "alsa", device] : ["-d"])];
  const pipe = [...sound, "-t", "raw", "-e", "signed-integer", "-b", "16", "-L", "-"];
  const options = ["-q", "--buffer", "2048"];
  return kind === "microphone" ? [...options, ...end, ...pipe] : [...options, ...pipe, ...end];
}

function ffmpeg(kind: Kind, { sampleRate, channels, device }: StreamFormat): string[] {
  const options = ["-hide_banner", "-loglevel", "error"];
  const { platform } = process;
  if (kind === "microphone") {
    if (platform === "win32" && !device)
      throw new DeviceError(
        "GEMINI_DEVICE",
        "ffmpeg has no default microphone on Windows. Choose a device, or install sox.",
      );
    const sound = ["-ar", `${sampleRate}`, "-ac", `${channels}`];
    const input =
      platform === "darwin"
        ? ["-f", "avfoundation", "-i", `:${device || "default"}`]
        : platform === "win32"
          ? ["-f", "dshow", "-audio_buffer_size", "20", "-i", `audio=${device}`]
          : [...sound, "-f", "alsa", "-i", device || "default"];
    return [...options, "-nostdin", ...input, ...sound, "-f", "s16le", "-flush_packets", "1", "pipe:1"];
  }
  const raw = ["-f", "s16le", "-sample_rate", `${sampleRate}`];
  const fast = ["-probesize", "32", "-analyzeduration", "0"];
  if (platform === "win32")
    return [...options, "-nodisp", "-autoexit", ...raw, ...layout(channels), ...fast, "-i", "pipe:0"];
  const output = platform === "darwin" ? ["-f", "audiotoolbox", "-"] : ["-f", "alsa", device || "default"];
  return [...options, ...raw, "-ac", `${channels}`, ...fast, "-i", "pipe:0", ...output];
}

/** ffplay has no `-ac`, and without a layout it takes the sound for mono. */
const layout = (channels: number) => (channels === 2 ? ["-ch_layout", "stereo"] : []);

/** The packages by the command that installs them. */
const packages: [command: string, names: Partial<Record<Program, string>>][] = [
  [
    "sudo apt install",
    { alsa: "alsa-utils", pipewire: "pipewire-bin", sox: "sox libsox-fmt-all", ffmpeg: "ffmpeg" },
  ],
  ["apk add", { alsa: "alsa-utils", pipewire: "pipewire-tools", sox: "sox", ffmpeg: "ffmpeg" }],
  ["sudo dnf install", { alsa: "alsa-utils", pipewire: "pipewire-utils", sox: "sox", ffmpeg: "ffmpeg" }],
  ["brew install", { sox: "sox", ffmpeg: "ffmpeg" }],
  ["winget install", { sox: "ChrisBagwell.SoX", ffmpeg: "Gyan.FFmpeg" }],
];

/** Returns the command that installs a program on this system. */
export function installCommand(program: Program, system = systemName()): string {
  const wanted = [
    ["win32", "winget"],
    ["darwin", "brew"],
    ["alpine", "apk"],
    ["fedora|rhel|centos", "dnf"],
  ].find(([names]) => new RegExp(`\\b(${names})\\b`).test(system));
  const [command, names] = packages.find(([text]) => text.includes(wanted?.[1] ?? "apt"))!;
  return `${command} ${names[program] ?? program}`;
}

/** The name of the platform, on Linux with that of the distribution and those that it is like. */
function systemName(): string {
  if (process.platform !== "linux") return process.platform;
  try {
    const ids = readFileSync("/etc/os-release", "utf8").match(/^ID(_LIKE)?=.*$/gm) ?? [];
    return ["linux", ...ids].join(" ");
  } catch {
    return "linux";
  }
}
