// Captures the microphone as PCM16, with echo cancellation.

import { explain, mediaDevices } from "./device-problem";
import { onShown } from "./elements";

/** In Hz: what the Live API takes, so that nothing is sent in vain. */
export const PREFERRED_RATE = 16_000;

/** Milliseconds within which a working microphone delivers its first frame. In Firefox, one without a loudspeaker delivers none. */
const FIRST_FRAME_MS = 5000;

export interface Microphone {
  close(): void;
}

export interface MicrophoneOptions {
  /** The address of worklets.js. */
  worklets: string;
  /** The device, or the system's when it is empty or no longer there. */
  deviceId?: string;
  /** Gets frames of 20 ms: mono PCM16, and their sample rate in Hz. The first comes before the microphone is returned. */
  onFrame(pcm: ArrayBuffer, rate: number): void;
  /** The device was unplugged, or its permission was withdrawn. The microphone is closed then. */
  onEnd(): void;
}

/** Opens the microphone. Throws a DeviceProblem. When it fails, the device is off again. */
export async function openMicrophone(options: MicrophoneOptions): Promise<Microphone> {
  const { worklets, deviceId, onFrame, onEnd } = options;
  const opened: (() => void)[] = [];
  const close = () => {
    for (const end of opened.splice(0)) end();
  };
  try {
    const stream = await openStream(deviceId);
    const tracks = stream.getTracks();
    opened.push(() => {
      for (const track of tracks) track.stop();
    });
    const source = openSource(stream);
    const { context } = source;
    opened.push(() => void context.close());
    await context.audioWorklet.addModule(worklets);
    const node = new AudioWorkletNode(context, "microphone", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    opened.push(() => {
      node.port.onmessage = null;
    });
    source.connect(node);
    for (const track of tracks)
      track.onended = () => {
        close();
        onEnd();
      };
    const resume = () => void context.resume();
    opened.push(onShown(resume));
    resume();
    await new Promise<void>((resolve, reject) => {
      node.port.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        resolve();
        onFrame(data, context.sampleRate);
      };
      setTimeout(() => reject(new DOMException("", "NotReadableError")), FIRST_FRAME_MS);
    });
    return { close };
  } catch (error) {
    close();
    throw explain("microphone", error);
  }
}

async function openStream(deviceId: string | undefined): Promise<MediaStream> {
  const devices = mediaDevices();
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  if (!deviceId) return devices.getUserMedia({ audio });
  return devices
    .getUserMedia({ audio: { ...audio, deviceId: { exact: deviceId } } })
    .catch((error: Error) => {
      if (error.name !== "OverconstrainedError" && error.name !== "NotFoundError") throw error;
      return devices.getUserMedia({ audio });
    });
}

/** Opens a stream at the preferred rate. Browsers that cannot, such as some versions of Firefox, open it at the device's own rate. */
function openSource(stream: MediaStream): MediaStreamAudioSourceNode & { context: AudioContext } {
  try {
    return sourceOf(stream, new AudioContext({ sampleRate: PREFERRED_RATE }));
  } catch {
    return sourceOf(stream, new AudioContext());
  }
}

function sourceOf(stream: MediaStream, context: AudioContext) {
  try {
    return context.createMediaStreamSource(stream) as MediaStreamAudioSourceNode & { context: AudioContext };
  } catch (error) {
    void context.close();
    throw error;
  }
}
