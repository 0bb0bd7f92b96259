// Why the microphone, the camera or the screen cannot be used.

export type Device = "microphone" | "camera" | "screen";

/** `insecure`: the page is not https. `embedded`: its iframe does not allow the device. `failed`: for another reason. */
export type Reason = "insecure" | "embedded" | "denied" | "none" | "inUse" | "failed";

export class DeviceProblem extends Error {
  readonly reason: Reason;

  /** @param detail the error message of the browser, or what an iframe lacks */
  constructor(reason: Reason, detail = "") {
    super(detail);
    this.reason = reason;
  }
}

const REASONS: Record<string, Reason> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "inUse",
  AbortError: "inUse",
};

/** What an iframe that embeds the page needs to allow all devices. */
const IFRAME_NEEDS = 'allow="microphone; camera; display-capture"';

/** The device's interface of the browser. Throws a DeviceProblem where pages have none because they are not secure. */
export function mediaDevices(): MediaDevices {
  if (!navigator.mediaDevices) throw new DeviceProblem("insecure");
  return navigator.mediaDevices;
}

/** Converts an error of the browser to a DeviceProblem. */
export function explain(device: Device, error: unknown): DeviceProblem {
  if (error instanceof DeviceProblem) return error;
  const { name, message } = error as Error;
  const reason = REASONS[name] ?? "failed";
  if (reason === "denied" && !isAllowedByFrame(device)) return new DeviceProblem("embedded", IFRAME_NEEDS);
  return new DeviceProblem(reason, message);
}

/** Whether the page that embeds this one allows the device; true where the browser does not report it. */
function isAllowedByFrame(device: Device): boolean {
  const { featurePolicy } = document as { featurePolicy?: { allowsFeature(name: string): boolean } };
  return featurePolicy?.allowsFeature(device === "screen" ? "display-capture" : device) ?? true;
}
