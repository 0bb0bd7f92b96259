// Takes a picture a second of the camera or the screen.

import { explain, mediaDevices } from "./device-problem";

const INTERVAL_MS = 1000;
/** Width and height, in pixels. */
const MAX_SIZE = 768;
const QUALITY = 0.7;

export interface Camera {
  close(): void;
}

export type Source = "camera" | "screen";

export interface CameraOptions {
  source: Source;
  /** Shows what the camera sees. */
  preview: HTMLVideoElement;
  /** Gets a JPEG in Base64, at most one a second. */
  onPicture(data: string): void;
  /** The device was unplugged, or the user has ended the sharing. The camera is closed then. */
  onEnd(): void;
}

/** Opens the camera, or asks for the screen. Throws a DeviceProblem. */
export async function openCamera({ source, preview, onPicture, onEnd }: CameraOptions): Promise<Camera> {
  const stream = await openStream(source).catch((error) => {
    throw explain(source, error);
  });
  let timer: ReturnType<typeof setTimeout>;
  const close = () => {
    clearTimeout(timer);
    for (const track of stream.getTracks()) track.stop();
    if (preview.srcObject === stream) preview.srcObject = null;
  };
  for (const track of stream.getTracks())
    track.onended = () => {
      close();
      onEnd();
    };
  const canvas = document.createElement("canvas");
  const take = () => {
    timer = setTimeout(take, INTERVAL_MS);
    const { videoWidth, videoHeight } = preview;
    if (!videoWidth) return;
    const scale = Math.min(1, MAX_SIZE / Math.max(videoWidth, videoHeight));
    canvas.width = Math.round(videoWidth * scale);
    canvas.height = Math.round(videoHeight * scale);
    canvas.getContext("2d")!.drawImage(preview, 0, 0, canvas.width, canvas.height);
    onPicture(canvas.toDataURL("image/jpeg", QUALITY).split(",")[1]!);
  };
  preview.srcObject = stream;
  await preview.play().catch(() => {}); // Closed meanwhile.
  take();
  return { close };
}

async function openStream(source: Source) {
  const devices = mediaDevices();
  if (source === "screen") return devices.getDisplayMedia({ video: { frameRate: 5 } });
  return devices.getUserMedia({ video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 } } });
}
